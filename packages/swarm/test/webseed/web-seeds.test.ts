import type { ServerResponse } from "node:http";
import { expect, it } from "vitest";
import { virtualTime } from "../session/virtual-time.ts";
import { type AskedRange, startScriptedWebSeed } from "./scripted-web-seed.ts";
import { type TestTorrent, testTorrent, WebSeedWorld } from "./web-seed-world.ts";

const KIB = 1024;
const PIECE = 64 * KIB;

const all = ({ metainfo }: TestTorrent): number[] => Array.from({ length: metainfo.pieceCount }, (_, piece) => piece);

/** Waits for pieces, and compares each with the truth. */
async function expectPieces(world: WebSeedWorld, { bytes }: TestTorrent, ...pieces: number[]): Promise<void> {
  await expect.poll(() => [...world.stored.keys()].sort((a, b) => a - b), { timeout: 15_000 }).toEqual(pieces);
  for (const [piece, stored] of world.stored) {
    expect(Buffer.compare(stored, bytes.subarray(piece * PIECE, piece * PIECE + stored.length))).toBe(0);
  }
}

it("fetches a file by ranges of blocks that lie end to end, over few connections that are kept", async () => {
  const torrent = testTorrent(40 * PIECE + 123);
  await using server = await startScriptedWebSeed({ files: torrent.served });
  using world = new WebSeedWorld(torrent.metainfo);
  world.seeds.learn([`${server.origin}/film.bin`]);
  world.want(...all(torrent));
  await expectPieces(world, torrent, ...all(torrent));
  expect([world.receivedBytes, world.seeds.receivedBytes]).toEqual([torrent.bytes.length, torrent.bytes.length]);
  expect(server.counters.mostConnections).toBeLessThanOrEqual(2);
  // A request for each block would be 161.
  expect(server.asked.length).toBeLessThan(60);
});

it("shares four connections to a host among all of its web seeds", async () => {
  const torrent = testTorrent(8 * PIECE);
  const held: ServerResponse[] = [];
  await using server = await startScriptedWebSeed({ files: {}, script: ({ response }) => held.push(response) > 0 });
  using world = new WebSeedWorld(torrent.metainfo);
  world.seeds.learn(Array.from({ length: 8 }, (_, index) => `${server.origin}/${index}`));
  world.want(...all(torrent));
  await expect.poll(() => held.length).toBe(4);
  // Each of the eight was asked for three blocks: the others wait for a connection.
  expect(world.requested).toHaveLength(24);
  held[0]!.end();
  await expect.poll(() => held.length).toBeGreaterThan(4);
  expect(server.counters.connections).toBeLessThanOrEqual(held.length);
});

it("puts a torrent together from files of all sizes, padding and empty ones among them", async () => {
  const torrent = testTorrent(0, [
    { path: ["one.bin"], lengthBytes: PIECE + 5 },
    { path: [".pad", "1"], lengthBytes: PIECE - 5, isPadding: true },
    { path: ["season 1", "zwei – #2?.bin"], lengthBytes: 3 * PIECE + 1_000 },
    { path: ["empty"], lengthBytes: 0 },
    ...Array.from({ length: 30 }, (_, index) => ({ path: ["small", `${index}`], lengthBytes: 1_000 + index })),
    { path: ["last.bin"], lengthBytes: 2 * PIECE },
  ]);
  await using server = await startScriptedWebSeed({ files: torrent.served });
  using world = new WebSeedWorld(torrent.metainfo);
  world.seeds.learn([server.origin]);
  world.want(...all(torrent));
  await expectPieces(world, torrent, ...all(torrent));
});

it("does without a file that is not there, and gives all pieces that need nothing of it", async () => {
  const torrent = testTorrent(0, [
    { path: ["a"], lengthBytes: 3 * PIECE },
    { path: ["gone"], lengthBytes: 2 * PIECE + 10 },
    { path: ["b"], lengthBytes: 3 * PIECE - 10 },
  ]);
  const { "/films/gone": _gone, ...files } = torrent.served;
  await using server = await startScriptedWebSeed({ files });
  using world = new WebSeedWorld(torrent.metainfo);
  world.seeds.learn([server.origin]);
  world.want(...all(torrent));
  await expectPieces(world, torrent, 0, 1, 2, 6, 7);
  expect(world.downloader.unavailable()).toEqual([3, 4, 5]);
  // Not asked again and again.
  expect(server.asked.filter(({ path }) => path === "/films/gone").length).toBeLessThanOrEqual(2);
  expect(world.bans).toEqual([]);
});

it("bans the server of a lie at once, and lets go of everything of it", async () => {
  const torrent = testTorrent(8 * PIECE);
  const wrong = torrent.bytes.map((byte, at) => (at % PIECE === 7 ? byte ^ 1 : byte));
  await using server = await startScriptedWebSeed({ files: { "/film.bin": wrong, "/other.bin": wrong } });
  using world = new WebSeedWorld(torrent.metainfo);
  world.seeds.learn([`${server.origin}/film.bin`, `${server.origin}/other.bin`]);
  world.want(...all(torrent));
  await expect.poll(() => world.bans).toEqual([server.origin]);
  const asked = server.asked.length;
  world.want(...all(torrent));
  await expect.poll(() => world.downloader.unavailable()).toEqual(all(torrent));
  expect([world.stored.size, server.asked.length]).toEqual([0, asked]);
});

