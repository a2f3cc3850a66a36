// npm run check: types, lint, format, dead code. All of them run, so that one look shows everything.
import { ensureNodeModules } from "./lib/install.mjs";
import { bin, succeeds } from "./lib/run.mjs";

ensureNodeModules();
const results = [
  ["tsc", "-p", "tsconfig.json"],
  ["tsc", "-p", "packages/web/tsconfig.json"],
  ["oxlint", "--type-aware", "--deny-warnings"],
  ["biome", "ci", "--log-level=warn", "."],
  ["knip"],
].map(([command, ...args]) => succeeds(bin(command), args));
process.exit(results.every(Boolean) ? 0 : 1);
