// npm run dev: the demo server, restarted on change, and the page with hot reload on http://127.0.0.1:5173.
import { spawn } from "node:child_process";
import { ensureNodeModules } from "./lib/install.mjs";
import { bin, root } from "./lib/run.mjs";

ensureNodeModules();
const children = [
  [bin("tsx"), ["watch", "packages/cli/src/main.ts", "demo"]],
  [bin("vite"), ["packages/web", "--host", "127.0.0.1"]],
].map(([command, args]) => spawn(command, args, { cwd: root, stdio: "inherit" }));

// One does not go on without the other, and neither without us.
const stop = () => {
  for (const child of children) child.kill();
};
for (const child of children) child.once("exit", stop);
process.on("SIGINT", stop).on("SIGTERM", stop);
