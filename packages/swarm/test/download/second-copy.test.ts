import { describe, expect, it } from "vitest";
import { BufferPool } from "../../src/download/buffer-pool.ts";
import { PieceAssembly } from "../../src/download/piece-assembly.ts";
import {
  composeWithoutLiars,
  missingBlocks,
  nameOfGroup,
  putTogether,
  suspectGroups,
} from "../../src/download/second-copy.ts";
import { Source } from "../../src/download/source.ts";
import type { BadCopy } from "../../src/download/trial.ts";

const BLOCK = 16_384;
const [ann, ben, cat, dan] = ["ann", "ben", "cat", "dan"].map((host, peer) => new Source(peer, host));

/** A letter for each block: who sent it; upper case = wrong. */
function copyOf(text: string): { bytes: Uint8Array; sources: Source[] } {
  const bytes = new Uint8Array(text.length * BLOCK);
  const sources = Array.from(text, (letter, block) => {
    const isWrong = letter === letter.toUpperCase();
    // Liars of different names tell different lies.
    bytes.fill(isWrong ? 200 + letter.charCodeAt(0) - 65 : block + 1, block * BLOCK, (block + 1) * BLOCK);
    const source = { a: ann, b: ben, c: cat, d: dan }[letter.toLowerCase()];
    if (source === undefined) throw new TypeError(`nobody is called ${letter}`);
    return source;
  });
  return { bytes, sources };
}

function copiesOf(...texts: string[]) {
  const length = texts[0]?.length ?? 0;
  const pool = new BufferPool(length * BLOCK);
  const piece = new PieceAssembly({ piece: 0, lengthBytes: length * BLOCK, openedOrder: 0, pool });
  const copies = texts.map((text): BadCopy => {
    const { bytes, sources } = copyOf(text);
    return { buffer: bytes, sources };
  });
  let hashes = 0;
  const isRight = () => {
    hashes += 1;
    return piece.sources.every((source, block) => source !== undefined && piece.blockBytes(block)[0] === block + 1);
  };
  const compose = (tried = new Set<string>()) =>
    composeWithoutLiars(piece, { copies, groups: suspectGroups(piece, copies), tried }, isRight);
  const groups = () => suspectGroups(piece, copies).map(nameOfGroup);
  return { piece, copies, compose, groups, hashes: () => hashes };
}

describe("bad copies of a piece", () => {
  it.each([
    { title: "the liar is in the first copy", copies: ["aBca", "cabb"], liars: "ben" },
    { title: "the liar is in both copies, at different blocks", copies: ["Bacd", "cBab"], liars: "ben" },
    { title: "the liar lied about one of its blocks only", copies: ["abcB", "bcba"], liars: "ben" },
    { title: "two liars, who never sent the same block", copies: ["AcBddc", "cAdBcd"], liars: "ann ben" },
    {
      title: "two liars who tell different lies, and a third version of what only they sent",
      copies: ["ABcd", "Bcda", "cddc"],
      liars: "ann ben",
    },
  ])("give the piece when $title", ({ copies, liars }) => {
    const { piece, compose } = copiesOf(...copies);
    expect(compose()).toBe(true);
    const named = new Set(liars.split(" "));
    for (const source of piece.sources) expect(named.has(source?.host ?? "")).toBe(false);
  });

  it("name who may have lied, fewest and most disputed first, and never all who are in dispute", () => {
    expect(copiesOf("aBca", "cabb").groups()).toEqual(["ben", "ann", "cat"].filter((name) => name !== "cat"));
    expect(copiesOf("AcBddc", "cAdBcd").groups()).toContain("ann ben");
  });

  it("leave blocks free that only suspects have sent", () => {
    const { piece, copies, compose } = copiesOf("ABcd", "BAdc");
    expect(compose()).toBe(false);
    const suspects = new Set(["ann", "ben"]);
    expect(missingBlocks(piece, copies, suspects)).toEqual([0, 1]);
    putTogether(piece, copies, suspects);
    expect([0, 1, 2, 3].map((block) => piece.isFree(block))).toEqual([true, true, false, false]);
  });

  it("cost no hash when they are the same, and none for a group that was tried", () => {
    const same = copiesOf("abcd", "bcda");
    expect([same.groups(), same.compose(), same.hashes()]).toEqual([[], false, 0]);
    const once = copiesOf("aBcd", "bAcc".replace("A", "a"));
    const tried = new Set(once.groups());
    expect([once.compose(tried), once.hashes()]).toEqual([false, 0]);
  });

  it("cost few hashes, however many are in dispute", () => {
    const letters = "abcd";
    const first = Array.from({ length: 32 }, (_, block) => letters[block % 4]).join("");
    const second = Array.from({ length: 32 }, (_, block) => letters[(block + 1 + (block % 3)) % 4]?.toUpperCase()).join(
      "",
    );
    const { compose, hashes } = copiesOf(first, second);
    compose();
    expect(hashes()).toBeLessThanOrEqual(8);
  });
});
