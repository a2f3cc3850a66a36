// npm run build: the page into packages/web/dist. Everything else runs from source.
import { ensureNodeModules } from "./lib/install.mjs";
import { buildPage } from "./lib/page.mjs";

ensureNodeModules();
buildPage();
