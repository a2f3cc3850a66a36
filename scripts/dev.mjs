// npm run dev: the demo server, restarted on change, and the page with hot reload on http://127.0.0.1:5173.
import { spawn } from "node:child_process";
import { bin, ensureNodeModules, root } from "./lib/install.mjs";

ensureNodeModules();
const children = [
  [bin("tsx"), ["watch", "packages/cli/src/main.ts", "demo"]],
  [bin("vite"), ["packages/web", "--host", "127.0.0.1"]],
].map(([command, args]) => spawn(command, args, { cwd: root, stdio: "inherit" }));
for (const child of children) child.once("exit", () => children.forEach((other) => other.kill()));
