// npm start: installs what is missing, builds the page, and runs the command line. Without arguments: the demo.
import { ensureNodeModules } from "./lib/install.mjs";
import { ensurePage } from "./lib/page.mjs";

ensureNodeModules();
ensurePage();
if (process.argv.length === 2) process.argv.push("demo");
// In this very process: signals, exit code and standard streams are the server's own.
const { register } = await import("tsx/esm/api");
register();
await import("../packages/cli/src/main.ts");
