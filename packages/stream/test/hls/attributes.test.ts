import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { attributeList, attributeText } from "../../src/hls/attributes.ts";

test("An attribute list has what is defined, in its order", () => {
  expect(attributeList({ BANDWIDTH: 1, CODECS: undefined, URI: '"a,b"', DEFAULT: "YES" })).toBe(
    'BANDWIDTH=1,URI="a,b",DEFAULT=YES',
  );
});

describe("Text from a file", () => {
  test.each([
    ["stays as it is", "Deutsch 5.1, Kommentar", "Deutsch 5.1, Kommentar"],
    ["has no double quotes", 'The "best" one', "The 'best' one"],
    ["is one line", "a\r\n#EXT-X-ENDLIST\u2028b\u0085c", "a #EXT-X-ENDLIST b c"],
    ["has no control characters", "a\u0000b\u001bc\u007fd\u009fe", "a b c d e"],
    ["has no halves of characters", "a\ud800b\udc00", "a b"],
    ["has no blanks around it", " \t a  b \n", "a b"],
    ["refers to no variable", "{$token} {{$x}}", "$token} $x}}"],
    ["is in normal form C", "e\u0301", "é"],
    ["is short", "x".repeat(500), "x".repeat(100)],
    ["is cut between characters", `${"x".repeat(99)}😀😀`, `${"x".repeat(99)}😀`],
    ["may be nothing", "", ""],
  ])("%s", (_, text, expected) => {
    expect(attributeText(text)).toBe(expected);
  });

  test("can be quoted, whatever it is", () => {
    const nasty = fc.string({ unit: fc.constantFrom('"', "\n", "\r", "{", "$", "\u0000", "\ud800", "é") });
    fc.assert(
      fc.property(fc.oneof(nasty, fc.string({ unit: "binary" })), (text) => {
        expect(attributeText(text)).not.toMatch(/["\p{Cc}\p{Cs}\u2028\u2029]|\{\$/u);
      }),
    );
  });
});
