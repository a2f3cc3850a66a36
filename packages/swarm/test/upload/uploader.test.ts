import { describe, expect, it } from "vitest";
import type { BlockRequest } from "../../src/types.ts";
import { MAX_QUEUED_REQUESTS, Uploader } from "../../src/upload/index.ts";
import {
  ask,
  BLOCK_BYTES,
  block,
  blocks,
  CONTENT,
  GEOMETRY,
  KIB,
  settle,
  setUp,
  setUpFast,
} from "./uploader-setting.ts";

describe("Uploader", () => {
  it("answers a request with its bytes", async () => {
    const { wire, reads, uploader, uploadedBytes } = setUp();
    await ask(uploader, [block(1, 2)]);
    expect(reads.map(({ offset, length }) => [offset, length])).toEqual([[KIB * KIB + 2 * BLOCK_BYTES, BLOCK_BYTES]]);
    reads[0]!.answer();
    await settle();
    expect(wire.sent).toEqual([block(1, 2)]);
    expect([wire.wrongBytes, uploadedBytes(), uploader.queuedRequests]).toEqual([0, BLOCK_BYTES, 0]);
  });

  it("reads adjacent blocks in one go, 32 at most, and only one run at a time", async () => {
    const { wire, reads, uploader } = await setUpFast();
    await ask(uploader, blocks(0, 64));
    for (let turn = 0; turn < 2; turn++) {
      reads.at(-1)!.answer();
      await settle();
      wire.drain();
      await settle();
    }
    expect(reads.map(({ length }) => length / BLOCK_BYTES)).toEqual([32, 32]);
    expect(wire.sent).toEqual(blocks(0, 64));
    expect(wire.wrongBytes).toBe(0);
  });

  it("splits a run where the blocks are not adjacent, and joins it across pieces", async () => {
    const { wire, reads, uploader } = await setUpFast();
    const asked = [block(0, 5), block(0, 63), block(1, 0), block(1, 1), block(1, 1), block(0, 0), block(0, 2)];
    await ask(uploader, asked);
    for (let turn = 0; turn < 5; turn++) {
      reads.at(-1)!.answer();
      await settle();
    }
    expect(reads.map(({ offset, length }) => [offset / BLOCK_BYTES, length / BLOCK_BYTES])).toEqual([
      [5, 1],
      [63, 3],
      [65, 1],
      [0, 1],
      [2, 1],
    ]);
    expect(wire.sent).toEqual(asked);
    expect(wire.wrongBytes).toBe(0);
  });

  it("keeps a run of large requests below 512 KiB", async () => {
    const { wire, reads, uploader } = await setUpFast();
    const large = Array.from({ length: 8 }, (_, index) => ({ piece: 0, offset: index * 128 * KIB, length: 128 * KIB }));
    await ask(uploader, large);
    reads[0]!.answer();
    await settle();
    wire.drain();
    await settle();
    expect(reads.map(({ length }) => length / KIB)).toEqual([512, 512]);
  });

  it("serves the last, shorter block of the torrent", async () => {
    const { wire, reads, uploader } = setUp();
    const last = { piece: 2, offset: 98_304, length: 100_000 - 98_304 };
    await ask(uploader, [last]);
    reads[0]!.answer();
    await settle();
    expect([wire.sent, wire.wrongBytes]).toEqual([[last], 0]);
  });
});

describe("the bounds of an uploader", () => {
  const impossible: [string, BlockRequest][] = [
    ["behind the last piece", { piece: 3, offset: 0, length: 1 }],
    ["in piece 4,294,967,295", { piece: 0xffff_ffff, offset: 0, length: 1 }],
    ["of no bytes", { piece: 0, offset: 0, length: 0 }],
    ["of 128 KiB and a byte", { piece: 0, offset: 0, length: 128 * KIB + 1 }],
    ["of 4 GB", { piece: 0, offset: 0, length: 0xffff_ffff }],
    ["beyond the end of a piece", { piece: 0, offset: KIB * KIB - 1, length: 2 }],
    ["at offset 4,294,967,295", { piece: 0, offset: 0xffff_ffff, length: 1 }],
    ["beyond the end of the torrent", { piece: 2, offset: 98_304, length: BLOCK_BYTES }],
  ];
  it.each(impossible)("rejects a request %s, and closes at the second", async (_, request) => {
    const { wire, reads, uploader } = setUp();
    await ask(uploader, [request]);
    expect([wire.rejected, wire.closeReasons]).toEqual([[request], []]);
    await ask(uploader, [request]);
    expect(wire.closeReasons).toEqual(["impossible requests"]);
    expect(reads).toHaveLength(0);
  });

  it("rejects requests of a choked peer without holding them against it", async () => {
    const { wire, reads, uploader } = setUp();
    uploader.setChoking(true);
    await ask(uploader, blocks(0, 3));
    expect([wire.rejected, wire.closeReasons, reads.length]).toEqual([blocks(0, 3), [], 0]);
  });

  it("starts choked", async () => {
    const { wire, reads } = setUp();
    const uploader = new Uploader({
      wire,
      geometry: GEOMETRY,
      hasPiece: () => true,
      nowMs: () => 0,
      read: () => Promise.reject(new Error("never")),
      onUploaded: () => undefined,
    });
    await ask(uploader, [block(0, 0)]);
    expect([wire.rejected, reads.length]).toEqual([[block(0, 0)], 0]);
  });

  it("rejects a piece that we do not have", async () => {
    const { wire, reads, uploader } = setUp({ hasPiece: (piece) => piece !== 1 });
    await ask(uploader, [block(1, 0)]);
    await ask(uploader, [block(0, 0)]);
    expect(wire.rejected).toEqual([block(1, 0)]);
    expect(reads).toHaveLength(1);
  });

  it("keeps 512 requests and rejects the rest, then takes more as they are served", async () => {
    const { wire, reads, uploader } = await setUpFast();
    await ask(uploader, [block(0, 0)]);
    for (let count = 0; count < MAX_QUEUED_REQUESTS + 10; count++) uploader.request(block(0, count % 64));
    expect([uploader.queuedRequests, wire.rejected.length]).toEqual([512, 10]);
    reads[0]!.answer();
    await settle();
    expect(uploader.queuedRequests).toBe(480);
    await ask(uploader, [block(0, 1)]);
    expect([uploader.queuedRequests, wire.rejected.length]).toEqual([481, 10]);
  });

  it("reads no more while over 512 KiB wait for the socket", async () => {
    const { wire, reads, uploader } = await setUpFast();
    await ask(uploader, [...blocks(0, 64), ...blocks(1, 32)]);
    reads[0]!.answer();
    await settle();
    expect([wire.sent.length, wire.drainWaits, reads.length]).toEqual([32, 1, 1]);
    wire.drain();
    await settle();
    expect(reads).toHaveLength(2);
  });
});

