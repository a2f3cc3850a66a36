// Side-by-side measurements, all in one run on one machine: ratios are to be trusted, absolute numbers only here.
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { benchHour } from "./hour.ts";
import { benchLoad } from "./load.ts";
import { benchPressPlay } from "./press-play.ts";
import { benchRemux } from "./remux.ts";
import { benchRestart } from "./restart.ts";
import { benchSwarm } from "./swarm.ts";
import { isMissed, printTable, type Row } from "./table.ts";
import { benchTranscode } from "./transcode.ts";

const RESULTS = fileURLToPath(new URL("./results/", import.meta.url));
const BENCHES: Readonly<Record<string, (words: readonly string[]) => Promise<Row[]>>> = {
  "press-play": benchPressPlay,
  remux: benchRemux,
  swarm: benchSwarm,
  restart: benchRestart,
  transcode: benchTranscode,
  hour: benchHour,
  load: benchLoad,
};

const [name = "press-play", ...words] = process.argv.slice(2);
const bench = BENCHES[name];
if (bench === undefined) {
  console.error(`There is no bench ${name}. There are: ${Object.keys(BENCHES).join(", ")}.`);
  process.exit(1);
}
const rows = await bench(words);
printTable(rows);
await mkdir(RESULTS, { recursive: true });
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, memoryBytes: totalmem(), node: process.version };
const report = { measuredAt: new Date().toISOString(), machine, rows };
await writeFile(`${RESULTS}${name}.json`, `${JSON.stringify(report, null, 2)}\n`);
// Machines are noisy: of speed only who asks for it is told by the exit code.
const mustAll = process.env["RIPTIDE_GOALS"] === "must";
if (rows.some((row) => isMissed(row) && (mustAll || row.isMust === true))) process.exitCode = 1;
