import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Torrent } from "@riptide/http";
import { quietly, urlOf } from "../test/support/command-line.ts";
import { startProcess } from "../test/support/processes.ts";
import { bundleInto } from "../test/support/program.ts";
import { createSparseLibrary, verifiedBytesOf } from "../test/support/sparse-library.ts";
import { temporaryFolder } from "../test/support/temporary-folder.ts";
import { percentile, type Row } from "./table.ts";

const LIBRARY = { torrents: 50, lengthBytes: 4 * 1024 ** 3 };
const ROUNDS = 5;

/** From starting the process, as npm installs it, until it says of every torrent of a library what is there of it. */
export async function benchRestart(): Promise<Row[]> {
  await using folder = await temporaryFolder("bench-restart");
  const full = join(folder.path, "full");
  const empty = join(folder.path, "empty");
  const riptide = await bundleInto(join(folder.path, "program"));
  await createSparseLibrary(full, LIBRARY);
  const emptyMs: number[] = [];
  const fullMs: number[] = [];
  // In turns, so that whatever else the machine does hits both.
  for (let round = 0; round < ROUNDS; round += 1) {
    await mkdir(empty);
    emptyMs.push(await measureStart(riptide, empty, 0));
    await rm(empty, { recursive: true });
    fullMs.push(await measureStart(riptide, full, LIBRARY.torrents));
  }
  const [without, withAll] = [percentile(emptyMs, 0.5), percentile(fullMs, 0.5)];
  return [
    { what: "start without torrents", value: without, unit: "ms", goal: undefined },
    {
      what: "restart with 50 torrents of 4 GiB, all ready",
      value: withAll,
      unit: "ms",
      goal: { relation: "<", value: 2000 },
    },
    { what: "of that, for the torrents", value: withAll - without, unit: "ms", goal: undefined },
  ];
}

async function measureStart(program: string, dataDirectory: string, torrentCount: number): Promise<number> {
  const startedMs = performance.now();
  await using riptide = startProcess(process.execPath, [program, ...quietly(dataDirectory)]);
  const url = await urlOf(riptide);
  for (;;) {
    const { torrents } = (await (await fetch(`${url}/api/torrents`)).json()) as { torrents: Torrent[] };
    const ready = torrents.filter(({ verifiedBytes }) => verifiedBytes === verifiedBytesOf(LIBRARY));
    if (ready.length === torrentCount) return performance.now() - startedMs;
    await delay(5);
  }
}
