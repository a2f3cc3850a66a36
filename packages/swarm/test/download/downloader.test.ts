import { describe, expect, it } from "vitest";
import type { BlockTarget } from "../../src/download/downloader-types.ts";
import { Downloader } from "../../src/download/index.ts";
import { BLOCK_LENGTH_BYTES, type BlockRequest } from "../../src/types.ts";
import { RecordedOutput, smallGeometry } from "./scheduler-fixture.ts";

const block = (piece: number, index: number): BlockRequest => ({
  piece,
  offset: index * BLOCK_LENGTH_BYTES,
  length: BLOCK_LENGTH_BYTES,
});

/** Two unchoked peers with everything, and one wanted piece; the right bytes are all 7. */
function newDownloader({ peers = [1, 2], pieceCount = 4 } = {}) {
  const output = new RecordedOutput();
  const downloader = new Downloader({
    geometry: smallGeometry(pieceCount),
    have: new Uint8Array(1),
    verify: (_piece, bytes) => bytes.every((byte) => byte === 7),
    output,
  });
  for (const peer of peers) {
    downloader.addPeer(peer, `host-${peer}`, 0);
    downloader.peerHaveAll(peer, 0);
    downloader.peerUnchoked(peer, 0);
  }
  return { downloader, output };
}

function write(target: BlockTarget | null, byte: number): void {
  target?.buffer.fill(byte, target.at, target.at + BLOCK_LENGTH_BYTES);
}

function deliver(downloader: Downloader, peer: number, request: BlockRequest, nowMs: number, byte = 7): void {
  const target = downloader.blockTarget(peer, request);
  write(target, byte);
  downloader.blockArrived(peer, request, target !== null, nowMs);
}

/** Peer 1 goes silent with blocks 0 and 1, peer 2 is asked for them, too: both send block 0. */
function bothInBlock0() {
  const { downloader, output } = newDownloader();
  downloader.setDeadlines(0, [[0, 60_000]], 0);
  for (let nowMs = 50; nowMs <= 1000; nowMs += 50) downloader.tick(nowMs);
  deliver(downloader, 2, block(0, 3), 1000);
  downloader.tick(1050);
  const first = downloader.blockTarget(1, block(0, 0));
  const second = downloader.blockTarget(2, block(0, 0));
  return { downloader, output, first, second };
}

describe("two wires in the same block", () => {
  it("write into the piece and into a scratch buffer", () => {
    const { first, second } = bothInBlock0();
    expect(first?.buffer.byteOffset).toBe(0);
    expect(first?.buffer.buffer.byteLength).toBe(4 * BLOCK_LENGTH_BYTES);
    expect(second?.buffer.buffer.byteLength).toBe(BLOCK_LENGTH_BYTES);
  });

  it("cannot spoil each other: when the second is done first, the first is released", () => {
    const { downloader, output, first, second } = bothInBlock0();
    first?.buffer.fill(66, 0, 100);
    write(second, 7);
    downloader.blockArrived(2, block(0, 0), true, 1100);
    expect(output.released).toEqual([first?.buffer]);
    expect(output.released[0]).toBe(first?.buffer);
    // The wire of peer 1 obeys, and the rest of its block goes nowhere.
    downloader.blockArrived(1, block(0, 0), false, 1110);
    for (const index of [1, 2]) deliver(downloader, 2, block(0, index), 1120);
    expect(output.said).toContain("verified 0");
    expect(downloader.stats.wastedBytes).toBe(BLOCK_LENGTH_BYTES);
  });

  it("count the first that is done, and the other is cancelled and wasted", () => {
    const { downloader, output, first, second } = bothInBlock0();
    output.take();
    write(first, 7);
    downloader.blockArrived(1, block(0, 0), true, 1100);
    expect(output.take()).toContain("cancel 2 0.0");
    write(second, 66);
    downloader.blockArrived(2, block(0, 0), true, 1110);
    deliver(downloader, 1, block(0, 1), 1120);
    deliver(downloader, 2, block(0, 2), 1120);
    expect(output.take()).toContain("verified 0");
  });
});

