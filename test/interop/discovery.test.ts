import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createDht } from "../../packages/swarm/src/discovery/index.ts";
import {
  announceResponse,
  connectResponse,
  startUdpTracker,
} from "../../packages/swarm/test/discovery/udp-tracker-server.ts";
import { type LibtorrentOptions, startLibtorrent } from "../support/peers/libtorrent.ts";
import { startForeignTracker, startTracker } from "../support/peers/tracker.ts";
import { startScriptedSeed } from "../support/scripted-seed.ts";
import { sha256 } from "../support/sha256.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { NAMED_HERE, never, readRange, realClock, startTestEngine, type TestEngine } from "../support/test-engine.ts";
import { createTestTorrent, type TestTorrent } from "../support/test-torrent.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const KIB = 1024;
const HOST = "127.0.0.1";

/** Opens the torrent's file and reads all of it: only whoever finds a peer can. */
async function expectToPlay({ engine }: TestEngine, torrent: TestTorrent): Promise<void> {
  const { provider } = await engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(15_000) });
  const bytes = await readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(15_000));
  expect(sha256(bytes)).toBe(sha256(torrent.bytes));
}

function smallTorrent(...trackers: string[]): Promise<TestTorrent> {
  return createTestTorrent({ lengthBytes: 1024 * KIB + 9, pieceLengthBytes: 64 * KIB, trackers });
}

function magnetWith(torrent: TestTorrent, ...parameters: string[]): string {
  return [`magnet:?xt=urn:btih:${torrent.infoHash}`, ...parameters].join("&");
}

