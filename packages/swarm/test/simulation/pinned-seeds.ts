/**
 * Seeds that once found something, and what that was. A seed means what `randomScenario` makes of it: who changes that runs the old engine
 * on these once more, and takes others where they find nothing any longer.
 */
export const PINNED_SEEDS: readonly { readonly seed: number; readonly found: string }[] = [
  {
    seed: 9,
    found: "a block that was taken back twice was refused twice, and the second refusal ended a third request",
  },
  { seed: 90, found: "the same, with so much asked twice that half of the torrent was wasted" },
  {
    seed: 164,
    found: "a block came that had been taken back and asked for again, and the second request stayed behind",
  },
  {
    seed: 7_005_237,
    found: "bad copies had all blocks of the witness: the piece was whole, and nobody looked at its hash again",
  },
  {
    seed: 4_012_818,
    found: "to make way for copies, a peer far away was told to forget what it had sent already: half of it came twice",
  },
  {
    seed: 3_000_055,
    found: "what a reader held beyond the disk budget stayed when it had gone: nobody looked at the budget again",
  },
  {
    seed: 3_000_595,
    found:
      "what was evicted while the disk was asked was in no figure: there seemed to be too little room, and more had to go",
  },
];

/**
 * A piece that a liar spoiled was fetched once more from one honest peer of 25 KB/s, although one of 1.4 MB/s came back: 4 MiB took 156 s.
 * A witness is given up since for one that is much faster, and it takes 4.4 s.
 */
export const THIN_WITNESS = { seed: 3_004_474, finishMs: 10_000 } as const;

/** Seeds of whole sessions (`npm run simulate -- --session --seed`), as `randomSessionScenario` makes them: the same holds for these. */
export const PINNED_SESSION_SEEDS: readonly { readonly seed: number; readonly found: string }[] = [
  { seed: 14, found: "a web seed that answered 500 without a body kept its connection busy for ever" },
  {
    seed: 69,
    found: "a web seed without ranges went on with what stands in front of a block that nobody wanted any more",
  },
  {
    seed: 20_218,
    found: "what was taken back from a leecher that takes slowly waited for seconds behind all that it had asked for",
  },
];
