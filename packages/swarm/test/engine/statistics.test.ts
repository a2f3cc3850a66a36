import { expect, test } from "vitest";
import { type Figures, NO_FIGURES } from "../../src/engine/figures.ts";
import { type CountedTorrent, Statistics } from "../../src/engine/statistics.ts";
import { TorrentRecord } from "../../src/engine/torrent-record.ts";
import { FakeClock } from "../metainfo/fake-clock.ts";

const BUDGET = { maxKeptBytes: 1_000, evictedPieces: 7 };

test("what several torrents do is added up, and each address of a peer is counted once", () => {
  const torrents = [
    withFigures({ downloadedBytes: 100, webSeedBytes: 40, uploadedBytes: 5, connectedPeers: 3, knownPeers: 10 }),
    // All of them came to us.
    withFigures({ downloadedBytes: 10, hashFailures: 2, connectedPeers: 3, connectingPeers: 1, knownPeers: 2 }),
    withFigures({ pieceBans: 2, metadataBans: 1 }),
  ];
  expect(new Statistics().of(torrents, BUDGET)).toEqual({
    torrents: { metadata: 3, ready: 0, failed: 0 },
    peers: { connected: 6, connecting: 1, unconnected: 7 },
    downloadedBytes: { peer: 70, webseed: 40 },
    uploadedBytes: 5,
    hashFailures: 2,
    bans: { corrupt_piece: 2, corrupt_metadata: 1 },
    keptBytes: 0,
    ...BUDGET,
  });
});

test("totals keep what torrents moved that are gone; what they do now goes with them", () => {
  const statistics = new Statistics();
  const gone = withFigures({ downloadedBytes: 100, webSeedBytes: 40, pieceBans: 1, connectedPeers: 3, knownPeers: 3 });
  statistics.forget(gone);
  statistics.forget(gone);
  const left = withFigures({ downloadedBytes: 1, connectedPeers: 1, knownPeers: 1 });
  expect(statistics.of([left], BUDGET)).toMatchObject({
    torrents: { metadata: 1, ready: 0, failed: 0 },
    peers: { connected: 1, connecting: 0, unconnected: 0 },
    downloadedBytes: { peer: 121, webseed: 80 },
    bans: { corrupt_piece: 2, corrupt_metadata: 0 },
  });
});

test("totals go on when a session dies, and its connections are gone", () => {
  const record = withFigures({
    downloadedBytes: 100,
    webSeedBytes: 30,
    pieceBans: 2,
    connectedPeers: 3,
    knownPeers: 3,
  });
  record.sessionDied();
  record.setFigures({ ...NO_FIGURES, infoHash: record.infoHash, downloadedBytes: 10, webSeedBytes: 1, pieceBans: 1 });
  expect(new Statistics().of([record], BUDGET)).toMatchObject({
    peers: { connected: 0, connecting: 0, unconnected: 0 },
    downloadedBytes: { peer: 79, webseed: 31 },
    bans: { corrupt_piece: 3, corrupt_metadata: 0 },
  });
});

function withFigures(figures: Partial<Figures>): TorrentRecord & CountedTorrent {
  const record = new TorrentRecord({
    infoHash: "a".repeat(40),
    displayName: undefined,
    trackers: [],
    peers: [],
    metainfo: undefined,
    addedAtMs: 0,
    clock: new FakeClock(),
    demandChanged: () => undefined,
    admit: (demand) => demand,
    awaitedChanged: () => undefined,
    check: () => undefined,
  });
  record.setFigures({ ...NO_FIGURES, ...figures, infoHash: record.infoHash });
  return record;
}
