// npm run check: types, lint, format, dead code.
import { bin, ensureNodeModules, run } from "./lib/install.mjs";

ensureNodeModules();
run(bin("tsc"), ["-p", "tsconfig.json"]);
run(bin("tsc"), ["-p", "packages/web/tsconfig.json"]);
run(bin("oxlint"), ["--type-aware", "--deny-warnings"]);
run(bin("biome"), ["ci", "--log-level=warn", "."]);
run(bin("knip"), []);
