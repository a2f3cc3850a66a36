import { describe, expect, it } from "vitest";
import { BufferPool } from "../../src/download/buffer-pool.ts";
import { PieceAssembly } from "../../src/download/piece-assembly.ts";
import { composeWithoutLiar } from "../../src/download/second-copy.ts";
import { Source } from "../../src/download/source.ts";
import type { BadCopy } from "../../src/download/trial.ts";

const BLOCK = 16_384;
const [ann, ben, cat, dan] = ["ann", "ben", "cat", "dan"].map((host, peer) => new Source(peer, host));

/** A letter for each block: who sent it; upper case = wrong. */
function copyOf(text: string): { bytes: Uint8Array; sources: Source[] } {
  const bytes = new Uint8Array(text.length * BLOCK);
  const sources = Array.from(text, (letter, block) => {
    const isWrong = letter === letter.toUpperCase();
    bytes.fill(isWrong ? 200 + letter.charCodeAt(0) - 65 : block + 1, block * BLOCK, (block + 1) * BLOCK);
    const source = { a: ann, b: ben, c: cat, d: dan }[letter.toLowerCase()];
    if (source === undefined) throw new TypeError(`nobody is called ${letter}`);
    return source;
  });
  return { bytes, sources };
}

function twoCopies(first: string, second: string) {
  const pool = new BufferPool(first.length * BLOCK);
  const assembly = new PieceAssembly({ piece: 0, lengthBytes: first.length * BLOCK, openedOrder: 0, pool });
  const { bytes, sources } = copyOf(second);
  assembly.bytes().set(bytes);
  for (const [block, source] of sources.entries()) assembly.arrive(block, source);
  const firstCopy = copyOf(first);
  const copy: BadCopy = { buffer: firstCopy.bytes, sources: [...firstCopy.sources] };
  const right = copyOf(first.toLowerCase()).bytes;
  let hashes = 0;
  const isRight = () => {
    hashes += 1;
    return assembly.bytes().every((byte, index) => byte === right[index]);
  };
  return { assembly, copy, isRight, hashes: () => hashes };
}

describe("two bad copies of a piece", () => {
  it.each([
    { title: "the liar is in the first copy", first: "aBca", second: "cAbB".replace("A", "a") },
    { title: "the liar is in both copies, at different blocks", first: "Bacd", second: "cBab" },
    { title: "the liar lied about one of its blocks only", first: "abcB", second: "bcba".replace("cb", "ca") },
  ])("give the piece when one peer lied: $title", ({ first, second }) => {
    const { assembly, copy, isRight } = twoCopies(first, second);
    expect(composeWithoutLiar(assembly, copy, isRight)).toBe(true);
    expect(isRight()).toBe(true);
    const wrong = copy.sources.filter((_, block) => copy.buffer[block * BLOCK] !== block + 1);
    expect(new Set(wrong)).toEqual(new Set([ben]));
  });

  it("give nothing when two peers lied about the same block", () => {
    const { assembly, copy, isRight } = twoCopies("Aabc", "Bbcd");
    expect(composeWithoutLiar(assembly, copy, isRight)).toBe(false);
    // Whatever was exchanged, every block is still with the peer that sent it.
    for (const [block, source] of assembly.sources.entries()) {
      const isWrong = assembly.bytes()[block * BLOCK] !== block + 1;
      expect(isWrong && source !== ann && source !== ben).toBe(false);
    }
  });

  it("cost no hash when they are the same", () => {
    const { assembly, copy, isRight, hashes } = twoCopies("abcd", "bcda");
    expect(composeWithoutLiar(assembly, copy, isRight)).toBe(false);
    expect(hashes()).toBe(0);
  });
});
