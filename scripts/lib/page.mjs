import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { bin, root, run } from "./install.mjs";

/** Builds the web page unless the last build is newer than all that goes into it. */
export function ensurePage() {
  const built = `${root}packages/web/dist/index.html`;
  if (existsSync(built) && newest(`${root}packages/web`) <= statSync(built).mtimeMs) return;
  run(bin("vite"), ["build", "packages/web", "--logLevel", "warn"]);
}

function newest(folder) {
  const times = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.name !== "dist" && entry.name !== "node_modules")
    .map((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? newest(path) : statSync(path).mtimeMs;
    });
  return Math.max(0, ...times);
}
