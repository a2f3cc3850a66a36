import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BencodeError,
  type BencodeInput,
  decodeBencode,
  decodeBencodeEntries,
  decodeBencodePrefix,
  encodeBencode,
} from "../../src/metainfo/bencode.ts";
import { catchError } from "./catch-error.ts";
import { CPU_LIMIT_MS, fastestCpuMs } from "./cpu-time.ts";
import { HOSTILE_BENCODE } from "./hostile-bencode.ts";

const CHILD = fileURLToPath(new URL("./bencode-child.ts", import.meta.url));
/** The child gets by on half of it; five million values take far more. */
const HEAP_LIMIT_MB = 32;

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));

describe("decodeBencode", () => {
  it.each([
    ["a string", "4:spam", bytes("spam")],
    ["an empty string", "0:", bytes("")],
    ["an integer", "i42e", 42],
    ["a negative integer", "i-42e", -42],
    ["zero", "i0e", 0],
    ["the largest safe integer", "i9007199254740991e", Number.MAX_SAFE_INTEGER],
    ["the smallest safe integer", "i-9007199254740991e", Number.MIN_SAFE_INTEGER],
    ["an empty list", "le", []],
    ["a list", "l4:spami42ee", [bytes("spam"), 42]],
    ["an empty dictionary", "de", new Map()],
    [
      "a dictionary",
      "d3:bar4:spam3:fooi42ee",
      new Map<string, unknown>([
        ["bar", bytes("spam")],
        ["foo", 42],
      ]),
    ],
    [
      "a dictionary whose keys are not sorted",
      "d1:bi1e1:ai2ee",
      new Map([
        ["b", 1],
        ["a", 2],
      ]),
    ],
    ["a key that is no text", "d2:\u00ff\u0000i1ee", new Map([["\u00ff\u0000", 1]])],
    ["a key named after a prototype", "d9:__proto__d1:xi1eee", new Map([["__proto__", new Map([["x", 1]])]])],
  ])("reads %s", (_title, text, value) => {
    expect(decodeBencode(bytes(text))).toEqual(value);
  });

  it.each([
    ["nothing", "", "the input ends inside a value (at byte 0)"],
    ["an integer with leading zeros", "i03e", "a number has leading zeros"],
    ["zero with leading zeros", "i00e", "a number has leading zeros"],
    ["negative zero", "i-0e", "negative zero is no integer"],
    ["a negative integer with leading zeros", "i-03e", "a number has leading zeros"],
    ["an integer without digits", "ie", "a number has no digits"],
    ["a lone minus", "i-e", "a number has no digits"],
    ["two minuses", "i--1e", "a digit was expected"],
    ["a plus", "i+1e", "a digit was expected"],
    ["a fraction", "i1.5e", "a digit was expected"],
    ["a space", "i 1e", "a digit was expected"],
    ["an integer past 2^53 - 1", "i9007199254740992e", "a number is too large"],
    ["an integer of many digits", `i${"9".repeat(1_000)}e`, "a number is too large"],
    ["an integer that does not end", "i12", "the input ends inside a value"],
    ["a string that does not end", "5:spam", "a string is longer than the input"],
    ["a string that claims ten gigabytes", "9999999999:", "a string is longer than the input"],
    ["a string length with leading zeros", "03:abc", "a number has leading zeros"],
    ["a negative string length", "-1:a", "a digit was expected"],
    ["a string without a length", ":abc", "a number has no digits"],
    ["a string length that does not end", "4", "the input ends inside a value"],
    ["a list that does not end", "li1e", "the input ends inside a value"],
    ["a dictionary that does not end", "d1:ai1e", "the input ends inside a value"],
    ["a key that is no string", "di1ei2ee", "a digit was expected"],
    ["a key that is a list", "dlei2ee", "a digit was expected"],
    ["a key without a value", "d1:ae", "a digit was expected"],
    ["a key that occurs twice", "d1:ai1e1:ai2ee", "a dictionary key occurs twice"],
    ["an end without a beginning", "e", "a digit was expected"],
    ["bytes after the value", "i1ei2e", "3 bytes follow the value"],
    ["no bencoding", "<!DOCTYPE html>", "a digit was expected"],
  ])("refuses %s", (_title, text, message) => {
    expect(() => decodeBencode(bytes(text))).toThrow(BencodeError);
    expect(() => decodeBencode(bytes(text))).toThrow(message);
  });

  it("gives plain views of the input, not copies", () => {
    const input = bytes("l4:spame");
    const [spam] = decodeBencode(input) as readonly Uint8Array[];
    input[3] = "S".charCodeAt(0);
    expect(spam).toEqual(bytes("Spam"));
    expect(Buffer.isBuffer(spam)).toBe(false);
  });

  it("reads views that do not start at byte 0 of their buffer", () => {
    expect(decodeBencode(bytes("xx4:spamyy").subarray(2, 8))).toEqual(bytes("spam"));
  });

  it.each([
    ["100 levels, not 101", { maxDepth: 100 }, "l".repeat(100) + "e".repeat(100), "l".repeat(101) + "e".repeat(101)],
    ["levels of dictionaries", { maxDepth: 2 }, "d1:adee", "d1:ad1:bdeee"],
    ["three tokens, keys included", { maxTokens: 3 }, "d1:ai1ee", "d1:ali1eee"],
    ["ten bytes", { maxInputBytes: 10 }, "8:12345678", "9:123456789"],
  ])("allows %s", (_title, limits, allowed, refused) => {
    expect(() => decodeBencode(bytes(allowed), limits)).not.toThrow();
    expect(() => decodeBencode(bytes(refused), limits)).toThrow(BencodeError);
  });

  it.each(HOSTILE_BENCODE)("refuses %s in no time", (_title, input) => {
    expect(fastestCpuMs(() => expect(() => decodeBencode(input)).toThrow(BencodeError))).toBeLessThan(CPU_LIMIT_MS);
  });

  it("refuses all of them with little memory", async () => {
    // V8 ends a process whose heap outgrows its limit, and collects garbage before it does.
    const options = [`--max-old-space-size=${HEAP_LIMIT_MB}`, "--import", "tsx"];
    const { stdout } = await promisify(execFile)(process.execPath, [...options, CHILD]);
    expect(stdout.trim().split("\n")).toEqual(HOSTILE_BENCODE.map(([title]) => title));
  });

  it("throws nothing but BencodeError, whatever the bytes", () => {
    const alphabet = fc.constantFrom(..."ilde0123456789:-".split(""));
    const texts = fc.oneof(fc.string({ unit: alphabet }), fc.string({ unit: "binary-ascii" }));
    fc.assert(
      fc.property(texts, (text) => {
        expect(catchError(() => decodeBencode(bytes(text))) ?? new BencodeError()).toBeInstanceOf(BencodeError);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("decodeBencodePrefix", () => {
  it("says where the value ends, for raw bytes that follow", () => {
    const message = bytes("d8:msg_typei1e5:piecei0eeRAW BYTES");
    const { value, length } = decodeBencodePrefix(message);
    expect(value).toEqual(
      new Map([
        ["msg_type", 1],
        ["piece", 0],
      ]),
    );
    expect(Buffer.from(message.subarray(length)).toString()).toBe("RAW BYTES");
  });
});

describe("decodeBencodeEntries", () => {
  it("keeps the bytes of each value as they were spelled, also where encoding again would sort them", () => {
    const { entries, length } = decodeBencodeEntries(bytes("d4:infod1:bi1e1:ai2ee1:xi7eetrailing"));
    expect(Buffer.from(entries.get("info")?.raw ?? []).toString()).toBe("d1:bi1e1:ai2ee");
    expect(entries.get("info")?.value).toEqual(
      new Map([
        ["b", 1],
        ["a", 2],
      ]),
    );
    expect(entries.get("x")).toEqual({ value: 7, raw: bytes("i7e") });
    expect(length).toBe(28);
  });

  it.each([
    ["a list", "le", "a dictionary was expected"],
    ["nothing", "", "the input ends inside a value"],
    ["a key that occurs twice", "d1:ai1e1:ai1ee", "a dictionary key occurs twice"],
  ])("refuses %s", (_title, text, message) => {
    expect(() => decodeBencodeEntries(bytes(text))).toThrow(message);
  });
});

describe("encodeBencode", () => {
  it.each<[string, BencodeInput, string]>([
    ["text as UTF-8", "é", "2:\u00c3\u00a9"],
    ["bytes as they are", bytes("\u00ff\u0000"), "2:\u00ff\u0000"],
    ["negative zero as zero", -0, "i0e"],
    ["lists", ["a", 1, []], "l1:ai1elee"],
    ["plain objects, sorted", { b: 1, a: { d: 1, c: 2 } }, "d1:ad1:ci2e1:di1ee1:bi1ee"],
    [
      "maps, sorted as bytes",
      new Map([
        ["\u00ff", 1],
        ["a", 2],
        ["B", 3],
        ["aa", 4],
      ]),
      "d1:Bi3e1:ai2e2:aai4e1:\u00ffi1ee",
    ],
  ])("writes %s", (_title, value, text) => {
    expect(Buffer.from(encodeBencode(value)).toString("latin1")).toBe(text);
  });

  it.each<[string, BencodeInput]>([
    ["fractions", 1.5],
    ["NaN", Number.NaN],
    ["integers past 2^53 - 1", 2 ** 53],
    ["keys that are no bytes", { "é€": 1 }],
  ])("refuses %s", (_title, value) => {
    expect(() => encodeBencode(value)).toThrow(TypeError);
  });

  it("is undone by decodeBencode", () => {
    const { value } = fc.letrec<{ value: BencodeInput }>((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.maxSafeInteger().map((integer) => integer + 0),
        fc.uint8Array({ maxLength: 20 }),
        fc.array(tie("value"), { maxLength: 4 }),
        fc
          .uniqueArray(fc.tuple(latin1(), tie("value")), { maxLength: 4, selector: ([key]) => key })
          .map((entries) => new Map(entries)),
      ),
    }));
    fc.assert(
      fc.property(value, (original) => {
        expect(decodeBencode(encodeBencode(original))).toEqual(original);
      }),
    );
  });
});

function latin1(): fc.Arbitrary<string> {
  return fc.uint8Array({ maxLength: 8 }).map((key) => Buffer.from(key).toString("latin1"));
}
