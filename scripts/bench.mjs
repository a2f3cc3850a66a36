// npm run bench: side-by-side measurements; a table on stdout, JSON in bench/results/.
import { ensureNodeModules, ensureTools } from "./lib/install.mjs";
import { bin, run } from "./lib/run.mjs";

ensureNodeModules();
ensureTools(["ffmpeg", "libtorrent", "aria2", "webtorrent", "nginx", "curl"]);
run(bin("tsx"), ["bench/main.ts", ...process.argv.slice(2)]);
