// Side-by-side measurements, all in one run on one machine: ratios are to be trusted, absolute numbers only here.
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { measureFirstByte } from "./first-byte.ts";
import { measureMemory } from "./memory.ts";
import { printTable, type Row } from "./table.ts";
import { measureThroughput } from "./throughput.ts";
import { prepareWorld } from "./world.ts";

const RESULTS = fileURLToPath(new URL("./results/", import.meta.url));

await using world = await prepareWorld();
const rows: Row[] = [
  // First: later the server has memory to spare that it took for something else.
  ...(await measureMemory(world)),
  ...(await measureFirstByte(world)),
  ...(await measureThroughput(world)),
];
printTable(rows);
await mkdir(RESULTS, { recursive: true });
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, memoryBytes: totalmem(), node: process.version };
const report = { measuredAt: new Date().toISOString(), machine, rows };
await writeFile(`${RESULTS}press-play.json`, `${JSON.stringify(report, null, 2)}\n`);
