import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { selectRange } from "../src/http-range.ts";

const whole = { kind: "whole" };
const unsatisfiable = { kind: "unsatisfiable" };
const part = (start: number, end: number): object => ({ kind: "part", range: { start, end } });
const many = (count: number, spec: (index: number) => string): string =>
  `bytes=${Array.from({ length: count }, (_, index) => spec(index)).join(",")}`;

describe("A Range header on 8000 bytes", () => {
  test.each<[string, string | null, object]>([
    ["none is all of it", null, whole],
    ["the first ten bytes", "bytes=0-9", part(0, 10)],
    ["everything as a part", "bytes=0-", part(0, 8000)],
    ["the rest", "bytes=7990-", part(7990, 8000)],
    ["a suffix", "bytes=-10", part(7990, 8000)],
    ["the last byte", "bytes=7999-7999", part(7999, 8000)],
    ["an end beyond the file is cut", "bytes=7990-9999999", part(7990, 8000)],
    ["an end one beyond the file is cut", "bytes=7990-8000", part(7990, 8000)],
    ["a suffix longer than the file is all of it", "bytes=-9000", part(0, 8000)],
    ["a suffix of no bytes cannot be had", "bytes=-0", unsatisfiable],
    ["a start at the end cannot be had", "bytes=8000-", unsatisfiable],
    ["a range at the end cannot be had", "bytes=8000-8001", unsatisfiable],
    ["a start beyond the end cannot be had", "bytes=99999-", unsatisfiable],
    ["an end before the start is ignored", "bytes=5-4", whole],
    ["an empty set is ignored", "bytes=", whole],
    ["a set of commas is ignored", "bytes=,,", whole],
    ["letters are ignored", "bytes=abc", whole],
    ["a number and letters are ignored", "bytes=1-x", whole],
    ["a lone number is ignored", "bytes=10", whole],
    ["a lone dash is ignored", "bytes=-", whole],
    ["a negative suffix is ignored", "bytes=--1", whole],
    ["a fraction is ignored", "bytes=0.5-9", whole],
    ["a hexadecimal number is ignored", "bytes=0x0-0x9", whole],
    ["another unit is ignored", "items=0-9", whole],
    ["a unit that only begins like ours is ignored", "bytesize=0-9", whole],
    ["a unit alone is ignored", "bytes", whole],
    ["the unit may be in capitals", "BYTES=0-9", part(0, 10)],
    ["white space before the equals sign is ignored with the rest", "bytes = 0-9", whole],
    ["white space after the equals sign is allowed", "bytes= 0-9", part(0, 10)],
    ["white space inside a range is ignored with the rest", "bytes=0 - 9", whole],
    ["of two ranges the first is served", "bytes=0-9, 20-29", part(0, 10)],
    ["of two ranges the first is served, also if it comes later in the file", "bytes=20-29,0-9", part(20, 30)],
    ["two overlapping ranges are harmless", "bytes=0-9,5-14", part(0, 10)],
    ["a range beyond the end is skipped", "bytes=9000-,0-9", part(0, 10)],
    ["a range beyond the end changes nothing", "bytes=0-9,9000-", part(0, 10)],
    ["ranges that are all beyond the end cannot be had", "bytes=9000-,9001-", unsatisfiable],
    ["one bad member spoils the set", "bytes=0-9,x", whole],
    ["empty members are skipped", "bytes=,0-9,,", part(0, 10)],
    ["two header lines, joined, are no set", "bytes=0-9, bytes=20-29", whole],
    ["three overlapping ranges are ignored", "bytes=0-9,5-14,8-20", whole],
    ["three overlapping suffixes are ignored", "bytes=-5,-6,-7", whole],
    ["sixteen separate ranges are served, the first of them", many(16, (at) => `${at * 2}-${at * 2}`), part(0, 1)],
    ["seventeen are ignored", many(17, (at) => `${at * 2}-${at * 2}`), whole],
    ["two hundred times everything is ignored", many(200, () => "0-"), whole],
    ["a start of twenty digits cannot be had", "bytes=99999999999999999999-", unsatisfiable],
    ["an end of twenty digits is cut", "bytes=0-99999999999999999999", part(0, 8000)],
    ["a suffix of twenty digits is all of it", "bytes=-99999999999999999999", part(0, 8000)],
    ["numbers beyond 64 bits cannot be had", "bytes=18446744073709551616-18446744073709551617", unsatisfiable],
    ["numbers beyond 64 bits are compared exactly", "bytes=18446744073709551617-18446744073709551616", whole],
    ["leading zeros change nothing", "bytes=0000000000000000000001-000000000000000000002", part(1, 3)],
    ["ten thousand digits are a number like any other", `bytes=0-${"9".repeat(10_000)}`, part(0, 8000)],
  ])("%s", (_, header, expected) => {
    expect(selectRange(header, 8000)).toEqual(expected);
  });

  test.each(["bytes=0-9", "bytes=-5", "bytes=0-", "bytes=-0", "bytes=5-"])(
    "%s of an empty file is all of it",
    (header) => {
      expect(selectRange(header, 0)).toEqual(whole);
    },
  );

  test("works for the largest file", () => {
    const sizeBytes = Number.MAX_SAFE_INTEGER;
    expect(selectRange("bytes=-1", sizeBytes)).toEqual(part(sizeBytes - 1, sizeBytes));
    expect(selectRange("bytes=9007199254740990-", sizeBytes)).toEqual(part(sizeBytes - 1, sizeBytes));
  });
});

describe("Any Range header", () => {
  /** A spec as numbers, and as text. */
  const spec = fc.oneof(
    fc
      .tuple(fc.nat(30), fc.option(fc.nat(30), { nil: undefined }))
      .filter(([first, last]) => last === undefined || first <= last)
      .map(([first, last]) => ({
        text: `${first}-${last ?? ""}`,
        holds: (at: number) => at >= first && at <= (last ?? Infinity),
      })),
    fc.nat(30).map((length) => ({ text: `-${length}`, holds: (at: number, size: number) => at >= size - length })),
  );

  test("means the first of its ranges that holds a byte of the file, byte by byte", () => {
    fc.assert(
      fc.property(fc.array(spec, { minLength: 1, maxLength: 2 }), fc.nat(25), (specs, sizeBytes) => {
        const positions = Array.from({ length: sizeBytes }, (_, at) => at);
        const bytesOf = specs.map(({ holds }) => positions.filter((at) => holds(at, sizeBytes)));
        const bytes = bytesOf.find((found) => found.length > 0);
        const expected =
          sizeBytes === 0 ? whole : bytes === undefined ? unsatisfiable : part(bytes[0]!, bytes.at(-1)! + 1);
        expect(selectRange(`bytes=${specs.map(({ text }) => text).join(", ")}`, sizeBytes)).toEqual(expected);
      }),
    );
  });

  test("never throws, and never selects what is not there", () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^bytes=[-0-9, \t]*$/));
    fc.assert(
      fc.property(text, fc.nat(), (header, sizeBytes) => {
        const selection = selectRange(header, sizeBytes);
        if (selection.kind !== "part") return;
        const { start, end } = selection.range;
        expect(start >= 0 && start < end && end <= sizeBytes).toBe(true);
      }),
    );
  });
});
