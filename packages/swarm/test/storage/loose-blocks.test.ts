import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createRandom } from "@riptide/sim";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PartialPiece } from "../../src/download/index.ts";
import { loadLooseBlocks, MAX_LOOSE_BYTES, saveLooseBlocks } from "../../src/storage/loose-blocks.ts";
import { arrive, INFO_HASH, StorageBench, sampleTorrent } from "./sample-torrent.ts";

const BLOCK = 16 * 1024;
/** Ten blocks in a piece; the last piece has three, of which the last is short. */
const TORRENT = sampleTorrent({ pieceLengthBytes: 10 * BLOCK, files: [["film.mkv", 22 * BLOCK + 100]] });
const BITS = [10, 10, 3];

let bench: StorageBench;
beforeEach(async () => {
  bench = await StorageBench.create();
});
afterEach(() => bench.dispose());

/** A piece with these blocks, as the downloader hands it over: other blocks hold anything. */
function partial(piece: number, blocks: readonly number[]): PartialPiece {
  const bits = new Uint8Array(Math.ceil(BITS[piece]! / 8));
  const bytes = createRandom(piece).bytes(TORRENT.pieceBytes(piece).length);
  for (const block of blocks) {
    bits[block >> 3]! |= 0x80 >> (block & 7);
    bytes.set(TORRENT.pieceBytes(piece).subarray(block * BLOCK, (block + 1) * BLOCK), block * BLOCK);
  }
  return { piece, blocks: bits, bytes };
}

/** The blocks whose bits are set, each with its bytes. */
function blocksOf({ piece, blocks, bytes }: PartialPiece): { piece: number; block: number; isRight: boolean }[] {
  return Array.from({ length: BITS[piece]! }, (_, block) => block)
    .filter((block) => (blocks[block >> 3]! & (0x80 >> (block & 7))) !== 0)
    .map((block) => {
      const [start, end] = [block * BLOCK, (block + 1) * BLOCK];
      const isRight = Buffer.compare(bytes.subarray(start, end), TORRENT.pieceBytes(piece).subarray(start, end)) === 0;
      return { piece, block, isRight };
    });
}

describe("loose blocks", () => {
  it("come back as they were saved, whichever they are", async () => {
    const path = `${bench.data}/partials`;
    const blocks = BITS.map((count) => fc.subarray(Array.from({ length: count }, (_, block) => block)));
    await fc.assert(
      fc.asyncProperty(fc.tuple(...blocks), async (blocksOfPieces) => {
        const saved = blocksOfPieces.map((chosen, piece) => partial(piece, chosen));
        await saveLooseBlocks(path, saved, TORRENT);
        const loaded = await loadLooseBlocks(path, TORRENT);
        const expected = blocksOfPieces.flatMap((chosen, piece) =>
          chosen.map((block) => ({ piece, block, isRight: true })),
        );
        expect(loaded.flatMap(blocksOf)).toEqual(expected);
        expect(loaded.every(({ piece, bytes }) => bytes.length === TORRENT.pieceBytes(piece).length)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it("survive a restart of the store, without those of pieces that were verified since", async () => {
    const store = await bench.open(TORRENT);
    await store.savePartials([partial(0, [1, 2]), partial(2, [0, 2])]);
    await arrive(store, TORRENT, [0]);
    await store.sync();
    await store.close();
    const loaded = await (await bench.open(TORRENT)).loadPartials();
    expect(loaded.flatMap(blocksOf)).toEqual([
      { piece: 2, block: 0, isRight: true },
      { piece: 2, block: 2, isRight: true },
    ]);
  });

  it("replace those saved before; none at all leave no file", async () => {
    const store = await bench.open(TORRENT);
    await store.savePartials([partial(0, [1])]);
    await store.savePartials([partial(1, [3])]);
    expect((await store.loadPartials()).map(({ piece }) => piece)).toEqual([1]);
    await store.savePartials([partial(1, [])]);
    expect(existsSync(bench.path(".riptide", "partials"))).toBe(false);
    expect(await store.loadPartials()).toEqual([]);
  });

  it("are kept up to 64 MiB", async () => {
    const pieceLengthBytes = 24 * 1024 * 1024;
    const torrent = { infoHash: INFO_HASH, pieceLengthBytes, pieceCount: 3, sizeBytes: 3 * pieceLengthBytes };
    const whole = (piece: number) => ({
      piece,
      blocks: new Uint8Array(pieceLengthBytes / BLOCK / 8).fill(0xff),
      bytes: new Uint8Array(pieceLengthBytes).fill(piece),
    });
    const path = `${bench.data}/partials`;
    await saveLooseBlocks(path, [whole(0), whole(1), whole(2)], torrent);
    expect(MAX_LOOSE_BYTES).toBeLessThan(3 * pieceLengthBytes);
    const loaded = await loadLooseBlocks(path, torrent);
    expect(loaded.map(({ piece, bytes }) => [piece, bytes.every((byte) => byte === piece)])).toEqual([
      [0, true],
      [1, true],
    ]);
  });

  it("are fetched again, not believed, wherever their file is cut off or wrong", async () => {
    const path = `${bench.data}/partials`;
    const small = sampleTorrent({ pieceLengthBytes: BLOCK, files: [["a", 300]] });
    await saveLooseBlocks(path, [{ piece: 0, blocks: Uint8Array.of(0x80), bytes: small.bytes }], small);
    const whole = await readFile(path);
    expect(await loadLooseBlocks(path, small)).toHaveLength(1);
    for (let at = 0; at < whole.length; at += 1) {
      await writeFile(path, whole.subarray(0, at));
      expect(await loadLooseBlocks(path, small), `cut to ${at}`).toEqual([]);
      const wrong = Uint8Array.from(whole);
      wrong[at]! ^= 0x10;
      await writeFile(path, wrong);
      expect(await loadLooseBlocks(path, small), `byte ${at}`).toEqual([]);
    }
  });

  it("of another torrent are not taken", async () => {
    const path = `${bench.data}/partials`;
    await saveLooseBlocks(path, [partial(0, [1])], TORRENT);
    expect(await loadLooseBlocks(path, { ...TORRENT, infoHash: "f".repeat(40) })).toEqual([]);
  });
});
