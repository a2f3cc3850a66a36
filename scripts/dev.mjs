// npm run dev: the demo server, restarted on change, and the page with hot reload on http://127.0.0.1:5173.
// npm run dev -- --mock: the page alone, over a server that the dev server plays itself (packages/web/mock).
import { spawn } from "node:child_process";
import { ensureNodeModules } from "./lib/install.mjs";
import { bin, root } from "./lib/run.mjs";

ensureNodeModules();
const isMocked = process.argv.includes("--mock");
const demo = [bin("tsx"), ["watch", "packages/cli/src/main.ts", "demo"]];
const page = [bin("vite"), ["packages/web", "--host", "127.0.0.1", ...(isMocked ? ["--mode", "mock"] : [])]];
const children = (isMocked ? [page] : [demo, page]).map(([command, args]) =>
  spawn(command, args, { cwd: root, stdio: "inherit" }),
);

// One does not go on without the other, and neither without us.
const stop = () => {
  for (const child of children) child.kill();
};
for (const child of children) child.once("exit", stop);
process.on("SIGINT", stop).on("SIGTERM", stop);
