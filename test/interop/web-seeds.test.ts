import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { createTorrentFile, formatMagnet, parseTorrentFile } from "@riptide/swarm";
import { describe, expect, it } from "vitest";
import {
  type ScriptedWebSeed,
  type ScriptedWebSeedOptions,
  startScriptedWebSeed,
} from "../../packages/swarm/test/webseed/scripted-web-seed.ts";
import { films } from "../films/films.ts";
import { prepareFilms } from "../films/prepare-films.ts";
import { probe } from "../films/probe.ts";
import { startQuietRiptide } from "../support/riptide.ts";
import { startScriptedSeed } from "../support/scripted-seed.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { never, readRange, startTestEngine, type TestEngine } from "../support/test-engine.ts";
import { createTestTorrent, type TestTorrent } from "../support/test-torrent.ts";
import { describeWith } from "../support/tools.ts";
import { withWebSeeds } from "../support/torrent-fields.ts";
import { waitUntil } from "../support/wait.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

const smallTorrent = (lengthBytes = 4 * MIB + 777): Promise<TestTorrent> =>
  createTestTorrent({ lengthBytes, pieceLengthBytes: 128 * KIB });

function serve(torrent: TestTorrent, options: Partial<ScriptedWebSeedOptions> = {}): Promise<ScriptedWebSeed> {
  return startScriptedWebSeed({ files: { "/random.bin": torrent.bytes }, ...options });
}

async function open({ engine }: TestEngine, torrent: TestTorrent, ...urls: readonly string[]) {
  await engine.peerPort(never);
  await engine.add(withWebSeeds(torrent.torrentFile, ...urls), { signal: never, isLocal: true });
  return (await engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(10_000) })).provider;
}

async function expectTrueBytes(provider: Awaited<ReturnType<typeof open>>, torrent: TestTorrent): Promise<void> {
  const bytes = await readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(60_000));
  expect(Buffer.compare(bytes, torrent.bytes)).toBe(0);
}

describe("a web seed", () => {
  it("is enough by itself, also after a restart", async () => {
    await using torrent = await smallTorrent();
    await using server = await serve(torrent);
    await using folder = await temporaryFolder("web-seed");
    {
      await using us = await startTestEngine({ dataDirectory: folder.path });
      const provider = await open(us, torrent, `${server.origin}/`);
      await readRange(provider, 0, MIB, AbortSignal.timeout(30_000));
    }
    await using us = await startTestEngine({ dataDirectory: folder.path });
    const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(10_000) });
    await expectTrueBytes(provider, torrent);
    expect(server.counters.sentBytes).toBeLessThan(torrent.bytes.length + MIB);
  });

  it("is taken from a magnet, once a peer has sent the metadata", async () => {
    await using torrent = await smallTorrent();
    await using server = await serve(torrent);
    await using seed = await startScriptedSeed({ torrent, misdeed: "never unchokes" });
    await using us = await startTestEngine();
    const { infoHash } = torrent;
    const magnet = formatMagnet({
      infoHash,
      trackers: [],
      peers: [seed.peer],
      webSeeds: [`${server.origin}/random.bin`],
    });
    await us.engine.add(magnet, { signal: never, isLocal: true });
    const { provider } = await us.engine.openFile(infoHash, 0, { signal: AbortSignal.timeout(10_000) });
    await expectTrueBytes(provider, torrent);
    expect(seed.counters.blocksSent).toBe(0);
  });

  it("shares the work with peers, each as fast as it is", async () => {
    await using torrent = await smallTorrent(12 * MIB);
    await using server = await serve(torrent, { bytesPerSecond: 2 * MIB });
    await using seed = await startScriptedSeed({ torrent, host: "127.0.0.2", bytesPerSecond: 2 * MIB });
    await using us = await startTestEngine({ peers: [seed.peer] });
    const provider = await open(us, torrent, `${server.origin}/random.bin`);
    await expectTrueBytes(provider, torrent);
    const shares = [server.counters.sentBytes, seed.counters.bytesSent].map((bytes) => bytes / torrent.bytes.length);
    for (const share of shares) expect(share).toBeGreaterThan(0.25);
    expect(shares[0]! + shares[1]!).toBeLessThan(1.2);
  });

  it.each<[string, Partial<ScriptedWebSeedOptions>]>([
    ["answers 404", { files: {} }],
    ["never answers", { script: () => true }],
    ["is slow", { bytesPerSecond: 20 * KIB }],
    [
      "ends each answer early",
      { script: ({ response }) => !!response.writeHead(206, { "content-range": "bytes 0-9/99" }).end("x") },
    ],
  ])("keeps no stream waiting that %s, while a peer has the bytes", async (_what, options) => {
    await using torrent = await smallTorrent();
    await using server = await serve(torrent, options);
    await using seed = await startScriptedSeed({ torrent, host: "127.0.0.2", bytesPerSecond: 6 * MIB });
    await using us = await startTestEngine({ peers: [seed.peer] });
    const provider = await open(us, torrent, `${server.origin}/random.bin`);
    await expectTrueBytes(provider, torrent);
    expect(server.asked.length).toBeGreaterThan(0);
    expect(server.asked.length).toBeLessThan(40);
  });

  it("that lies is asked no more, and a read says why it fails", async () => {
    await using torrent = await smallTorrent();
    await using server = await serve(torrent, { files: { "/random.bin": torrent.bytes.map((byte) => byte ^ 1) } });
    await using us = await startTestEngine({ stallLimitMs: 5_000 });
    const provider = await open(us, torrent, `${server.origin}/random.bin`);
    const reading = provider.readAt(0, KIB, { signal: AbortSignal.timeout(30_000) });
    await expect(reading).rejects.toMatchObject({ code: "no_valid_source" });
    expect(server.asked.length).toBeLessThan(20);
  });

  it("that sends without end costs no memory", async () => {
    await using torrent = await smallTorrent();
    await using server = await serve(torrent, {
      script: ({ response }) => {
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(MIB)));
        };
        response.writeHead(200).on("drain", more);
        more();
        return true;
      },
    });
    await using us = await startTestEngine({ stallLimitMs: 5_000 });
    const provider = await open(us, torrent, `${server.origin}/random.bin`);
    const before = process.memoryUsage.rss();
    await expect(provider.readAt(0, KIB, { signal: AbortSignal.timeout(30_000) })).rejects.toMatchObject({
      code: /^no_/,
    });
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * MIB);
    expect(server.asked.length).toBeLessThan(10);
  });
});

