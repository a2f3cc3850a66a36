import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { describe, expect, it } from "vitest";
import {
  announceResponse,
  connectResponse,
  startUdpTracker,
} from "../../packages/swarm/test/discovery/udp-tracker-server.ts";
import { settingsFor } from "../support/peers/meetings.ts";
import { startScriptedSeed } from "../support/scripted-seed.ts";
import { NAMED_HERE, never, readRange, startTestEngine, type TestEngine } from "../support/test-engine.ts";
import { createTestTorrent, type TestTorrent } from "../support/test-torrent.ts";
import { waitUntil } from "../support/wait.ts";

const KIB = 1024;
const HOST = "::1";
const DUAL = settingsFor({ host: HOST });

function smallTorrent(): Promise<TestTorrent> {
  return createTestTorrent({ lengthBytes: 1024 * KIB + 9, pieceLengthBytes: 64 * KIB });
}

async function expectToPlay({ engine }: TestEngine, torrent: TestTorrent): Promise<void> {
  const { provider } = await engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(15_000) });
  const bytes = await readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(15_000));
  expect(Buffer.compare(bytes, torrent.bytes)).toBe(0);
}

function compactPeer(port: number): number[] {
  return [...Array<number>(15).fill(0), 1, port >> 8, port & 255];
}

describe("IPv6", () => {
  it("takes peers of both families on one port", async () => {
    await using us = await startTestEngine({ settings: DUAL });
    const port = await us.engine.peerPort(never);
    const hosts: (string | undefined)[] = [];
    for (const host of ["127.0.0.1", HOST]) {
      const socket = connect({ host, port });
      await once(socket, "connect");
      hosts.push(socket.remoteAddress);
      socket.destroy();
    }
    expect(hosts).toEqual(["127.0.0.1", HOST]);
  });

  it("finds peers through an HTTP tracker's list for IPv6, and tells it of us over IPv6", async () => {
    await using torrent = await smallTorrent();
    await using seed = await startScriptedSeed({ torrent, host: HOST });
    const from: (string | undefined)[] = [];
    const tracker = createServer((request, response) => {
      from.push(request.socket.remoteAddress);
      const peers = Buffer.from(compactPeer(seed.peer.port));
      response.end(Buffer.concat([Buffer.from("d8:intervali60e6:peers618:"), peers, Buffer.from("e")]));
    });
    tracker.listen(0, HOST);
    await once(tracker, "listening");
    const url = `http://[::1]:${(tracker.address() as AddressInfo).port}/announce`;
    {
      await using us = await startTestEngine({ settings: DUAL });
      const magnet = `magnet:?xt=urn:btih:${torrent.infoHash}&tr=${encodeURIComponent(url)}`;
      await us.engine.add(magnet, NAMED_HERE);
      await expectToPlay(us, torrent);
    }
    expect(new Set(from)).toEqual(new Set([HOST]));
    tracker.close();
  });

  it("finds peers through a UDP tracker over IPv6", async () => {
    await using torrent = await smallTorrent();
    await using seed = await startScriptedSeed({ torrent, host: HOST });
    await using tracker = await startUdpTracker(({ action, transactionId }) => {
      const isConnect = action === 0;
      return [
        isConnect ? connectResponse(transactionId, 7n) : announceResponse(transactionId, compactPeer(seed.peer.port)),
      ];
    }, 6);
    await using us = await startTestEngine({ settings: DUAL });
    const magnet = `magnet:?xt=urn:btih:${torrent.infoHash}&tr=${encodeURIComponent(tracker.url)}`;
    await us.engine.add(magnet, NAMED_HERE);
    await expectToPlay(us, torrent);
  });

  it("hears of a peer from another one that knows it", async () => {
    await using torrent = await smallTorrent();
    await using owner = await startTestEngine({ settings: DUAL });
    owner.engine.share(torrent.torrentFile, [torrent.filePath]);
    const ownerPort = await owner.engine.peerPort(never);
    await using middle = await startTestEngine({ settings: DUAL, peers: [{ host: HOST, port: ownerPort }] });
    await middle.engine.add(torrent.torrentFile, { signal: never });
    await waitUntil("the two know each other", () => owner.engine.get(torrent.infoHash)!.connectedPeers === 1);
    const middlePort = await middle.engine.peerPort(never);
    await using us = await startTestEngine({ settings: DUAL });
    await us.engine.add(`magnet:?xt=urn:btih:${torrent.infoHash}&x.pe=[::1]:${middlePort}`, { signal: never });
    await expectToPlay(us, torrent);
    expect(middle.engine.get(torrent.infoHash)).toMatchObject({ uploadedBytes: 0 });
  });

  it("bans a liar that comes as IPv4 inside of IPv6 like any other", async () => {
    await using torrent = await smallTorrent();
    await using liar = await startScriptedSeed({ torrent, host: "127.0.0.9", misdeed: "poisons" });
    const { port } = liar.peer;
    await using us = await startTestEngine({ settings: DUAL, peers: [{ host: "::ffff:127.0.0.9", port }] });
    await us.engine.add(`magnet:?xt=urn:btih:${torrent.infoHash}&x.pe=127.0.0.9:${port}`, { signal: never });
    const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(15_000) });
    using _demand = provider.want({ range: { start: 0, end: 64 * KIB }, urgency: "now" });
    await waitUntil(
      "it is banned",
      () => us.engine.get(torrent.infoHash)!.connectedPeers === 0 && liar.counters.blocksSent > 0,
    );
    expect(liar.counters.connections).toBe(1);
  });
});
