// npm run bench: side-by-side measurements; a table on stdout, JSON in bench/results/.
import { bin, ensureNodeModules, ensureTools, run } from "./lib/install.mjs";

ensureNodeModules();
ensureTools(["ffmpeg", "libtorrent", "nginx"]);
run(bin("tsx"), ["bench/main.ts", ...process.argv.slice(2)]);