describe("of a torrent that did not come from this machine, nobody in a private network is asked", () => {
  it.each(["127.0.0.1", "localhost", "0x7f.1", "[::ffff:127.0.0.1]"])("such as http://%s", async (host) => {
    await using torrent = await smallTorrent();
    await using canary = await serve(torrent);
    const { port } = new URL(canary.origin);
    const origin = `http://${host}:${port}`;
    await using us = await startTestEngine({ stallLimitMs: 5_000 });
    await us.engine.peerPort(never);
    await us.engine.add(withWebSeeds(torrent.torrentFile, `${origin}/random.bin`, `${origin}/`), { signal: never });
    await us.engine.add(
      `magnet:?xt=urn:btih:${torrent.infoHash}&ws=${encodeURIComponent(`${origin}/random.bin?x`)}&tr=${encodeURIComponent(`${origin}/x`)}`,
      {
        signal: never,
      },
    );
    const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(10_000) });
    await expect(provider.readAt(0, KIB, { signal: AbortSignal.timeout(30_000) })).rejects.toMatchObject({
      code: "no_peers",
    });
    expect([canary.asked, canary.counters.connections]).toEqual([[], 0]);
  });
});

describeWith("ffmpeg")("a film whose only source is a web seed", () => {
  prepareFilms("demo-mkv");

  it("plays from its start, and from its middle, without all of it", async () => {
    const path = await films.ensure("demo-mkv");
    const name = basename(path);
    const bytes = await readFile(path);
    const files = [{ absolutePath: path, path: [name] }];
    const torrentFile = await createTorrentFile({ name, files, pieceLengthBytes: 64 * KIB, signal: never });
    await using server = await startScriptedWebSeed({ files: { [`/${name}`]: bytes } });
    await using folder = await temporaryFolder("film");
    const torrentPath = join(folder.path, "film.torrent");
    await writeFile(torrentPath, withWebSeeds(torrentFile, `${server.origin}/`));
    await using riptide = await startQuietRiptide(join(folder.path, "data"), torrentPath);
    const { infoHash } = parseTorrentFile(torrentFile);
    await waitUntil(
      "the torrent is there",
      async () => (await riptide.torrent(infoHash).catch(() => undefined))?.files.length === 1,
    );
    for (const seconds of [0, 5]) {
      const response = await fetch(`${riptide.url}/stream/${infoHash}/0/remux.mp4?t=${seconds}`);
      const out = join(folder.path, `${seconds}.mp4`);
      await writeFile(out, new Uint8Array(await response.arrayBuffer()));
      const { streams, format } = await probe(out);
      expect(streams.map(({ codec_type: type }) => type)).toContain("video");
      expect(Number(format.duration)).toBeGreaterThan(1);
    }
    const whole = await fetch(`${riptide.url}/stream/${infoHash}/0/direct`);
    const hash = createHash("sha256")
      .update(new Uint8Array(await whole.arrayBuffer()))
      .digest("hex");
    expect(hash).toBe(createHash("sha256").update(bytes).digest("hex"));
  });
});