it("takes the good blocks of two servers, one of which lies, and finds out which", async () => {
  const torrent = testTorrent(24 * PIECE);
  const wrong = torrent.bytes.map((byte, at) => (at % (16 * KIB) === 7 ? byte ^ 1 : byte));
  await using liar = await startScriptedWebSeed({ files: { "/film.bin": wrong }, bytesPerSecond: 2_000_000 });
  await using server = await startScriptedWebSeed({ files: torrent.served, bytesPerSecond: 2_000_000 });
  using world = new WebSeedWorld(torrent.metainfo);
  world.seeds.learn([`${liar.origin}/film.bin`, `${server.origin}/film.bin`]);
  world.want(...all(torrent));
  await expectPieces(world, torrent, ...all(torrent));
  expect(world.bans).toEqual([liar.origin]);
});

it("hangs up when nothing of a range is wanted any more, and is there at once for what is", async () => {
  const torrent = testTorrent(60 * PIECE);
  await using server = await startScriptedWebSeed({ files: torrent.served, bytesPerSecond: 500_000 });
  using world = new WebSeedWorld(torrent.metainfo);
  world.seeds.learn([`${server.origin}/film.bin`]);
  world.want(...all(torrent));
  await expect.poll(() => world.stored.size, { timeout: 15_000 }).toBeGreaterThan(3);
  const before = server.counters.sentBytes;
  world.want(50);
  await expect.poll(() => world.stored.has(50), { timeout: 15_000 }).toBe(true);
  // The piece, what was in the pipe, and the rest of a range that is as cheap as a new connection.
  expect(server.counters.sentBytes - before).toBeLessThan(4 * PIECE + 64 * KIB);
});

it("hangs up on a server without ranges, too, while it still sends what stands in front", async () => {
  const torrent = testTorrent(16 * PIECE);
  const held: ServerResponse[] = [];
  const script = ({ response, file }: AskedRange): true => {
    response.writeHead(200, { "content-length": file!.length }).write(file!.subarray(0, PIECE));
    held.push(response);
    return true;
  };
  await using server = await startScriptedWebSeed({ files: torrent.served, script });
  using world = new WebSeedWorld(torrent.metainfo);
  world.seeds.learn([`${server.origin}/film.bin`]);
  world.want(12);
  await expect.poll(() => held.length).toBe(1);
  // The piece alone would be cheap enough to be read to its end.
  world.want();
  await expect.poll(() => held.every(({ destroyed }) => destroyed)).toBe(true);
});

it("rests after an error as long as the server asks, then goes on", async () => {
  const clock = virtualTime();
  const torrent = testTorrent(2 * PIECE);
  await using server = await startScriptedWebSeed({
    files: torrent.served,
    script: ({ count, response }) => count === 0 && !!response.writeHead(503, { "retry-after": "120" }).end(),
  });
  using world = new WebSeedWorld(torrent.metainfo, { clock });
  world.seeds.learn([`${server.origin}/film.bin`]);
  world.want(0);
  await expect.poll(() => world.downloader.peerStats(-2).inFlight).toBe(0);
  await clock.advance(119_000);
  expect(server.asked).toHaveLength(1);
  await clock.advance(1_100);
  await expectPieces(world, torrent, 0);
});

it("rests twice as long with each error in a row", async () => {
  const clock = virtualTime();
  const torrent = testTorrent(2 * PIECE);
  await using server = await startScriptedWebSeed({
    files: torrent.served,
    script: ({ response, count }) => count < 3 && !!response.writeHead(500).end(),
  });
  using world = new WebSeedWorld(torrent.metainfo, { clock });
  world.seeds.learn([`${server.origin}/film.bin`]);
  world.want(0);
  for (const [errors, restMs] of [1_000, 2_000, 4_000].entries()) {
    await expect.poll(() => [server.asked.length, world.downloader.peerStats(-2).inFlight]).toEqual([errors + 1, 0]);
    await clock.advance(restMs - 1);
    expect(server.asked).toHaveLength(errors + 1);
    // Time stands still until the next answer has come.
    await clock.advance(1);
  }
  await expectPieces(world, torrent, 0);
});

it("looks again at the web seed's own address when the place it was sent to is gone", async () => {
  const torrent = testTorrent(12 * PIECE);
  const files = { "/new": torrent.bytes };
  let home = "/old";
  await using server = await startScriptedWebSeed({
    files: { ...files, "/old": torrent.bytes },
    script: ({ path, response }) => {
      if (path === "/film.bin") return !!response.writeHead(302, { location: home }).end();
      return path !== home && !!response.writeHead(404).end();
    },
  });
  using world = new WebSeedWorld(torrent.metainfo);
  world.seeds.learn([`${server.origin}/film.bin`]);
  world.want(0, 1);
  await expectPieces(world, torrent, 0, 1);
  // Found once, the place is asked directly.
  expect(server.asked.filter(({ path }) => path === "/film.bin")).toHaveLength(1);
  home = "/new";
  world.want(2, 3);
  await expectPieces(world, torrent, 0, 1, 2, 3);
});

it("leaves nothing behind when it is closed in the middle", async () => {
  const clock = virtualTime();
  const torrent = testTorrent(30 * PIECE);
  let connectionsClosed = 0;
  await using server = await startScriptedWebSeed({
    files: torrent.served,
    script: ({ request, response }) => {
      request.socket.once("close", () => (connectionsClosed += 1));
      return response.writeHead(200).write("a");
    },
  });
  {
    using world = new WebSeedWorld(torrent.metainfo, { clock });
    world.seeds.learn([`${server.origin}/film.bin`]);
    world.want(...all(torrent));
    await expect.poll(() => server.asked.length).toBe(1);
  }
  await expect.poll(() => connectionsClosed).toBe(1);
  await expect.poll(() => clock.pendingTimers).toBe(0);
});