describe("what interrupts an uploader", () => {
  it("a cancel takes a waiting request out and rejects it, as BEP 6 wants", async () => {
    const { wire, reads, uploader } = setUp();
    await ask(uploader, [block(0, 0)]);
    await ask(uploader, [block(0, 1), block(0, 2), block(0, 3)]);
    uploader.cancel(block(0, 2));
    expect(wire.rejected).toEqual([block(0, 2)]);
    reads[0]!.answer();
    await settle();
    expect(reads.map(({ length }) => length / BLOCK_BYTES)).toEqual([1, 1]);
  });

  it.each([
    ["that is being read", block(0, 0)],
    ["that nobody made", block(1, 7)],
    ["of another length", block(0, 1, 5)],
  ])("a cancel of a request %s changes nothing", async (_, cancelled) => {
    const { wire, reads, uploader } = setUp();
    await ask(uploader, blocks(0, 2));
    uploader.cancel(cancelled);
    reads[0]!.answer();
    await settle();
    expect([wire.sent, wire.rejected]).toEqual([blocks(0, 2), []]);
  });

  it("a choke rejects all that waits and what is being read, and an unchoke starts afresh", async () => {
    const { wire, reads, uploader } = setUp();
    await ask(uploader, [block(0, 0)]);
    await ask(uploader, [block(0, 1), block(0, 2)]);
    uploader.setChoking(true);
    expect(wire.rejected).toEqual([block(0, 1), block(0, 2)]);
    reads[0]!.answer();
    await settle();
    expect([wire.sent, wire.rejected]).toEqual([[], [block(0, 1), block(0, 2), block(0, 0)]]);
    uploader.setChoking(false);
    await ask(uploader, [block(0, 9)]);
    reads[1]!.answer();
    await settle();
    expect(wire.sent).toEqual([block(0, 9)]);
  });

  it.each([
    ["fails", undefined],
    ["comes up short", CONTENT.subarray(0, 10)],
  ])("a read that %s rejects its run, and the next one is served", async (_, bytes) => {
    const { wire, reads, uploader, uploadedBytes } = setUp();
    await ask(uploader, [block(0, 0), block(1, 0), block(1, 1), block(2, 0)]);
    reads[0]!.answer();
    await settle();
    if (bytes === undefined) reads[1]!.fail();
    else reads[1]!.answer(bytes);
    await settle();
    reads[2]!.answer();
    await settle();
    expect(wire.rejected).toEqual([block(1, 0), block(1, 1)]);
    expect(wire.sent).toEqual([block(0, 0), block(2, 0)]);
    expect(uploadedBytes()).toBe(2 * BLOCK_BYTES);
  });

  it("closing aborts the read and sends nothing more", async () => {
    const { wire, reads, uploader, uploadedBytes } = setUp();
    await ask(uploader, blocks(0, 3));
    uploader.close();
    expect(reads[0]!.signal.aborted).toBe(true);
    reads[0]!.answer();
    await settle();
    expect([wire.sent, wire.rejected, reads.length, uploadedBytes(), uploader.queuedRequests]).toEqual([
      [],
      [],
      1,
      0,
      0,
    ]);
  });

  it("closing ends the wait for a full socket", async () => {
    const { wire, reads, uploader } = await setUpFast();
    await ask(uploader, [...blocks(0, 64), ...blocks(1, 32)]);
    reads[0]!.answer();
    await settle();
    expect(wire.drainWaits).toBe(1);
    uploader.close();
    await settle();
    wire.drain();
    await settle();
    expect(reads).toHaveLength(1);
  });

  it("a closed wire ends it even if nobody says so", async () => {
    const { wire, reads, uploader } = setUp();
    await ask(uploader, [block(0, 0), block(1, 0)]);
    wire.close("gone");
    reads[0]!.answer();
    await settle();
    expect(reads).toHaveLength(1);
  });
});
