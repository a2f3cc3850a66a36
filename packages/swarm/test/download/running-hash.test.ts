import { createHash } from "node:crypto";
import { torrentShape, trueBytes } from "@riptide/sim";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PieceHash } from "../../src/download/downloader-types.ts";
import { Downloader } from "../../src/download/index.ts";
import { BLOCK_LENGTH_BYTES, type BlockRequest } from "../../src/types.ts";

const MIB = 1024 * 1024;
const digestOf = (bytes: Uint8Array): string => createHash("sha1").update(bytes).digest("hex");

/** A downloader whose peers' requests are answered by hand, and what it hashed in each call. */
function setUp({ pieceLengthBytes, peers }: { pieceLengthBytes: number; peers: number }) {
  const geometry = torrentShape(pieceLengthBytes, pieceLengthBytes);
  const content = trueBytes(geometry, 0);
  const digest = digestOf(content);
  const asked = Array.from({ length: peers }, (): BlockRequest[] => []);
  const outcome = { verified: 0, failed: 0, bans: [] as string[], wholeHashes: 0 };
  let hashedBytes = 0;
  const hashOf = (): PieceHash => {
    const hash = createHash("sha1");
    return {
      update: (bytes) => {
        hashedBytes += bytes.length;
        hash.update(bytes);
      },
      isRight: () => hash.digest("hex") === digest,
    };
  };
  const downloader = new Downloader({
    geometry,
    have: new Uint8Array(1),
    hash: hashOf,
    verify: (_piece, bytes) => {
      outcome.wholeHashes += 1;
      return digestOf(bytes) === digest;
    },
    output: {
      request: (peer, blocks) => void asked[peer]?.push(...blocks),
      cancel: (peer, blocks) => {
        const names = new Set(blocks.map(({ offset }) => offset));
        asked[peer] = (asked[peer] ?? []).filter(({ offset }) => !names.has(offset));
      },
      pieceVerified: (_piece, bytes) => {
        expect(Buffer.compare(bytes, content)).toBe(0);
        outcome.verified += 1;
      },
      pieceFailed: () => {
        outcome.failed += 1;
      },
      ban: (peer, host) => {
        outcome.bans.push(host);
        asked[peer] = [];
      },
      bufferReleased: () => undefined,
    },
  });
  for (let peer = 0; peer < peers; peer += 1) {
    downloader.addPeer(peer, `host-${peer}`, 0);
    downloader.peerHaveAll(peer, 0);
    downloader.peerUnchoked(peer, 0);
  }
  downloader.setDeadlines(0, [[0, 0]], 0);
  let nowMs = 0;
  /** Lets the peer send the block it was asked for at this place of its queue; how much was hashed meanwhile. */
  const answer = (peer: number, place: number, isLie: boolean): number => {
    const [block] = asked[peer]?.splice(place, 1) ?? [];
    if (block === undefined) return 0;
    nowMs += 1;
    const before = hashedBytes;
    const target = downloader.blockTarget(peer, block);
    const bytes = content.slice(block.offset, block.offset + block.length);
    if (isLie) bytes[7] = (bytes[7] ?? 0) ^ 1;
    target?.buffer.set(bytes, target.at);
    downloader.blockArrived(peer, block, target !== null, nowMs);
    downloader.readEnded(peer, nowMs);
    return hashedBytes - before;
  };
  const tick = (): void => {
    nowMs += 50;
    downloader.tick(nowMs);
  };
  return { downloader, asked, outcome, answer, tick };
}

describe("the hash of a piece that arrives", () => {
  it("is taken by a few blocks: a piece of 16 MiB is never hashed in one go", () => {
    const { asked, outcome, answer } = setUp({ pieceLengthBytes: 16 * MIB, peers: 1 });
    let mostBytes = 0;
    for (let turn = 0; outcome.verified === 0 && turn < 2000; turn += 1) {
      // The second is answered before the first, now and then.
      const place = turn % 3 === 0 && (asked[0]?.length ?? 0) > 1 ? 1 : 0;
      mostBytes = Math.max(mostBytes, answer(0, place, false));
    }
    expect(outcome).toMatchObject({ verified: 1, failed: 0, wholeHashes: 0 });
    expect(mostBytes).toBeLessThanOrEqual(4 * BLOCK_LENGTH_BYTES);
  });

  it("is right whatever the order, whoever lies, and however often blocks are fetched again", () => {
    const step = fc.record({ peer: fc.nat(2), place: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 60, maxLength: 200 }), fc.boolean(), fc.nat(40), (steps, lies, size) => {
        const pieceLengthBytes = (4 + (size % 12)) * BLOCK_LENGTH_BYTES + size;
        const { outcome, answer, tick } = setUp({ pieceLengthBytes, peers: 3 });
        for (let turn = 0; outcome.verified === 0 && turn < 3000; turn += 1) {
          const { peer, place } = steps[turn % steps.length] ?? { peer: 0, place: 0 };
          const actual = turn < steps.length ? peer : turn % 3;
          answer(actual, turn < steps.length ? place : 0, lies && actual === 2);
          if (turn % 10 === 0) tick();
        }
        expect(outcome.verified).toBe(1);
        expect(outcome.bans.every((host) => host === "host-2")).toBe(true);
        expect(outcome.failed === 0 || lies).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
