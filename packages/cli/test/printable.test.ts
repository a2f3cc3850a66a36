import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { printable, printableJson } from "../src/printable.ts";

describe("printable", () => {
  test.each([
    ["plain text stays", "Big Buck Bunny (2008) – 1080p", "Big Buck Bunny (2008) – 1080p"],
    ["letters and pictures of all peoples stay", "日本語 العربية עברית 🎬 é", "日本語 العربية עברית 🎬 é"],
    ["an escape sequence cannot clear the screen", "a\u001b[2Jb", "a·[2Jb"],
    ["nor can its one-byte form", "a\u009b2Jb", "a·2Jb"],
    ["a title cannot be set", "\u001b]0;owned\u0007", "·]0;owned·"],
    ["a line cannot end early", 'x\r\n{"level":50}', 'x··{"level":50}'],
    ["nor at the ends of lines that only Unicode knows", "a\u2028b\u2029c\u0085d", "a·b·c·d"],
    ["text cannot be turned around", "film\u202egpj.mkv\u202c", "film·gpj.mkv·"],
    ["nor isolated, nor marked", "\u2066a\u2069\u200fb\u061c", "·a··b·"],
    ["nothing can hide", "a\u200bb\u00adc\ufeffd\u{e0041}e", "a·b·c·d·e"],
    ["half a character is none", "a\ud83cb", "a·b"],
    ["backspaces and deletes cannot rewrite", "good\b\b\b\bevil\u007f", "good····evil·"],
  ])("%s", (_title, text, expected) => {
    expect(printable(text)).toBe(expected);
  });
});

describe("printableJson", () => {
  test("escapes what could harm a terminal, and is still the same JSON", () => {
    const value = { name: "a\u009b\u202e\u2028\u{e0041}\ud83c\n🎬" };
    const line = printableJson(value);
    expect(line).toBe(String.raw`{"name":"a\u009b\u202e\u2028\udb40\udc41\ud83c\n🎬"}`);
    expect(JSON.parse(line)).toEqual(value);
  });

  test("is one line that parses back to what it was made of", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })), (value) => {
        const line = printableJson(value);
        expect(line).toBe(printable(line));
        expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 300 },
    );
  });
});
