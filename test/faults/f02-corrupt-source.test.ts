import { expect, it } from "vitest";
import { startScriptedWebSeed } from "../../packages/swarm/test/webseed/scripted-web-seed.ts";
import { readBody } from "../support/bundled-riptide.ts";
import { readMetrics } from "../support/metrics.ts";
import type { RunningRiptide } from "../support/riptide.ts";
import { withWebSeeds } from "../support/torrent-fields.ts";
import { waitUntil } from "../support/wait.ts";
import { createFilm, playFrom, setStage } from "./play.ts";

const MIB = 1024 * 1024;
/** Of one liar: then it is known for what it is. */
const FAILED_PIECES_MAX = 3;
const honest = { bytesPerSecond: 6 * MIB };

/** In the simulator: `npm run simulate -- --story "poisoned head"` and `"colluding poisoners"`. */
it("F2 a peer that sends damaged blocks is banned, and no byte of its is served", async () => {
  await using played = await playFrom({ misdeed: "poisons" }, honest, honest);
  const { film, read, seeds, riptide } = played;
  expect([read.isWhole, read.sha256]).toEqual([true, film.sha256]);
  const known = async () => (await riptide.torrent(film.infoHash)).connectedPeers === 2;
  await waitUntil("the poisoner is gone", known);
  // It had a few pieces to show what it is, some more were on their way, and it was not dialled again.
  expect(seeds[0]!.counters.connections).toBe(1);
  await waitUntil("it is banned", async () => {
    return (await readMetrics(riptide.url)).get('riptide_peers_banned_total{reason="corrupt_piece"}') === 1;
  });
  const failedPieces = await failedPiecesOf(riptide);
  expect(failedPieces).toBeGreaterThan(0);
  expect(failedPieces).toBeLessThanOrEqual(FAILED_PIECES_MAX);
  expect((await riptide.torrent(film.infoHash)).downloadedBytes).toBeLessThan(film.bytes.length + 3 * MIB);
  await played.nothingLeft();
});

it("F2 a web seed that sends damaged bytes is asked a few times, and no more", async () => {
  const film = await createFilm();
  const files = { "/random.bin": film.bytes.map((byte) => byte ^ 1) };
  await using server = await startScriptedWebSeed({ files });
  const source = withWebSeeds(film.torrentFile, `${server.origin}/random.bin`);
  await using stage = await setStage(film, [honest], { source });
  const read = await readBody(stage.url);
  expect([read.isWhole, read.sha256]).toEqual([true, film.sha256]);
  expect(await failedPiecesOf(stage.riptide)).toBeLessThanOrEqual(FAILED_PIECES_MAX);
  // Some of what it was asked for was there before it answered.
  expect(server.asked.length).toBeLessThan(12);
});

async function failedPiecesOf({ url }: RunningRiptide): Promise<number> {
  return (await readMetrics(url)).get("riptide_piece_hash_failures_total")!;
}
