import { expect, it } from "vitest";
import { readBody } from "../support/bundled-riptide.ts";
import { sha256 } from "../support/sha256.ts";
import { startTestEngine } from "../support/test-engine.ts";
import { waitUntil } from "../support/wait.ts";
import { createFilm, setStage, startSeeds } from "./play.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

it("F9 peers whose metadata is false or endless are not believed: it comes from the honest one", async () => {
  // More than 16 KiB of metadata, so that it comes in parts.
  const film = await createFilm({ lengthBytes: 20 * MIB, pieceLengthBytes: 16 * KIB });
  const magnet = `magnet:?xt=urn:btih:${film.infoHash}`;
  const misdeeds = [{ misdeed: "lies about the metadata" }, { misdeed: "has endless metadata" }, {}] as const;
  await using stage = await setStage(film, misdeeds, { source: magnet });
  const start = 5 * MIB;
  const read = await readBody(stage.url, { range: `bytes=${start}-${start + MIB - 1}` });
  expect([read.status, read.sha256]).toEqual([206, sha256(film.bytes.subarray(start, start + MIB))]);
  await stage.nothingLeft();
  // Whoever lied about the hash is banned, and dialled once.
  expect(stage.seeds[0]!.counters.connections).toBe(1);
  expect((await stage.riptide.torrent(film.infoHash)).name).toBe(film.name);
});

it("F9 a magnet whose only peer lies about the metadata waits until its reader gives up", async () => {
  await using film = await createFilm();
  const [liar] = await startSeeds(film, { misdeed: "lies about the metadata" });
  await using us = await startTestEngine({ peers: [liar!.peer] });
  const { signal } = new AbortController();
  await us.engine.add(`magnet:?xt=urn:btih:${film.infoHash}`, { signal });
  await waitUntil("the liar is met", () => liar!.counters.connections > 0);
  const opening = us.engine.openFile(film.infoHash, 0, { signal: AbortSignal.timeout(2_000) });
  await expect(opening).rejects.toMatchObject({ name: "TimeoutError" });
  expect(us.engine.get(film.infoHash)).toMatchObject({ state: "metadata", connectedPeers: 0 });
  expect(liar!.counters.connections).toBe(1);
  await liar![Symbol.asyncDispose]();
});
