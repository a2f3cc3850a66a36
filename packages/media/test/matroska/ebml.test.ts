import { describe, expect, it } from "vitest";
import { elementHeaderAt, elementsOf, fieldsOf, floatingPoint, unsignedInteger } from "../../src/matroska/ebml.ts";
import { bytes, f64, fromHex, zeros } from "../support/build.ts";

describe("elementHeaderAt", () => {
  it.each([
    { hex: "ec 85", id: 0xec, headerLengthBytes: 2, contentLengthBytes: 5, title: "one-octet ID and size" },
    { hex: "ec 80", id: 0xec, headerLengthBytes: 2, contentLengthBytes: 0, title: "an empty element" },
    { hex: "4286 4005", id: 0x4286, headerLengthBytes: 4, contentLengthBytes: 5, title: "a size longer than needed" },
    { hex: "1a45dfa3 a3", id: 0x1a45dfa3, headerLengthBytes: 5, contentLengthBytes: 0x23, title: "a four-octet ID" },
    {
      hex: "18538067 01 00000000 05e38a",
      id: 0x18538067,
      headerLengthBytes: 12,
      contentLengthBytes: 385930,
      title: "an eight-octet size to the byte",
    },
    {
      hex: "18538067 01 20000000 000000",
      id: 0x18538067,
      headerLengthBytes: 12,
      contentLengthBytes: 2 ** 53,
      title: "a size beyond every file",
    },
    { hex: "ec ff", id: 0xec, headerLengthBytes: 2, contentLengthBytes: Infinity, title: "one octet of ones" },
    {
      hex: "1f43b675 01ffffff ffffffff",
      id: 0x1f43b675,
      headerLengthBytes: 12,
      contentLengthBytes: Infinity,
      title: "eight octets of ones",
    },
    { hex: "ec 407f", id: 0xec, headerLengthBytes: 3, contentLengthBytes: 127, title: "127 in two octets" },
  ])("reads $title", ({ hex, id, headerLengthBytes, contentLengthBytes }) => {
    expect(elementHeaderAt(fromHex(hex), 0)).toEqual({ id, headerLengthBytes, contentLengthBytes });
  });

  it.each([
    { hex: "", title: "nothing" },
    { hex: "00 81", title: "an ID without a marker" },
    { hex: "08 00000000 81", title: "an ID of five octets" },
    { hex: "ec 00", title: "a size without a marker" },
    { hex: "1a45df", title: "half an ID" },
    { hex: "ec 01 0000", title: "half a size" },
  ])("takes $title for no element", ({ hex }) => {
    expect(elementHeaderAt(fromHex(hex), 0)).toBeUndefined();
  });
});

describe("elementsOf", () => {
  it("gives the children in order", () => {
    const children = [...elementsOf(fromHex("ec 82 0102 bf 80 d7 81 07"))];
    expect(children).toEqual([
      { id: 0xec, content: bytes(1, 2) },
      { id: 0xbf, content: bytes() },
      { id: 0xd7, content: bytes(7) },
    ]);
  });

  it.each([
    { hex: "d7 81 07 ec 85 01", title: "that reaches beyond its parent" },
    { hex: "d7 81 07 00 00", title: "that is none" },
    { hex: "d7 81 07 ec ff 01", title: "of unknown size" },
  ])("ends before a child $title", ({ hex }) => {
    expect([...elementsOf(fromHex(hex))]).toEqual([{ id: 0xd7, content: bytes(7) }]);
  });

  it("looks at a bounded number of children", () => {
    const many = zeros(100_000).map((_, index) => (index % 2 === 0 ? 0xec : 0x80));
    expect([...elementsOf(many)].length).toBe(1000);
    expect([...elementsOf(many, 40_000)].length).toBe(40_000);
  });

  it("prefers the first of several fields with one ID", () => {
    expect(fieldsOf(fromHex("d7 81 01 d7 81 02")).get(0xd7)).toEqual(bytes(1));
  });
});

describe("values", () => {
  it.each([
    { content: bytes(), value: 0 },
    { content: bytes(1, 0), value: 256 },
    { content: fromHex("ffffffffffffffff"), value: 2 ** 64 },
    { content: zeros(9), value: undefined },
    { content: undefined, value: undefined },
  ])("reads the unsigned integer $content as $value", ({ content, value }) => {
    expect(unsignedInteger(content)).toBe(value);
  });

  it.each([
    { content: bytes(), value: 0 },
    { content: fromHex("3f800000"), value: 1 },
    { content: f64(44100.5), value: 44100.5 },
    { content: zeros(3), value: undefined },
    { content: undefined, value: undefined },
  ])("reads the float $content as $value", ({ content, value }) => {
    expect(floatingPoint(content)).toBe(value);
  });
});
