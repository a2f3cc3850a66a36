// npm run build: the page into packages/web/dist. Everything else runs from source.
import { bin, ensureNodeModules, run } from "./lib/install.mjs";

ensureNodeModules();
run(bin("vite"), ["build", "packages/web"]);