describe("a magnet finds its peers", () => {
  it("through an HTTP tracker, which hears that we come and go", async () => {
    await using torrent = await smallTorrent();
    await using seed = await startScriptedSeed({ torrent });
    await using tracker = await startTracker(() => [seed.peer.port]);
    {
      await using us = await startTestEngine();
      await us.engine.add(magnetWith(torrent, `tr=${encodeURIComponent(tracker.url)}`), NAMED_HERE);
      await expectToPlay(us, torrent);
      expect(tracker.announces[0]?.get("port")).toBe(String(await us.engine.peerPort(never)));
    }
    const told = tracker.announces.map((announce) => announce.get("event"));
    expect([told[0], told.at(-1)]).toEqual(["started", "stopped"]);
  });

  it("through a UDP tracker", async () => {
    await using torrent = await smallTorrent();
    await using seed = await startScriptedSeed({ torrent });
    const { port } = seed.peer;
    await using tracker = await startUdpTracker(({ action, transactionId }) => [
      action === 0
        ? connectResponse(transactionId, 7n)
        : announceResponse(transactionId, [127, 0, 0, 1, port >> 8, port & 255]),
    ]);
    await using us = await startTestEngine();
    await us.engine.add(magnetWith(torrent, `tr=${encodeURIComponent(tracker.url)}`), NAMED_HERE);
    await expectToPlay(us, torrent);
  });

  it("through the DHT", async () => {
    await using dht = await startDhtNodes(4);
    await using torrent = await smallTorrent();
    await using seed = await startScriptedSeed({ torrent });
    await dht.announce(torrent.infoHash, seed.peer.port);
    await using us = await startTestEngine({ settings: settingsWith(dht.bootstrap) });
    await us.engine.add(magnetWith(torrent), { signal: never });
    await expectToPlay(us, torrent);
  });

  it("in the DHT, where the other one announced itself", async () => {
    await using dht = await startDhtNodes(4);
    await using torrent = await smallTorrent();
    await using other = await startTestEngine({ settings: settingsWith(dht.bootstrap) });
    other.engine.share(torrent.torrentFile, [torrent.filePath]);
    await dht.waitForPeer(torrent.infoHash, await other.engine.peerPort(never));
    await using us = await startTestEngine({ settings: settingsWith(dht.bootstrap) });
    await us.engine.add(magnetWith(torrent), { signal: never });
    await expectToPlay(us, torrent);
  });

  it("in the DHT, where libtorrent announced itself", async () => {
    await using dht = await startDhtNodes(4);
    await using torrent = await smallTorrent();
    await using seed = await startLibtorrent({ ...seedOf(torrent), dhtNode: dht.bootstrap[0]! });
    await dht.waitForPeer(torrent.infoHash, seed.port);
    await using us = await startTestEngine({ settings: settingsWith(dht.bootstrap) });
    await us.engine.add(magnetWith(torrent), { signal: never });
    await expectToPlay(us, torrent);
  });

  it("in the DHT, where we announced ourselves: libtorrent", async () => {
    await using dht = await startDhtNodes(4);
    await using torrent = await smallTorrent();
    await using us = await startTestEngine({ settings: settingsWith(dht.bootstrap) });
    us.engine.share(torrent.torrentFile, [torrent.filePath]);
    await dht.waitForPeer(torrent.infoHash, await us.engine.peerPort(never));
    await using leech = await startLeech(torrent, { dhtNode: dht.bootstrap[0]! });
    await expectToHaveIt(leech, torrent);
  });

  it("in the local network, through a seed of another kind", async () => {
    await using torrent = await smallTorrent();
    await using us = await startTestEngine({ settings: LOCAL });
    await us.engine.add(magnetWith(torrent), { signal: never });
    // libtorrent announces its torrents as it starts.
    await using _seed = await startLibtorrent({ ...seedOf(torrent), findsLocally: true });
    await expectToPlay(us, torrent);
  });

  it("in the local network, where the other one hears us", async () => {
    await using torrent = await smallTorrent();
    await using _seed = await startLibtorrent({ ...seedOf(torrent), findsLocally: true });
    await using us = await startTestEngine({ settings: LOCAL });
    await us.engine.add(magnetWith(torrent), { signal: never });
    await expectToPlay(us, torrent);
  });

  it("through a peer that knows another one", async () => {
    await using torrent = await smallTorrent();
    await using owner = await startTestEngine();
    owner.engine.share(torrent.torrentFile, [torrent.filePath]);
    const ownerPeer = { host: HOST, port: await owner.engine.peerPort(never) };
    // It wants nothing, so it has nothing to give but the owner's address.
    await using middle = await startTestEngine({ peers: [ownerPeer] });
    await middle.engine.add(torrent.torrentFile, { signal: never });
    await waitUntil("the two know each other", () => owner.engine.get(torrent.infoHash)!.connectedPeers === 1);
    const middlePort = await middle.engine.peerPort(never);
    await using us = await startTestEngine();
    await us.engine.add(magnetWith(torrent, `x.pe=${HOST}:${middlePort}`), { signal: never });
    await expectToPlay(us, torrent);
    expect(middle.engine.get(torrent.infoHash)).toMatchObject({ verifiedBytes: 0, uploadedBytes: 0 });
    // Owner and we dial each other; one connection remains, on both sides the same.
    const counts = (): (number | undefined)[] =>
      [us, owner, middle].map(({ engine }) => engine.get(torrent.infoHash)?.connectedPeers);
    await expect.poll(counts, { timeout: 5_000 }).toEqual([2, 2, 2]);
  });
});

describeWith("webtorrent")("a whole tracker of another make", () => {
  it.each(["http", "udp"] as const)(
    "tells us by %s of a libtorrent that announced itself, and tells it of us",
    async (by) => {
      await using trackers = await startForeignTracker();
      const tracker = trackers[by];
      await using torrent = await smallTorrent(tracker);
      await using seed = await startLibtorrent(seedOf(torrent));
      await using us = await startTestEngine();
      await us.engine.add(magnetWith(torrent, `tr=${encodeURIComponent(tracker)}`), NAMED_HERE);
      await expectToPlay(us, torrent);
      await seed[Symbol.asyncDispose]();
      await using leech = await startLeech(torrent, {}, `tr=${encodeURIComponent(tracker)}`);
      await expectToHaveIt(leech, torrent);
    },
  );
});

