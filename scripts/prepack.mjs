// npm pack: before it, all of Riptide goes into dist/: the program in a few files with what it depends on inside, the page, the
// demo's films. What npm then packs installs without a registry, a compiler or a script, and starts without one that strips types.
//
// dist/ has the folders of packages/, so that the program finds the page and the films where it does when it runs from source.
import { cpSync, rmSync } from "node:fs";
import { ensureNodeModules } from "./lib/install.mjs";
import { ensurePage } from "./lib/page.mjs";
import { root } from "./lib/run.mjs";

const PACKED = `${root}dist`;

ensureNodeModules();
ensurePage();
rmSync(PACKED, { recursive: true, force: true });
// Only now are the packages there that these need.
const { bundleProgram } = await import("./lib/program.mjs");
const { writeLicenses } = await import("./lib/licenses.mjs");
const bundled = await bundleProgram(`${PACKED}/cli/bin`);
cpSync(`${root}packages/web/dist`, `${PACKED}/web/dist`, { recursive: true });
cpSync(`${root}packages/cli/demo`, `${PACKED}/cli/demo`, { recursive: true });
writeLicenses(`${PACKED}/THIRD-PARTY-LICENSES.txt`, bundled);
