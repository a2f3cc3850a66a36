import { torrentShape } from "@riptide/sim";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PlannedDemand, planDeadlines, ReadingPlaces } from "../../src/download/index.ts";
import { MAX_PLANNED_PIECES } from "../../src/download/readers.ts";

const MIB = 1024 * 1024;
const NOW = 100_000;
const geometry = torrentShape(100 * MIB, MIB);

const demand = (start: number, end: number, rest: Partial<PlannedDemand>): PlannedDemand => ({
  range: { start: start * MIB, end: end * MIB },
  urgency: "soon",
  sinceMs: NOW,
  ...rest,
});

describe("the plan of deadlines", () => {
  it.each([
    {
      title: "puts a newcomer's first piece three seconds before the time it came",
      demands: [demand(5, 5.1, { urgency: "now" })],
      plan: [[5, NOW - 3000]],
    },
    {
      title: "puts the first piece of a reader that goes on at the time it began to wait",
      demands: [demand(5, 5.1, { urgency: "now", continues: true, sinceMs: NOW - 400 })],
      plan: [[5, NOW - 400]],
    },
    {
      title: "spaces the rest of an urgent range by the reader's pace",
      demands: [demand(5.5, 8, { urgency: "now", bytesPerSecond: MIB })],
      plan: [
        [5, NOW - 3000],
        [6, NOW + 500],
        [7, NOW + 1500],
      ],
    },
    {
      title: "spaces a window by the reader's pace, a second behind what somebody waits for",
      demands: [demand(5, 8, { bytesPerSecond: MIB / 2 })],
      plan: [
        [5, NOW + 1000],
        [6, NOW + 3000],
        [7, NOW + 5000],
      ],
    },
    {
      title: "counts what its reader reads elsewhere before",
      demands: [demand(5, 7, { bytesPerSecond: MIB, distanceBytes: 4 * MIB }), demand(20, 21, { bytesPerSecond: MIB })],
      plan: [
        [20, NOW + 1000],
        [5, NOW + 5000],
        [6, NOW + 6000],
      ],
    },
    {
      title: "assumes 2 MB/s where the pace is not known, so that order is by distance",
      demands: [demand(5, 7, {})],
      plan: [
        [5, NOW + 1000],
        [6, NOW + 1000 + MIB / 2000],
      ],
    },
    {
      title: "takes the most urgent of several demands for a piece",
      demands: [demand(5, 6, {}), demand(5.2, 5.3, { urgency: "now" })],
      plan: [[5, NOW - 3000]],
    },
    {
      title: "puts what is useful later after every window, however slow its reader",
      demands: [demand(1, 2, { urgency: "later" }), demand(8, 10, { bytesPerSecond: 0.001 })],
      plan: [
        [8, NOW + 1000],
        [9, NOW + 3_599_000],
        [1, NOW + 3_600_000],
      ],
    },
    { title: "is empty for an empty range", demands: [demand(5.5, 5.5, { urgency: "now" })], plan: [] },
    {
      title: "ends with the torrent",
      demands: [demand(99, 120, { urgency: "now" })],
      plan: [[99, NOW - 3000]],
    },
  ])("$title", ({ demands, plan }) => {
    expect(planDeadlines(demands, geometry, NOW)).toEqual(plan);
  });

  it("gives the head start to the first piece that is missing, and leaves out what is there", () => {
    const demands = [demand(5, 8, { urgency: "now", bytesPerSecond: MIB })];
    expect(planDeadlines(demands, geometry, NOW, (piece) => piece === 5)).toEqual([
      [6, NOW - 3000],
      [7, NOW + 2000],
    ]);
  });

  it("is bounded, and keeps the most urgent", () => {
    const large = torrentShape(5000 * MIB, MIB);
    const demands = [demand(0, 5000, { urgency: "later" }), demand(4000, 4001, { urgency: "now" })];
    const plan = planDeadlines(demands, large, NOW);
    expect(plan).toHaveLength(MAX_PLANNED_PIECES);
    expect(plan[0]).toEqual([4000, NOW - 3000]);
    expect(plan.at(-1)?.[0]).toBe(MAX_PLANNED_PIECES - 2);
  });

  it("goes on behind the limit once the first pieces are there", () => {
    const large = torrentShape(5000 * MIB, MIB);
    const plan = planDeadlines([demand(0, 5000, { urgency: "later" })], large, NOW, (piece) => piece < 3000);
    expect(plan[0]?.[0]).toBe(3000);
  });

  it("is sorted, without doubles, and names only pieces that some demand touches", () => {
    const anyDemand = fc
      .tuple(fc.nat(100 * MIB), fc.nat(30 * MIB), fc.constantFrom("now", "soon", "later"), fc.nat(NOW), fc.boolean())
      .map(
        ([start, length, urgency, sinceMs, continues]): PlannedDemand => ({
          range: { start, end: Math.min(geometry.sizeBytes, start + length) },
          urgency: urgency === "now" || urgency === "soon" ? urgency : "later",
          sinceMs,
          continues,
        }),
      );
    fc.assert(
      fc.property(fc.array(anyDemand, { maxLength: 6 }), (demands) => {
        const plan = planDeadlines(demands, geometry, NOW);
        const touched = new Set<number>();
        for (const { range } of demands) {
          for (let offset = range.start; offset < range.end; offset = (Math.floor(offset / MIB) + 1) * MIB) {
            touched.add(Math.floor(offset / MIB));
          }
        }
        expect(new Set(plan.map(([piece]) => piece))).toEqual(touched);
        expect(plan).toHaveLength(touched.size);
        for (let index = 1; index < plan.length; index++)
          expect(plan[index]![1]).toBeGreaterThanOrEqual(plan[index - 1]![1]);
      }),
    );
  });
});

describe("the places where somebody reads", () => {
  it.each([
    { title: "a first demand is a newcomer's", steps: [[0, 0]], continues: false },
    {
      title: "the next demand further on goes on",
      steps: [
        [0, 0],
        [0.2, 400],
      ],
      continues: true,
    },
    {
      title: "what follows at once still belongs to the arrival",
      steps: [
        [0, 0],
        [0, 5],
      ],
      continues: false,
    },
    {
      title: "a seek is an arrival",
      steps: [
        [0, 0],
        [0.5, 1000],
        [60, 1100],
      ],
      continues: false,
    },
    {
      title: "the old reader still goes on after the seek",
      steps: [
        [0, 0],
        [60, 1000],
        [0.8, 1100],
      ],
      continues: true,
    },
  ])("are told apart: $title", ({ steps, continues }) => {
    const places = new ReadingPlaces();
    const answers = steps.map(([mib = 0, nowMs = 0]) => places.arrive(mib * MIB, nowMs));
    expect(answers.at(-1)).toBe(continues);
  });

  it("are forgotten when there are too many, the longest unused first", () => {
    const places = new ReadingPlaces();
    for (let place = 0; place <= 64; place++) places.arrive(place * 10 * MIB, place);
    expect(places.arrive(64 * 10 * MIB, 1000)).toBe(true);
    expect(places.arrive(0, 1000)).toBe(false);
  });
});