describe("peer exchange", () => {
  it("tells us of a seed that libtorrent knows", async () => {
    await using torrent = await smallTorrent();
    await using owner = await startScriptedSeed({ torrent, host: "127.0.0.2" });
    const { torrentPath } = torrent;
    await using middle = await startLeech(torrent, { torrentPath, role: "idle", connectTo: owner.peer });
    await waitUntil("the two know each other", () => owner.counters.connections > 0);
    await using us = await startTestEngine();
    await us.engine.add(magnetWith(torrent, `x.pe=${HOST}:${middle.port}`), { signal: never });
    await expectToPlay(us, torrent);
    expect([middle.report().uploadedBytes, owner.counters.bytesSent]).toEqual([0, torrent.bytes.length]);
  });

  it("tells libtorrent of a seed that we know", async () => {
    await using torrent = await smallTorrent();
    await using owner = await startScriptedSeed({ torrent, host: "127.0.0.2" });
    await using us = await startTestEngine({ peers: [owner.peer] });
    await us.engine.add(torrent.torrentFile, { signal: never });
    await waitUntil("the two know each other", () => us.engine.get(torrent.infoHash)!.connectedPeers === 1);
    const connectTo = { host: HOST, port: await us.engine.peerPort(never) };
    await using leech = await startLeech(torrent, { connectTo });
    await expectToHaveIt(leech, torrent);
    expect([us.engine.get(torrent.infoHash)!.uploadedBytes, owner.counters.bytesSent]).toEqual([
      0,
      torrent.bytes.length,
    ]);
  });
});

/** A libtorrent that has only a magnet, and nobody but what the options name. */
async function startLeech(torrent: TestTorrent, options: Partial<LibtorrentOptions>, ...parameters: string[]) {
  const folder = await temporaryFolder("leech");
  const leech = await startLibtorrent({
    torrentPath: magnetWith(torrent, ...parameters),
    saveDirectory: folder.path,
    role: "leech",
    ...options,
  });
  return {
    ...leech,
    read: () => readFile(join(folder.path, torrent.name)),
    [Symbol.asyncDispose]: async () => {
      await leech[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function expectToHaveIt(leech: Awaited<ReturnType<typeof startLeech>>, torrent: TestTorrent): Promise<void> {
  // Where the first of its questions is lost on a busy machine, it asks the DHT again after a while.
  await waitUntil("libtorrent has it all", () => leech.report().isSeeding, 100_000);
  expect(sha256(await leech.read())).toBe(sha256(torrent.bytes));
}

const LOCAL = { ...settingsWith([]), dht: undefined, lsd: true };

function seedOf({ torrentPath, directory }: TestTorrent) {
  return { torrentPath, saveDirectory: directory, role: "seed" } as const;
}

function settingsWith(bootstrap: readonly { host: string; port: number }[]) {
  return { peerHost: HOST, peerPort: 0, dht: { bootstrap }, lsd: false, uploadBytesPerSecond: undefined };
}

/** A DHT of its own: nodes that all know the first one. */
async function startDhtNodes(count: number) {
  const first = await createDht({ clock: realClock, bootstrap: [], host: HOST });
  const bootstrap = [{ host: HOST, port: first.port }];
  const others = await Promise.all(
    Array.from({ length: count - 1 }, () => createDht({ clock: realClock, bootstrap, host: HOST })),
  );
  await waitUntil("the nodes know each other", () => first.nodeCount === count - 1);
  return {
    bootstrap,
    announce: (infoHash: string, port: number) => others[0]!.announce(infoHash, port, never),
    waitForPeer: (infoHash: string, port: number) =>
      waitUntil("the peer is in the DHT", async () => {
        const found: number[] = [];
        await others[1]!.lookup(infoHash, (peer) => found.push(peer.port), never);
        return found.includes(port);
      }),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([first, ...others].map((node) => node.close()));
    },
  };
}
