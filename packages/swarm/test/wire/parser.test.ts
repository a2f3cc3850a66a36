import { array, assert, constantFrom, nat, oneof, property, tuple, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import type { BlockRequest } from "../../src/types.ts";
import { encodeBitfield, encodeExtended, encodeSignal, KEEP_ALIVE } from "../../src/wire/encoder.ts";
import { MessageId, writeUint32 } from "../../src/wire/messages.ts";
import { MAX_MESSAGE_BYTES, MessageParser } from "../../src/wire/parser.ts";
import { ProtocolViolation } from "../../src/wire/protocol-violation.ts";
import { blockMessage, patternBytes, rawMessage, SAMPLES } from "./message-samples.ts";
import { RecordingHandler, spelled } from "./recording-handler.ts";
import { slices } from "./script-end.ts";

/** Larger than a block, so that a copy to the wrong place shows. */
const TARGET_BYTES = 40_000;

function setUp(): { handler: RecordingHandler; parser: MessageParser; buffers: Uint8Array[] } {
  const handler = new RecordingHandler();
  const buffers: Uint8Array[] = [];
  handler.targetOf = () => {
    const buffer = new Uint8Array(TARGET_BYTES);
    buffers.push(buffer);
    return { buffer, at: 1000 };
  };
  return { handler, parser: new MessageParser(handler), buffers };
}

function lengthPrefix(length: number): Uint8Array {
  const prefix = new Uint8Array(4);
  writeUint32(prefix, 0, length);
  return prefix;
}

const ALL_BYTES = Buffer.concat(SAMPLES.map((sample) => sample.bytes));
const ALL_CALLS = spelled(SAMPLES.flatMap((sample) => sample.calls));

function expectAllSamples(feed: (parser: MessageParser) => void): void {
  const { handler, parser, buffers } = setUp();
  feed(parser);
  expect(spelled(handler.calls)).toEqual(ALL_CALLS);
  const stored = [patternBytes(16_384, 1), patternBytes(1, 2)];
  expect(buffers).toHaveLength(stored.length);
  for (const [index, data] of stored.entries()) {
    const expected = new Uint8Array(TARGET_BYTES);
    expected.set(data, 1000);
    expect(Buffer.compare(buffers[index]!, expected)).toBe(0);
  }
}

/** Feeds one buffer that is overwritten each time, as a socket's read buffer is. */
function feedReused(parser: MessageParser, bytes: Uint8Array): void {
  const buffer = Buffer.from(bytes);
  parser.feed(buffer);
  buffer.fill(0xee);
}

describe("MessageParser", () => {
  it.each(SAMPLES)("tells the handler of one message: $title", ({ bytes, calls }) => {
    const { handler, parser } = setUp();
    feedReused(parser, bytes);
    expect(spelled(handler.calls)).toEqual(spelled(calls));
  });

  it.each([1, 7, 300, 70_000, ALL_BYTES.length])("hears the same when every read holds %i bytes", (sliceBytes) => {
    expectAllSamples((parser) => {
      for (const slice of slices(ALL_BYTES, sliceBytes)) feedReused(parser, slice);
    });
  });

  it("hears the same wherever the bytes are cut", () => {
    assert(
      property(array(nat(ALL_BYTES.length), { maxLength: 60 }), (cuts) => {
        expectAllSamples((parser) => {
          const edges = [0, ...cuts.sort((left, right) => left - right), ALL_BYTES.length];
          for (const [index, start] of edges.slice(0, -1).entries())
            feedReused(parser, ALL_BYTES.subarray(start, edges[index + 1]));
        });
      }),
      { numRuns: 150 },
    );
  });

  it("copies a block as it comes, without waiting for its end", () => {
    const { handler, parser, buffers } = setUp();
    const block: BlockRequest = { piece: 1, offset: 0, length: 10 };
    parser.feed(blockMessage(block, patternBytes(10, 1)).subarray(0, 13 + 4));
    expect(buffers[0]!.subarray(1000, 1005)).toEqual(Uint8Array.of(...patternBytes(4, 1), 0));
    expect(handler.names()).toEqual(["blockTarget"]);
  });

  it("drops a block without a target and says that it was not stored", () => {
    const { handler, parser } = setUp();
    handler.targetOf = () => null;
    const block: BlockRequest = { piece: 1, offset: 0, length: 10 };
    parser.feed(Buffer.concat([blockMessage(block, patternBytes(10, 1)), encodeSignal(MessageId.unchoke)]));
    expect(handler.calls).toEqual([["blockTarget", block], ["block", block, false], ["unchoke"]]);
  });

  it("writes nothing more into a target that was withdrawn half-way", () => {
    const { handler, parser, buffers } = setUp();
    const block: BlockRequest = { piece: 1, offset: 0, length: 100 };
    const message = blockMessage(block, patternBytes(100, 1));
    parser.feed(message.subarray(0, 13 + 40));
    parser.withdrawTarget(new Uint8Array(TARGET_BYTES));
    parser.feed(message.subarray(13 + 40, 13 + 60));
    parser.withdrawTarget(buffers[0]!);
    parser.feed(message.subarray(13 + 60));
    expect(buffers[0]!.subarray(1000, 1100)).toEqual(Uint8Array.of(...patternBytes(60, 1), ...new Uint8Array(40)));
    expect(handler.calls.at(-1)).toEqual(["block", block, false]);
  });

  it.each(["choke", "have", "bitfield", "request", "blockTarget", "block", "extended"])(
    "says nothing more once it is stopped inside %s",
    (name) => {
      const { handler, parser } = setUp();
      handler.onCall = (called) => {
        if (called === name) parser.stop();
      };
      parser.feed(ALL_BYTES);
      parser.feed(ALL_BYTES);
      expect(handler.names()).toEqual(ALL_CALLS.map(([called]) => called).slice(0, handler.calls.length));
      expect(handler.names().filter((called) => called === name)).toHaveLength(1);
      expect(handler.calls.at(-1)?.[0]).toBe(name);
    },
  );

  it("takes a thousand keep-alives between two messages, and no more", () => {
    const { handler, parser } = setUp();
    const keepAlives = Buffer.concat(Array.from({ length: 1_000 }, () => KEEP_ALIVE));
    for (let round = 0; round < 2; round += 1) {
      parser.feed(keepAlives.subarray(0, 2_003));
      parser.feed(keepAlives.subarray(2_003));
      parser.feed(encodeSignal(MessageId.choke));
    }
    expect(handler.calls).toEqual([["choke"], ["choke"]]);
    parser.feed(keepAlives);
    expect(() => parser.feed(KEEP_ALIVE)).toThrow(ProtocolViolation);
  });

  it.each([
    ["bitfield", encodeBitfield(patternBytes(MAX_MESSAGE_BYTES - 1, 1))],
    ["extended message", encodeExtended(1, patternBytes(MAX_MESSAGE_BYTES - 2, 1))],
  ])("takes a %s of exactly 2 MiB", (_, message) => {
    const { handler, parser } = setUp();
    for (const slice of slices(message, 65_536)) feedReused(parser, slice);
    const [call] = handler.calls;
    expect(Buffer.compare(call?.at(-1) as Uint8Array, message.subarray(call?.[0] === "bitfield" ? 5 : 6))).toBe(0);
  });
});

describe("MessageParser against a peer that breaks the rules", () => {
  it.each([
    ["2 GB", 0x7fff_ffff],
    ["2 GB and a byte, a negative number to some", 0x8000_0001],
    ["4 GB", 0xffff_ffff],
    ["2 MiB and a byte", MAX_MESSAGE_BYTES + 1],
  ])("refuses a length prefix of %s before anything else comes", (_, length) => {
    const { parser } = setUp();
    expect(() => parser.feed(lengthPrefix(length))).toThrow(new ProtocolViolation(`message of ${length} bytes`));
  });

  it("refuses the same length prefix byte by byte", () => {
    const { parser } = setUp();
    for (const byte of lengthPrefix(0x7fff_ffff).subarray(0, 3)) parser.feed(Uint8Array.of(byte));
    expect(() => parser.feed(Uint8Array.of(255))).toThrow(ProtocolViolation);
  });

  const fixedBodies: [string, number, number][] = [
    ["choke", MessageId.choke, 0],
    ["unchoke", MessageId.unchoke, 0],
    ["interested", MessageId.interested, 0],
    ["not interested", MessageId.notInterested, 0],
    ["have", MessageId.have, 4],
    ["request", MessageId.request, 12],
    ["cancel", MessageId.cancel, 12],
    ["port", MessageId.port, 2],
    ["suggest piece", MessageId.suggestPiece, 4],
    ["have all", MessageId.haveAll, 0],
    ["have none", MessageId.haveNone, 0],
    ["reject", MessageId.rejectRequest, 12],
    ["allowed fast", MessageId.allowedFast, 4],
  ];
  const wrongLengths = fixedBodies.flatMap(([title, id, bodyBytes]) =>
    [0, bodyBytes - 1, bodyBytes + 1, 1000]
      .filter((wrong) => wrong >= 0 && wrong !== bodyBytes)
      .map((wrong): [string, number, number] => [title, wrong, id]),
  );
  it.each(wrongLengths)("refuses %s with a body of %i bytes", (_, bodyBytes, id) => {
    const { handler, parser } = setUp();
    expect(() => parser.feed(rawMessage(id, new Uint8Array(bodyBytes)))).toThrow(ProtocolViolation);
    expect(handler.calls).toEqual([]);
  });

  it.each([
    ["without an offset", 7],
    ["without a byte of payload", 8],
    ["of 16 KiB and a byte", 8 + 16_385],
    ["of 128 KiB", 8 + 131_072],
  ])("refuses a block %s as soon as its id is there", (_, bodyBytes) => {
    const { handler, parser } = setUp();
    expect(() => parser.feed(rawMessage(MessageId.block, new Uint8Array(bodyBytes)).subarray(0, 5))).toThrow(
      ProtocolViolation,
    );
    expect(handler.calls).toEqual([]);
  });

  it("refuses an extended message without an id", () => {
    const { parser } = setUp();
    expect(() => parser.feed(rawMessage(MessageId.extended, new Uint8Array()))).toThrow(ProtocolViolation);
  });

  it("tells all that stood before the broken message", () => {
    const { handler, parser } = setUp();
    const bytes = Buffer.concat([
      encodeSignal(MessageId.unchoke),
      rawMessage(MessageId.have, new Uint8Array(3)),
      encodeSignal(MessageId.choke),
    ]);
    expect(() => parser.feed(bytes)).toThrow("message 4 of 4 bytes instead of 5");
    expect(handler.calls).toEqual([["unchoke"]]);
  });

  it("never fails in any other way, whatever comes", () => {
    const nearlyMessage = tuple(
      constantFrom(0, 1, 2, 3, 5, 13, 14, 40, 16_393),
      nat(22),
      uint8Array({ maxLength: 60 }),
    ).map(([length, id, rest]) => Buffer.concat([Uint8Array.of(0, 0, length >>> 8, length & 255, id), rest]));
    assert(
      property(array(oneof(nearlyMessage, uint8Array({ maxLength: 200 })), { maxLength: 20 }), (reads) => {
        const { parser } = setUp();
        try {
          for (const read of reads) feedReused(parser, read);
        } catch (error) {
          return error instanceof ProtocolViolation;
        }
        return true;
      }),
      { numRuns: 1000 },
    );
  });
});