describe("a block", () => {
  it.each([
    { title: "that nobody asked for", peer: 1, request: block(3, 0) },
    { title: "that another peer was asked for", peer: 2, request: block(0, 0) },
    { title: "between two blocks", peer: 1, request: { piece: 0, offset: 5, length: BLOCK_LENGTH_BYTES } },
    { title: "of a piece that does not exist", peer: 1, request: block(99, 0) },
    { title: "of a peer that is gone", peer: 9, request: block(0, 0) },
  ])("$title goes nowhere", ({ peer, request }) => {
    const { downloader } = newDownloader();
    downloader.setDeadlines(0, [[0, 60_000]], 0);
    expect(downloader.blockTarget(peer, request)).toBeNull();
    downloader.blockArrived(peer, request, false, 10);
    const { downloadedBytes, wastedBytes } = downloader.stats;
    expect(wastedBytes).toBe(downloadedBytes);
    expect(downloader.exportPartials()).toEqual([]);
  });

  it("that was cancelled is still welcome when it was on its way", () => {
    const { downloader, output } = newDownloader({ peers: [1] });
    downloader.setDeadlines(0, [[0, 60_000]], 0);
    downloader.setDeadlines(0, [[1, 60_000]], 10);
    expect(output.take().slice(-2)).toEqual(["cancel 1 0.0 0.1 0.2", "request 1 1.0 1.1 1.2"]);
    deliver(downloader, 1, block(0, 1), 20);
    expect(downloader.stats.wastedBytes).toBe(0);
    expect(downloader.exportPartials().map(({ piece, blocks }) => [piece, ...blocks])).toEqual([[0, 0b01000000]]);
  });

  it("whose block comes although it was taken back does not send it again for the request that followed", () => {
    const { downloader, output } = newDownloader({ peers: [1] });
    downloader.setDeadlines(0, [[0, 60_000]], 0);
    downloader.setDeadlines(0, [[1, 60_000]], 10);
    downloader.setDeadlines(0, [[0, 60_000]], 20);
    output.take();
    // It was on its way when the first CANCEL came.
    deliver(downloader, 1, block(0, 0), 100);
    expect(output.take()).toContain("cancel 1 0.0");
    // That second CANCEL is answered by a reject of its own, which ends nothing else.
    downloader.rejected(1, block(0, 0), 130);
    downloader.tick(150);
    expect(output.take().join()).not.toContain("0.0");
  });

  it("whose cancelled request is rejected leaves the request that followed alone", () => {
    const { downloader, output } = newDownloader({ peers: [1] });
    downloader.setDeadlines(0, [[0, 60_000]], 0);
    downloader.setDeadlines(0, null, 10);
    downloader.tick(110);
    downloader.setDeadlines(0, [[0, 60_000]], 120);
    output.take();
    downloader.rejected(1, block(0, 0), 130);
    expect(downloader.peerStats(1).inFlight).toBe(3);
    downloader.rejected(1, block(0, 0), 140);
    expect(downloader.peerStats(1).inFlight).toBe(2);
    downloader.tick(150);
    expect(output.take()).toEqual(["request 1 0.0"]);
  });
});

describe("a peer", () => {
  it("that was silent is asked again when it chokes and unchokes", () => {
    const { downloader, output } = newDownloader({ peers: [1] });
    downloader.setDeadlines(0, [[0, 60_000]], 0);
    for (let nowMs = 50; nowMs <= 1050; nowMs += 50) downloader.tick(nowMs);
    expect(downloader.peerStats(1).isSilent).toBe(true);
    downloader.peerChoked(1, 1100);
    output.take();
    downloader.peerUnchoked(1, 1200);
    expect(output.take()).toEqual(["request 1 0.3"]);
  });

  it("that lied alone is banned at once, and what it owed is asked of others", () => {
    const { downloader, output } = newDownloader({ peers: [1] });
    downloader.setDeadlines(
      0,
      [
        [0, 60_000],
        [1, 61_000],
      ],
      0,
    );
    for (const index of [0, 1, 2]) deliver(downloader, 1, block(0, index), 10, 66);
    downloader.readEnded(1, 10);
    downloader.setDeadlines(
      0,
      [
        [0, 61_000],
        [1, 60_000],
      ],
      10,
    );
    downloader.addPeer(2, "host-2", 10);
    downloader.peerHaveAll(2, 10);
    downloader.peerUnchoked(2, 10);
    output.take();
    deliver(downloader, 1, block(0, 3), 20, 66);
    expect(output.take()).toEqual(["request 2 1.0 1.1 1.2", "failed 0", "ban 1 host-1"]);
    expect(downloader.peerStats(1).inFlight).toBe(0);
    expect(downloader.blockTarget(1, block(1, 0))).toBeNull();
  });
});

describe("deadlines", () => {
  it("that are gone cancel everything a moment later", () => {
    const { downloader, output } = newDownloader();
    downloader.setDeadlines(
      0,
      [
        [0, 60_000],
        [1, 61_000],
      ],
      0,
    );
    output.take();
    downloader.setDeadlines(0, null, 10);
    downloader.tick(100);
    expect(output.take()).toEqual([]);
    expect(downloader.isIdle).toBe(false);
    downloader.tick(110);
    expect(output.take()).toEqual(["cancel 1 0.0 0.1 0.2", "cancel 2 0.3 1.0 1.1"]);
    expect([1, 2].map((peer) => downloader.peerStats(peer).inFlight)).toEqual([0, 0]);
    expect(downloader.isIdle).toBe(true);
  });

  it("that are gone cancel at once when something else is wanted by then", () => {
    const { downloader, output } = newDownloader({ peers: [1] });
    downloader.setDeadlines(0, [[0, 60_000]], 0);
    downloader.setDeadlines(0, null, 10);
    output.take();
    downloader.setDeadlines(1, [[1, 60_000]], 20);
    expect(output.take()).toEqual(["cancel 1 0.0 0.1 0.2", "request 1 1.0 1.1 1.2"]);
  });

  it("that come back at once ask for nothing twice", () => {
    const { downloader, output } = newDownloader();
    downloader.setDeadlines(0, [[0, 60_000]], 0);
    output.take();
    downloader.setDeadlines(0, null, 10);
    downloader.setDeadlines(1, [[0, 60_000]], 60);
    for (const nowMs of [110, 160]) downloader.tick(nowMs);
    expect(output.take()).toEqual([]);
  });

  it.each([
    { title: "of a piece that does not exist", deadline: [4, 0] as const },
    { title: "of half a piece", deadline: [0.5, 0] as const },
    { title: "without a time", deadline: [0, Number.NaN] as const },
  ])("$title are a bug of ours", ({ deadline }) => {
    expect(() => newDownloader().downloader.setDeadlines(0, [deadline], 0)).toThrow("A deadline needs");
  });
});

