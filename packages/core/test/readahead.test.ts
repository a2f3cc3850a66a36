import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { READAHEAD_MAX_BYTES, READAHEAD_MIN_BYTES, type ReadaheadState, readaheadWindow } from "../src/index.ts";

const MIB = 1024 * 1024;
const FAR = 10_000 * MIB;

describe("readaheadWindow", () => {
  it.each([
    { title: "is smallest at the start", sequentialBytes: 0, bytesPerSecond: undefined, size: READAHEAD_MIN_BYTES },
    {
      title: "does not grow before the first picture",
      sequentialBytes: MIB,
      bytesPerSecond: 1e6,
      size: READAHEAD_MIN_BYTES,
    },
    {
      title: "grows by what is read",
      sequentialBytes: 5 * MIB,
      bytesPerSecond: undefined,
      size: 4 * MIB + READAHEAD_MIN_BYTES,
    },
    {
      title: "is largest in a long download",
      sequentialBytes: FAR,
      bytesPerSecond: undefined,
      size: READAHEAD_MAX_BYTES,
    },
    { title: "ends at twenty seconds of a known rate", sequentialBytes: FAR, bytesPerSecond: 125_000, size: 2_500_000 },
    { title: "rounds a fraction of a byte up", sequentialBytes: FAR, bytesPerSecond: 100_000.01, size: 2_000_001 },
    {
      title: "stays at the smallest for a very slow rate",
      sequentialBytes: FAR,
      bytesPerSecond: 100,
      size: READAHEAD_MIN_BYTES,
    },
    {
      title: "stays at the largest for a very fast rate",
      sequentialBytes: FAR,
      bytesPerSecond: 1e9,
      size: READAHEAD_MAX_BYTES,
    },
    { title: "takes a rate of zero as unknown", sequentialBytes: FAR, bytesPerSecond: 0, size: READAHEAD_MAX_BYTES },
    { title: "takes a negative rate as unknown", sequentialBytes: FAR, bytesPerSecond: -1, size: READAHEAD_MAX_BYTES },
    {
      title: "takes no number as unknown",
      sequentialBytes: FAR,
      bytesPerSecond: Number.NaN,
      size: READAHEAD_MAX_BYTES,
    },
    {
      title: "takes an endless rate as very fast",
      sequentialBytes: FAR,
      bytesPerSecond: Infinity,
      size: READAHEAD_MAX_BYTES,
    },
  ])("$title", ({ sequentialBytes, bytesPerSecond, size }) => {
    const window = readaheadWindow(stateOf({ readHead: 7 * MIB, end: 2 * FAR, sequentialBytes, bytesPerSecond }));
    expect(window).toEqual({ start: 7 * MIB, end: 7 * MIB + size });
  });

  it.each([
    { title: "is cut at the end of what is read", readHead: 900, end: 1000, expected: { start: 900, end: 1000 } },
    { title: "is empty at the end", readHead: 1000, end: 1000, expected: { start: 1000, end: 1000 } },
    { title: "is empty past the end", readHead: 1200, end: 1000, expected: { start: 1200, end: 1200 } },
  ])("$title", ({ readHead, end, expected }) => {
    expect(readaheadWindow({ readHead, end, sequentialBytes: 0 })).toEqual(expected);
  });

  it.each([
    { title: "holds what is needed in any case", neededBytes: 3 * MIB, size: 3 * MIB },
    { title: "holds twenty seconds of what is needed", neededBytes: Number.POSITIVE_INFINITY, size: 20 * MIB },
    { title: "is no smaller for a little that is needed", neededBytes: 1, size: READAHEAD_MIN_BYTES },
  ])("$title from the start", ({ neededBytes, size }) => {
    const window = readaheadWindow({ readHead: MIB, end: FAR, sequentialBytes: 0, bytesPerSecond: MIB, neededBytes });
    expect(window).toEqual({ start: MIB, end: MIB + size });
  });

  const size = fc.integer({ min: 0, max: FAR });
  const states = fc
    .record({
      readHead: size,
      end: size,
      sequentialBytes: size,
      bytesPerSecond: fc.option(fc.double(), { nil: undefined }),
    })
    .map(stateOf);

  it("always begins at the read head, holds whole bytes, and keeps its limits", () => {
    fc.assert(
      fc.property(states, (state) => {
        const window = readaheadWindow(state);
        expect(window.start).toBe(state.readHead);
        expect(Number.isSafeInteger(window.end)).toBe(true);
        const length = window.end - window.start;
        const rest = Math.max(0, state.end - state.readHead);
        expect(length).toBeGreaterThanOrEqual(Math.min(rest, READAHEAD_MIN_BYTES));
        expect(length).toBeLessThanOrEqual(Math.min(rest, READAHEAD_MAX_BYTES));
      }),
    );
  });

  it("is never larger than what has been used, beyond the smallest", () => {
    fc.assert(
      fc.property(states, (state) => {
        const { start, end } = readaheadWindow(state);
        expect(end - start).toBeLessThanOrEqual(Math.max(READAHEAD_MIN_BYTES, state.sequentialBytes));
      }),
    );
  });

  it("never withdraws, as reading goes on, what it has asked for", () => {
    fc.assert(
      fc.property(states, fc.integer({ min: 0, max: 4 * MIB }), (state, read) => {
        const { readHead, sequentialBytes } = state;
        const later = readaheadWindow({ ...state, readHead: readHead + read, sequentialBytes: sequentialBytes + read });
        expect(later.end).toBeGreaterThanOrEqual(readaheadWindow(state).end);
      }),
    );
  });
});

function stateOf(fields: {
  readHead: number;
  end: number;
  sequentialBytes: number;
  bytesPerSecond: number | undefined;
}): ReadaheadState {
  const { bytesPerSecond, ...state } = fields;
  return bytesPerSecond === undefined ? state : { ...state, bytesPerSecond };
}
