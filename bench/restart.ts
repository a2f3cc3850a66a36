import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Torrent } from "@riptide/http";
import { startQuietRiptide } from "../test/support/riptide.ts";
import { createSparseLibrary, verifiedBytesOf } from "../test/support/sparse-library.ts";
import { temporaryFolder } from "../test/support/temporary-folder.ts";
import { percentile, type Row } from "./table.ts";

const LIBRARY = { torrents: 50, lengthBytes: 4 * 1024 ** 3 };
const ROUNDS = 5;

/** From starting the process until it says of every torrent of a library what is there of it. */
export async function benchRestart(): Promise<Row[]> {
  await using folder = await temporaryFolder("bench-restart");
  const full = join(folder.path, "full");
  const empty = join(folder.path, "empty");
  await createSparseLibrary(full, LIBRARY);
  const emptyMs: number[] = [];
  const fullMs: number[] = [];
  // In turns, so that whatever else the machine does hits both.
  for (let round = 0; round < ROUNDS; round += 1) {
    await mkdir(empty);
    emptyMs.push(await measureStart(empty, 0));
    await rm(empty, { recursive: true });
    fullMs.push(await measureStart(full, LIBRARY.torrents));
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

async function measureStart(dataDirectory: string, torrentCount: number): Promise<number> {
  const startedMs = performance.now();
  await using riptide = await startQuietRiptide(dataDirectory);
  for (;;) {
    const { torrents } = await riptide.api<{ torrents: Torrent[] }>("/api/torrents");
    const ready = torrents.filter(({ verifiedBytes }) => verifiedBytes === verifiedBytesOf(LIBRARY));
    if (ready.length === torrentCount) return performance.now() - startedMs;
    await delay(5);
  }
}