describe("a downloader", () => {
  it("says the same when it is told the same", () => {
    const runs = [0, 1].map(() => {
      const { downloader, output } = newDownloader({ peers: [3, 1, 2] });
      downloader.setDeadlines(
        0,
        [
          [2, 100],
          [0, 50],
        ],
        0,
      );
      for (let nowMs = 50; nowMs < 3000; nowMs += 50) {
        deliver(downloader, 1, block(0, (nowMs / 50) % 4), nowMs, nowMs % 100 === 0 ? 7 : 8);
        downloader.readEnded(1, nowMs);
        downloader.tick(nowMs);
      }
      downloader.peerChoked(2, 3000);
      downloader.removePeer(3, 3000);
      return output.take();
    });
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]?.length).toBeGreaterThan(5);
  });

  it("knows whom to be interested in as pieces come and peers announce more", () => {
    const { downloader } = newDownloader({ peers: [1] });
    downloader.addPeer(2, "host-2", 0);
    expect(downloader.isInteresting(2)).toBe(false);
    downloader.peerHave(2, 0, 0);
    downloader.peerHave(2, 0, 0);
    downloader.peerHave(2, 99, 0);
    expect(downloader.isInteresting(2)).toBe(true);
    downloader.setDeadlines(0, [[0, 0]], 0);
    for (const index of [0, 1, 2, 3]) {
      deliver(downloader, 1, block(0, index), 10 + index);
      downloader.readEnded(1, 10 + index);
    }
    downloader.pieceStored(0, 20);
    expect([1, 2].map((peer) => downloader.isInteresting(peer))).toEqual([true, false]);
    downloader.peerBitfield(2, Uint8Array.of(0b11000000), 30);
    expect(downloader.isInteresting(2)).toBe(true);
    downloader.peerHaveNone(2, 40);
    expect(downloader.isInteresting(2)).toBe(false);
  });

  it("takes a bit beyond the last piece for nothing, and a bitfield of all pieces for everything", () => {
    const { downloader, output } = newDownloader({ peers: [2] });
    downloader.peerBitfield(2, Uint8Array.of(0b00001111), 0);
    expect(downloader.isInteresting(2)).toBe(false);
    downloader.peerBitfield(2, Uint8Array.of(0b11111111), 0);
    expect(downloader.isInteresting(2)).toBe(true);
    downloader.setDeadlines(0, [[3, 0]], 0);
    expect(output.take()).toEqual(["request 2 3.0 3.1 3.2"]);
    downloader.peerBitfield(2, Uint8Array.of(0b00010000), 0);
    expect(downloader.isInteresting(2)).toBe(true);
    downloader.peerBitfield(2, Uint8Array.of(0b00001111), 0);
    expect(downloader.isInteresting(2)).toBe(false);
  });

  it("ignores what is said of a peer that it does not know", () => {
    const { downloader, output } = newDownloader({ peers: [] });
    downloader.peerHave(5, 0, 0);
    downloader.peerBitfield(5, Uint8Array.of(255), 0);
    downloader.peerChoked(5, 0);
    downloader.peerUnchoked(5, 0);
    downloader.peerQueueLimit(5, 10);
    downloader.rejected(5, block(0, 0), 0);
    downloader.readEnded(5, 0);
    downloader.removePeer(5, 0);
    expect(downloader.isInteresting(5)).toBe(false);
    expect(downloader.peerStats(5).inFlight).toBe(0);
    expect(output.said).toEqual([]);
  });

  it.each([
    { title: "a peer that is added twice", act: ({ downloader }: Made) => downloader.addPeer(1, "again", 0) },
    {
      title: "a bitfield of another length",
      act: ({ downloader }: Made) => downloader.peerBitfield(1, new Uint8Array(2), 0),
    },
    { title: "a piece stored that was not verified", act: ({ downloader }: Made) => downloader.pieceStored(0, 0) },
    {
      title: "a failure to store what was not verified",
      act: ({ downloader }: Made) => downloader.pieceStoreFailed(0, 0),
    },
  ])("asserts on $title", ({ act }) => {
    expect(() => act(newDownloader())).toThrow(/must|needs/);
  });
});

type Made = ReturnType<typeof newDownloader>;
