import { assert, property, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeBencode } from "../../src/metainfo/bencode.ts";
import {
  encodeMetadataAnswer,
  encodeMetadataReject,
  encodeMetadataRequest,
  MAX_METADATA_BYTES,
  MetadataAssembler,
  type MetadataPiece,
  parseMetadataMessage,
} from "../../src/wire/index.ts";
import { patternBytes } from "./message-samples.ts";

const METADATA = patternBytes(40_000, 1);

function answer(piece: number): MetadataPiece {
  const message = parseMetadataMessage(encodeMetadataAnswer(METADATA, piece));
  if (message?.kind !== "data") throw new TypeError(`There is no piece ${piece}`);
  return message;
}

describe("the messages of BEP 9", () => {
  it("are spelled as its examples are", () => {
    expect(Buffer.from(encodeMetadataRequest(0)).toString()).toBe("d8:msg_typei0e5:piecei0ee");
    expect(Buffer.from(encodeMetadataReject(0)).toString()).toBe("d8:msg_typei2e5:piecei0ee");
    const data = Buffer.from(encodeMetadataAnswer(METADATA, 0));
    expect(data.subarray(0, 44).toString()).toBe("d8:msg_typei1e5:piecei0e10:total_sizei40000e");
    expect(data.subarray(44, 45).toString()).toBe("e");
    expect(Buffer.compare(data.subarray(45), METADATA.subarray(0, 16_384))).toBe(0);
  });

  it("are understood by ourselves", () => {
    expect(parseMetadataMessage(encodeMetadataRequest(7))).toEqual({ kind: "request", piece: 7 });
    expect(parseMetadataMessage(encodeMetadataReject(7))).toEqual({ kind: "reject", piece: 7 });
    const { data, ...rest } = answer(2);
    expect(rest).toEqual({ kind: "data", piece: 2, totalSizeBytes: 40_000 });
    expect(Buffer.compare(data, METADATA.subarray(32_768))).toBe(0);
  });

  it.each([3, 4, 1_000_000, Number.MAX_SAFE_INTEGER])("reject a request for piece %i of three", (piece) => {
    expect(parseMetadataMessage(encodeMetadataAnswer(METADATA, piece))).toEqual({ kind: "reject", piece });
  });

  it.each([
    ["nothing", new Uint8Array()],
    ["a list", Buffer.from("le")],
    ["no piece", encodeBencode({ msg_type: 0 })],
    ["a negative piece", encodeBencode({ msg_type: 0, piece: -1 })],
    ["a piece that is no number", encodeBencode({ msg_type: 0, piece: "0" })],
    ["no type", encodeBencode({ piece: 0 })],
    ["an unknown type", encodeBencode({ msg_type: 3, piece: 0 })],
    ["data without a total size", encodeBencode({ msg_type: 1, piece: 0 })],
    ["data with a total size of 0", encodeBencode({ msg_type: 1, piece: 0, total_size: 0 })],
    ["a cut-off dictionary", Buffer.from("d8:msg_typei1e5:piecei0e")],
  ])("are refused with %s", (_, payload) => {
    expect(parseMetadataMessage(payload)).toBeNull();
  });

  it("never make the parser throw", () => {
    assert(
      property(uint8Array({ maxLength: 80 }), (rest) => {
        parseMetadataMessage(Buffer.concat([Buffer.from("d8:msg_typei1e5:piecei0e10:total_size"), rest]));
        parseMetadataMessage(rest);
      }),
      { numRuns: 500 },
    );
  });
});

describe("MetadataAssembler", () => {
  it("puts the pieces together, in whatever order they come", () => {
    const assembler = MetadataAssembler.create(METADATA.length)!;
    expect([assembler.pieceCount, assembler.missingPieces(), assembler.isComplete]).toEqual([3, [0, 1, 2], false]);
    expect(assembler.add(answer(2))).toBe("added");
    expect(assembler.add(answer(0))).toBe("added");
    expect([assembler.missingPieces(), assembler.isComplete]).toEqual([[1], false]);
    expect(() => assembler.bytes()).toThrow("when all its pieces are there");
    expect(assembler.add(answer(0))).toBe("duplicate");
    expect(assembler.add(answer(1))).toBe("added");
    expect(assembler.isComplete).toBe(true);
    expect(Buffer.compare(assembler.bytes(), METADATA)).toBe(0);
  });

  it.each([
    [1, 1],
    [16_384, 1],
    [16_385, 2],
    [MAX_METADATA_BYTES, 611],
  ])("cuts %i bytes into %i pieces", (sizeBytes, pieces) => {
    expect(MetadataAssembler.create(sizeBytes)?.pieceCount).toBe(pieces);
  });

  it.each([0, -1, 1.5, Number.NaN, MAX_METADATA_BYTES + 1, 2 ** 31, Number.MAX_SAFE_INTEGER, Infinity])(
    "does not believe in metadata of %d bytes",
    (sizeBytes) => {
      expect(MetadataAssembler.create(sizeBytes)).toBeNull();
    },
  );

  it.each([
    ["a piece behind the last", { piece: 3 }],
    ["piece 9 of three, which kills the ut_metadata package", { piece: 9, data: patternBytes(16_384, 1) }],
    ["the largest piece number there is", { piece: Number.MAX_SAFE_INTEGER }],
    ["another total size", { totalSizeBytes: 40_001 }],
    ["a piece that is too short", { data: patternBytes(16_383, 1) }],
    ["a piece that is too long", { data: patternBytes(16_385, 1) }],
    ["an empty piece", { data: new Uint8Array() }],
    ["a last piece of full length", { piece: 2 }],
  ])("refuses %s and keeps what it has", (_, wrong) => {
    const assembler = MetadataAssembler.create(METADATA.length)!;
    assembler.add(answer(1));
    expect(assembler.add({ ...answer(0), ...wrong })).toBe("invalid");
    expect(assembler.missingPieces()).toEqual([0, 2]);
  });
});
