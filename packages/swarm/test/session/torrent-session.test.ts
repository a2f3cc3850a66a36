import { readFile } from "node:fs/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { SparePolicy } from "../../src/download/index.ts";
import { encodeBencode } from "../../src/metainfo/index.ts";
import type { TorrentSession } from "../../src/session/torrent-session.ts";
import type { BlockRequest } from "../../src/types.ts";
import { encodeExtensionHandshake, encodePeerExchange, parseExtensionHandshake } from "../../src/wire/index.ts";
import { FakeWire, fakeAddress, remoteHandshake } from "./fake-peer.ts";
import { createTorrent, removeFolders, setUp } from "./session-setting.ts";
import { startSilentListener } from "./silent-listener.ts";

afterEach(removeFolders);

describe("TorrentSession", () => {
  it("asks the DHT at once, and again soon while it has few peers", async () => {
    const { clock, session, dhtCalls } = await setUp({ infoHash: "ab".repeat(20) });
    expect(dhtCalls).toEqual(["lookup", "announce"]);
    await clock.advance(30_000);
    expect(dhtCalls).toHaveLength(4);
    await session.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it("never asks the DHT about a torrent that it knows to be private", async () => {
    const { metainfo, path } = await createTorrent({ isPrivate: true });
    expect(metainfo.isPrivate).toBe(true);
    const { infoHash, infoBytes } = metainfo;
    const { clock, session, dhtCalls, settled } = await setUp({ infoHash, infoBytes, seedPaths: [path] });
    expect((await settled()).type).toBe("ready");
    await clock.advance(3_600_000);
    expect(dhtCalls).toEqual([]);
    await session.close();
  });

  it("leaves the DHT as soon as the metadata says that the torrent is private", async () => {
    const { metainfo, path } = await createTorrent({ isPrivate: true });
    const { clock, session, dhtCalls, settled } = await setUp({ infoHash: metainfo.infoHash, seedPaths: [path] });
    expect(dhtCalls).toEqual(["lookup", "announce"]);
    session.learn([], [], metainfo.infoBytes);
    await settled();
    await clock.advance(3_600_000);
    expect(dhtCalls).toHaveLength(2);
    await session.close();
  });

  it("says nothing of a private torrent to the DHT, the local network or other peers, and hears nothing of it", async () => {
    const { metainfo, path } = await createTorrent({ isPrivate: true });
    const { infoHash, infoBytes } = metainfo;
    const world = await setUp({ infoHash, infoBytes, seedPaths: [path] });
    const { clock, session, dhtCalls, lsdCalls } = world;
    await world.settled();
    const peers = [1, 2, 3].map((number) => world.connect(number, true, true));
    for (const { peer, wire } of peers) {
      // They take ut_pex, and tell of somebody.
      peer.onExtended(0, encodeExtensionHandshake({ client: "Other", requestQueueDepth: 1, listenPort: 7_000 }));
      peer.onExtended(
        2,
        encodePeerExchange({
          added: [{ address: fakeAddress(99), prefersEncryption: false, isSeed: false }],
          dropped: [],
        }),
      );
      peer.onPort(7_001);
      const [, , payload] = wire.sent.find(([name, id]) => name === "extended" && id === 0)!;
      expect(parseExtensionHandshake(payload as Uint8Array)).toMatchObject({ utMetadataId: 1, utPexId: undefined });
    }
    await clock.advance(600_000);
    expect([dhtCalls, lsdCalls, session.figures().knownPeers]).toEqual([[], [], 0]);
    for (const { wire } of peers) expect(wire.sent.filter(([name, id]) => name === "extended" && id === 2)).toEqual([]);
    await session.close();
  });

  it("forgets whom it found in public when the metadata says that the torrent is private", async () => {
    const { metainfo, path } = await createTorrent({ isPrivate: true });
    const order = { infoHash: metainfo.infoHash, seedPaths: [path], provenPeers: [fakeAddress(7)] };
    const { session, connect, settled, lsdCalls } = await setUp(order);
    const { wire } = connect(1);
    expect([session.figures().knownPeers, lsdCalls]).toEqual([1, [metainfo.infoHash]]);
    session.learn([fakeAddress(8)], [], metainfo.infoBytes);
    await settled();
    expect(wire.closeReason).toBe("the torrent is private");
    expect([session.figures().knownPeers, lsdCalls.at(-1)]).toEqual([1, "left"]);
    await session.close();
  });

  it.each([
    { what: "eight peers of a torrent that nobody plays", isNew: false, connections: 8 },
    { what: "all peers of one that was added just now, for half a minute", isNew: true, connections: 25 },
  ])("connects to $what", async ({ isNew, connections }) => {
    await using listener = await startSilentListener();
    const { infoHash, infoBytes } = (await createTorrent()).metainfo;
    const addressOf = (number: number) => ({ host: `127.0.5.${number}`, port: listener.port });
    const peers = Array.from({ length: 25 }, (_, index) => addressOf(index + 1));
    const { clock, session, settled } = await setUp({ infoHash, infoBytes, peers, isNew });
    await settled();
    await expect.poll(() => listener.hosts).toHaveLength(connections);
    await clock.advance(30_000);
    session.learn([addressOf(26)], [], undefined);
    await clock.advance(1_000);
    expect(listener.hosts).toHaveLength(connections);
    await session.close();
  });

  it("forgets a peer of a past session that no longer answers, and none that the user named", async () => {
    // Nobody listens at port 1.
    const [peer, provenPeer] = ["127.0.0.1", "127.0.0.2"].map((host) => ({ host, port: 1 }));
    const order = { infoHash: "ab".repeat(20), peers: [peer!], provenPeers: [provenPeer!] };
    const { clock, session } = await setUp(order);
    expect(session.figures().knownPeers).toBe(2);
    const knownLater = async (): Promise<number> => {
      await clock.advance(60_000);
      return session.figures().knownPeers;
    };
    await expect.poll(knownLater, { timeout: 10_000 }).toBe(1);
    for (let minutes = 0; minutes < 20; minutes += 1) expect(await knownLater()).toBe(1);
    await session.close();
  });

  it("tells the DHT of the nodes that peers run", async () => {
    const { session, dhtCalls, connect } = await setUp({ infoHash: "ab".repeat(20) });
    connect(1).peer.onPort(7000);
    expect(dhtCalls.slice(2)).toEqual(["node 10.0.0.1:7000"]);
    await session.close();
  });

  it.each([
    { supportsFast: true, before: [["haveNone"]], after: [0, 1, 2, 3].map((piece) => ["have", piece]) },
    { supportsFast: false, before: [], after: [0, 1, 2, 3].map((piece) => ["have", piece]) },
  ])("tells a peer that came before its files were open piece by piece (fast: $supportsFast)", async (row) => {
    const { metainfo, path } = await createTorrent();
    const { infoHash, infoBytes } = metainfo;
    const { session, connect, settled } = await setUp({ infoHash, infoBytes, seedPaths: [path] });
    const early = connect(1, row.supportsFast);
    expect(early.wire.take()).toEqual(row.before);
    expect((await settled()).type).toBe("ready");
    expect(early.wire.take()).toEqual(row.after);
    const late = connect(2, row.supportsFast);
    expect(late.wire.take()).toEqual([row.supportsFast ? ["haveAll"] : ["bitfield", Uint8Array.of(0xf0)]]);
    await session.close();
  });

  it("hears what a peer said before its files were open", async () => {
    const { metainfo } = await createTorrent();
    const { infoHash, infoBytes } = metainfo;
    const { session, connect, settled } = await setUp({ infoHash, infoBytes });
    const [seed, liar] = [connect(1), connect(2)];
    seed.peer.onHaveAll();
    seed.peer.onUnchoke();
    liar.peer.onBitfield(new Uint8Array(9));
    session.setDemand(1, { range: { start: 0, end: 64 * 1024 }, urgency: "now" });
    await settled();
    const names = seed.wire.take().map(([name]) => name);
    expect(names).toContain("interested");
    expect(names).toContain("request");
    expect(liar.wire.closeReason).toBe("bitfield of the wrong size");
    await session.close();
  });

  it.each<[SparePolicy | undefined, number[]]>([
    [undefined, [2, 3]],
    ["nothing", [2, 3]],
    ["ahead", [0, 1, 2, 3]],
  ])("fetches of a film that is played, when the policy is %s, pieces %j", async (sparePolicy, pieces) => {
    const { metainfo, path } = await createTorrent();
    const { infoHash, infoBytes } = metainfo;
    const { clock, session, events, connect, settled } = await setUp({ infoHash, infoBytes }, sparePolicy);
    await settled();
    const bytes = await readFile(path);
    const { peer, wire } = connect(1);
    peer.onHaveAll();
    peer.onUnchoke();
    const answer = (): void => {
      for (const [name, blocks] of wire.take()) {
        if (name !== "request") continue;
        for (const block of blocks as BlockRequest[]) {
          const start = block.piece * metainfo.pieceLengthBytes + block.offset;
          const target = peer.blockTarget(block);
          target?.buffer.set(bytes.subarray(start, start + block.length), target.at);
          peer.onBlock(block, target !== null);
        }
        peer.onReadEnd();
      }
    };
    // A film of which more than the smallest window is asked for is played.
    session.setDemand(1, { range: { start: 128 * 1024, end: 1024 * 1024 }, urgency: "soon" });
    const verified = async (): Promise<number[]> => {
      answer();
      await clock.advance(50);
      return events.flatMap((event) => (event.type === "verified" ? [event.piece] : [])).sort((a, b) => a - b);
    };
    await expect.poll(verified, { timeout: 10_000 }).toEqual(pieces);
    for (let tick = 0; tick < 30; tick += 1) expect(await verified()).toEqual(pieces);
    await session.close();
  });

  it.each([
    ["whose files are open", true],
    ["whose metadata is not there yet", false],
  ])("closes connections that send blocks nobody asked for, of a torrent %s", async (_what, isKnown) => {
    const { metainfo, path } = await createTorrent();
    const { infoHash, infoBytes } = metainfo;
    const order = isKnown ? { infoHash, infoBytes, seedPaths: [path] } : { infoHash };
    const { session, connect, settled } = await setUp(order);
    if (isKnown) await settled();
    const { peer, wire } = connect(1);
    const block = { piece: 0, offset: 0, length: 16_384 };
    let sentBytes = 0;
    for (; !wire.isClosed && sentBytes < 64 * 1024 * 1024; sentBytes += block.length) {
      expect(peer.blockTarget(block)).toBeNull();
      peer.onBlock(block, false);
    }
    expect(wire.closeReason).toBe("sends blocks that nobody asked for");
    expect(sentBytes).toBeLessThan(2 * 1024 * 1024);
    await session.close();
  });

  it.each<[string, (session: TorrentSession) => void, (session: TorrentSession) => void]>([
    [
      "a reader",
      (session) => session.setDemand(1, { range: { start: 0, end: 1 }, urgency: "now" }),
      (session) => session.setDemand(1, undefined),
    ],
    ["somebody who waits for the files", (session) => session.setAwaited(true), (session) => session.setAwaited(false)],
  ])("has few connections for itself, and many for %s, who may come back soon", async (_who, come, leave) => {
    const { metainfo, path } = await createTorrent();
    const { infoHash, infoBytes } = metainfo;
    const { clock, session } = await setUp({ infoHash, infoBytes, seedPaths: [path] });
    let number = 0;
    const connectAll = (limit = 100): number => {
      for (; number < limit; number += 1) {
        const wire = new FakeWire(fakeAddress(number), false);
        const peer = session.accept(wire);
        if (peer === undefined) break;
        wire.onClose = (reason) => peer.onClose(reason);
        peer.onHandshake(remoteHandshake(number));
      }
      return number;
    };
    expect(connectAll()).toBe(8);
    come(session);
    expect(connectAll(20)).toBe(20);
    leave(session);
    await clock.advance(29_999);
    expect(connectAll(30)).toBe(30);
    await clock.advance(1);
    expect(connectAll()).toBe(30);
    await session.close();
  });

  it("has little to do while nobody reads, and works again when somebody does", async () => {
    const { metainfo } = await createTorrent();
    const { infoHash, infoBytes } = metainfo;
    const { clock, session, connect, settled } = await setUp({ infoHash, infoBytes });
    const { peer, wire } = connect(1);
    await settled();
    const timersIn = async (durationMs: number): Promise<number> => {
      using timers = vi.spyOn(clock, "setTimer");
      await clock.advance(durationMs);
      return timers.mock.calls.length;
    };
    expect(await timersIn(60_000)).toBeLessThan(200);
    session.setDemand(1, { range: { start: 0, end: 64 * 1024 }, urgency: "now" });
    expect(await timersIn(60_000)).toBeGreaterThan(1_200);
    // It has not slept in: what the peer has is asked for at once.
    peer.onHaveAll();
    peer.onUnchoke();
    expect(wire.take().map(([name]) => name)).toEqual(expect.arrayContaining(["interested", "request"]));
    session.setDemand(1, undefined);
    await clock.advance(30_000);
    expect(await timersIn(60_000)).toBeLessThan(200);
    await session.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it("disconnects, and takes nobody in, when the torrent cannot be opened", async () => {
    const { metainfo } = await createTorrent();
    const { infoHash, infoBytes } = metainfo;
    const { clock, session, dhtCalls, connect, settled } = await setUp({ infoHash, infoBytes, seedPaths: ["/none"] });
    const { wire } = connect(1);
    const event = await settled();
    expect(event).toMatchObject({ type: "failed", infoHash, failure: { code: "storage_failed" } });
    expect(wire.closeReason).toBe("the torrent is closed");
    expect(session.accept(new FakeWire(fakeAddress(2), false))).toBeUndefined();
    const asked = dhtCalls.length;
    await clock.advance(3_600_000);
    expect([dhtCalls.length, clock.pendingTimers]).toEqual([asked, 0]);
    await session.close();
  });

  it("fails with the reason when the metadata is no usable torrent", async () => {
    const infoBytes = encodeBencode({ name: "x", "piece length": 1, pieces: new Uint8Array(20), length: 1 });
    const { session, settled } = await setUp({ infoHash: "ab".repeat(20) });
    session.learn([], [], infoBytes);
    expect(await settled()).toMatchObject({ type: "failed", failure: { code: "bad_torrent" } });
    await session.close();
  });

  it("closes its files when it is closed while it opens them", async () => {
    const { metainfo } = await createTorrent();
    const { infoHash, infoBytes } = metainfo;
    const { clock, session, events } = await setUp({ infoHash, infoBytes });
    await session.close();
    expect([events, clock.pendingTimers]).toEqual([[], 0]);
  });
});
