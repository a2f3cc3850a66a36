// npm start: installs what is missing, builds the page, and runs the command line. Without arguments: the demo.
import { ensureNodeModules } from "./lib/install.mjs";
import { ensurePage } from "./lib/page.mjs";

ensureNodeModules();
ensurePage();
if (process.argv.length === 2) process.argv.push("demo");
if (process.env.npm_lifecycle_event === "start") stopWithParent();
// In this very process: signals, exit code and standard streams are the server's own.
const { register } = await import("tsx/esm/api");
register();
await import("../packages/cli/src/main.ts");

/** npm starts us through a shell that passes no signal on: when the shell has gone, so has whoever wanted us. */
function stopWithParent() {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, "SIGTERM");
  }, 500);
  watch.unref();
}
