import { expect, it } from "vitest";
import { startScriptedWebSeed } from "../../packages/swarm/test/webseed/scripted-web-seed.ts";
import { readBody } from "../support/bundled-riptide.ts";
import { withWebSeeds } from "../support/torrent-fields.ts";
import { waitUntil } from "../support/wait.ts";
import { createFilm, playFrom, setStage } from "./play.ts";

const MIB = 1024 * 1024;
const honest = { bytesPerSecond: 6 * MIB };

/** In the simulator: `npm run simulate -- --story "poisoned head"` and `"colluding poisoners"`. */
it("F2 a peer that sends damaged blocks is banned, and no byte of its is served", async () => {
  await using played = await playFrom({ misdeed: "poisons" }, honest, honest);
  const { film, read, seeds, riptide } = played;
  expect([read.isWhole, read.sha256]).toEqual([true, film.sha256]);
  const known = async () => (await riptide.torrent(film.infoHash)).connectedPeers === 2;
  await waitUntil("the poisoner is gone", known);
  // It had a few pieces to show what it is, and was not dialled again.
  expect([seeds[0]!.counters.connections, seeds[0]!.counters.blocksSent > 0]).toEqual([1, true]);
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
  expect(server.asked.length).toBeLessThan(20);
});
