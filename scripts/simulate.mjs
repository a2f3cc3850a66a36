// npm run simulate: random swarms and named stories in virtual time, each again from its seed; `-- --help` says how.
import { ensureNodeModules } from "./lib/install.mjs";
import { bin, run } from "./lib/run.mjs";

ensureNodeModules();
run(bin("tsx"), ["packages/swarm/test/simulation/simulate.ts", ...process.argv.slice(2)]);
