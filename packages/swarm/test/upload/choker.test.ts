import { array, assert, boolean, integer, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { type ChokerOptions, type ChokerPeer, chooseOptimistic, chooseUnchoked } from "../../src/upload/index.ts";

function peer(key: string, fields: Partial<ChokerPeer<string>> = {}): ChokerPeer<string> {
  return { key, interested: true, downloadRate: 0, uploadRate: 0, ...fields };
}

const OPTIONS: ChokerOptions<string> = { slots: 4, isSeed: false, optimistic: undefined, random: () => 0 };

/** Six interested peers; `a` gives most and takes least. */
const SIX = ["a", "b", "c", "d", "e", "f"].map((key, index) =>
  peer(key, { downloadRate: 60 - index * 10, uploadRate: index * 10 }),
);

describe("chooseUnchoked", () => {
  const cases: [string, ChokerPeer<string>[], Partial<ChokerOptions<string>>, string[]][] = [
    ["gives the regular slots to those who give us most, and one by lot", SIX, {}, ["a", "b", "c", "d"]],
    ["draws the optimistic one among those who have no slot", SIX, { random: () => 0.99 }, ["a", "b", "c", "f"]],
    ["keeps the optimistic one whatever the lot says", SIX, { optimistic: "e" }, ["a", "b", "c", "e"]],
    ["draws anew when the optimistic one has earned a slot", SIX, { optimistic: "b" }, ["a", "b", "c", "d"]],
    ["draws anew when the optimistic one is gone", SIX, { optimistic: "z" }, ["a", "b", "c", "d"]],
    ["as a seed serves those who take most", SIX, { isSeed: true }, ["f", "e", "d", "a"]],
    ["serves everybody while there are slots", SIX.slice(0, 3), {}, ["a", "b", "c"]],
    [
      "passes over who wants nothing, however much it gives",
      [peer("x", { interested: false, downloadRate: 999 }), ...SIX],
      {},
      ["a", "b", "c", "d"],
    ],
    [
      "takes a slot from an optimistic peer that lost interest",
      [...SIX, peer("x", { interested: false })],
      { optimistic: "x" },
      ["a", "b", "c", "d"],
    ],
    ["serves nobody without peers", [], {}, []],
    ["serves nobody without slots", SIX, { slots: 0 }, []],
    ["gives a single slot to the best", SIX, { slots: 1 }, ["a"]],
    [
      "keeps the order of equals, so that slots do not flap",
      [peer("p"), peer("q"), peer("r")],
      { slots: 3, random: () => 0 },
      ["p", "q", "r"],
    ],
  ];
  it.each(cases)("%s", (_, peers, options, unchoked) => {
    expect([...chooseUnchoked(peers, { ...OPTIONS, ...options })].sort()).toEqual(unchoked.sort());
  });

  it("does not change the list it is given", () => {
    const peers = [...SIX].reverse();
    chooseUnchoked(peers, OPTIONS);
    expect(peers.map(({ key }) => key)).toEqual(["f", "e", "d", "c", "b", "a"]);
  });

  it("fills as many slots as there are interested peers, never more, and never one who wants nothing", () => {
    const peers = array(
      record({
        interested: boolean(),
        downloadRate: integer({ min: 0, max: 5 }),
        uploadRate: integer({ min: 0, max: 5 }),
      }),
    );
    assert(
      property(
        peers,
        integer({ min: 0, max: 8 }),
        boolean(),
        integer({ min: 0, max: 99 }),
        (drawn, slots, isSeed, lot) => {
          const keyed = drawn.map((fields, key) => ({ key, ...fields }));
          const unchoked = chooseUnchoked(keyed, { slots, isSeed, optimistic: undefined, random: () => lot / 100 });
          const interested = keyed.filter((candidate) => candidate.interested);
          expect(unchoked.size).toBe(Math.min(slots, interested.length));
          expect([...unchoked].every((key) => keyed[key]!.interested)).toBe(true);
          const rate = isSeed ? "uploadRate" : "downloadRate";
          const best = interested.map((candidate) => candidate[rate]).sort((left, right) => right - left);
          const got = [...unchoked].map((key) => keyed[key]![rate]).sort((left, right) => right - left);
          // All but the optimistic one are the best there are.
          const regular = slots < 2 ? slots : slots - 1;
          expect(got.slice(0, regular)).toEqual(best.slice(0, Math.min(regular, got.length)));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("chooseOptimistic", () => {
  it("names the one that chooseUnchoked then keeps", () => {
    for (const lot of [0, 0.34, 0.67, 0.999]) {
      const optimistic = chooseOptimistic(SIX, { ...OPTIONS, random: () => lot });
      expect(["d", "e", "f"]).toContain(optimistic);
      const unchoked = chooseUnchoked(SIX, { ...OPTIONS, optimistic, random: () => 1 - lot });
      expect([...unchoked].sort()).toEqual(["a", "b", "c", optimistic]);
    }
  });

  it("gives everybody a turn", () => {
    const turns = new Set(
      Array.from({ length: 30 }, (_, round) => chooseOptimistic(SIX, { ...OPTIONS, random: () => round / 30 })),
    );
    expect(turns).toEqual(new Set(["d", "e", "f"]));
  });

  it.each([
    ["all have a slot", SIX.slice(0, 3), 4],
    ["there is one slot only", SIX, 1],
    ["there is nobody", [], 4],
  ])("names nobody when %s", (_, peers, slots) => {
    expect(chooseOptimistic(peers, { ...OPTIONS, slots })).toBeUndefined();
  });
});
