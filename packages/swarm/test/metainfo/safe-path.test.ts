import { posix, win32 } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assignDiskPaths, safeComponent } from "../../src/metainfo/safe-path.ts";

describe("safeComponent", () => {
  it.each([
    ["keeps an ordinary name", "Big Buck Bunny (2008).mkv", "Big Buck Bunny (2008).mkv"],
    ["keeps other scripts", "東京物語 – 1953.mp4", "東京物語 – 1953.mp4"],
    ["keeps a leading dot", ".nfo", ".nfo"],
    ["replaces an empty name", "", "_"],
    ["replaces the current folder", ".", "_"],
    ["replaces the parent folder", "..", "_"],
    ["replaces many dots", "......", "_"],
    ["replaces dots that Windows would trim to the parent folder", ". .", "_"],
    ["replaces slashes", "/etc/passwd", "_etc_passwd"],
    ["replaces backslashes", "..\\..\\boot.ini", ".._.._boot.ini"],
    ["replaces a drive", "C:\\x", "C__x"],
    ["replaces NUL, line breaks and escapes", "a\u0000b\r\nc\u001b[2Jd\u0085e\u007f", "a_b__c_[2Jd_e_"],
    ["replaces characters that turn the text around", "a\u202Egpj.exe\u2066", "a_gpj.exe_"],
    ["replaces what Windows forbids", 'a<b>c:d"e|f?g*h', "a_b_c_d_e_f_g_h"],
    ["replaces half a surrogate pair", "a\ud800b", "a_b"],
    ["drops trailing dots and spaces", "name. . ", "name"],
    ["drops leading spaces", "   name", "name"],
    ["escapes a DOS device", "CON", "_CON"],
    ["escapes a DOS device with an extension", "aux.mkv", "_aux.mkv"],
    ["escapes a DOS device with a space", "com1 .txt", "_com1 .txt"],
    ["escapes a DOS device with a superscript", "LPT².txt", "_LPT².txt"],
    ["leaves what only begins like one", "console.log", "console.log"],
    ["cuts a long name, keeping its extension", `${"x".repeat(5_000)}.mkv`, `${"x".repeat(236)}.mkv`],
    ["cuts between characters of several bytes", `${"日".repeat(100)}.mkv`, `${"日".repeat(78)}.mkv`],
    ["cuts between surrogate pairs", "😀".repeat(100), "😀".repeat(60)],
    ["does not take a sentence for an extension", `${"x".repeat(300)}. And then they were three`, "x".repeat(240)],
    ["does not end a cut name in a space", `${"x".repeat(239)} ${"y".repeat(20)}`, "x".repeat(239)],
  ])("%s", (_title, name, expected) => {
    expect(safeComponent(name)).toBe(expected);
  });
});

describe("assignDiskPaths", () => {
  it.each<[string, string[][], string[][]]>([
    [
      "gives equal paths numbers, before the extension",
      [
        ["a", "b.txt"],
        ["a", "b.txt"],
        ["a", "b.txt"],
      ],
      [
        ["a", "b.txt"],
        ["a", "b.1.txt"],
        ["a", "b.2.txt"],
      ],
    ],
    [
      "takes case for no difference",
      [
        ["A", "b.txt"],
        ["a", "B.TXT"],
      ],
      [
        ["A", "b.txt"],
        ["a", "B.1.TXT"],
      ],
    ],
    ["takes composed and decomposed accents for equal", [["\u00e9"], ["e\u0301"]], [["\u00e9"], ["e\u0301.1"]]],
    [
      "moves a folder away from a file of its name",
      [["a"], ["a", "b"], ["a", "c"]],
      [["a"], ["a.1", "b"], ["a.1", "c"]],
    ],
    ["moves a file away from a folder of its name", [["a", "b"], ["A"]], [["a", "b"], ["A.1"]]],
    [
      "keeps the engine's own folder free",
      [[".riptide", "x"], [".RipTide"], ["a", ".riptide"]],
      [["_.riptide", "x"], ["_.1.RipTide"], ["a", ".riptide"]],
    ],
    ["keeps it free when trimming makes the name", [[".riptide. ", "x"]], [["_.riptide", "x"]]],
  ])("%s", (_title, paths, expected) => {
    expect(assignDiskPaths(paths.map((path) => ({ path, isPadding: false })))).toEqual(expected);
  });

  it("gives padding files places of their own, however they are called", () => {
    const padding = { path: [".pad", "15872"], isPadding: true };
    const real = { path: [".pad", "1"], isPadding: false };
    expect(assignDiskPaths([padding, padding, real, { path: [], isPadding: true }])).toEqual([
      [".pad", "0"],
      [".pad", "1"],
      [".pad", "1.1"],
      [".pad", "3"],
    ]);
  });

  it("drops the outermost folders of a path that no file system takes", () => {
    const path = [...Array.from({ length: 99 }, (_, depth) => `${depth}-${"x".repeat(200)}`), "film.mkv"];
    const [place = []] = assignDiskPaths([{ path, isPadding: false }]) ?? [];
    expect(place.join("/").length).toBeLessThan(800);
    expect(place.at(-1)).toBe("film.mkv");
    expect(place.at(0)).toMatch(/^96-/);
  });

  it("allows a handful of equal names, not hundreds", () => {
    const equal = Array.from({ length: 118 }, () => ({ path: ["same"], isPadding: false }));
    expect(assignDiskPaths(equal.slice(0, 30))).toHaveLength(30);
    expect(assignDiskPaths(equal)).toBeUndefined();
  });

  it("copes with as many files as a torrent may have", () => {
    const paths = Array.from({ length: 100_000 }, (_, index) => ({
      path: ["a", `${index % 300}`, `${index}.txt`],
      isPadding: false,
    }));
    expect(assignDiskPaths(paths)).toHaveLength(100_000);
  });

  it("keeps every path inside the root and apart from all others, whatever the names", () => {
    const nasty = fc.constantFrom(
      "",
      ".",
      "..",
      "/",
      "\\",
      "a",
      "A",
      "a.",
      "con",
      "CON.txt",
      ".riptide",
      "\u0000",
      "\u202e",
      "é",
      "e\u0301",
      "C:",
    );
    const name = fc.oneof(
      nasty,
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.string({ minLength: 230, maxLength: 300 }),
    );
    const file = fc.record({ path: fc.array(name, { minLength: 1, maxLength: 5 }), isPadding: fc.boolean() });
    fc.assert(
      fc.property(fc.array(file, { maxLength: 12 }), (files) => {
        const places = assignDiskPaths(files) ?? [];
        expect(places).toHaveLength(files.length);
        expect(places.filter((place) => !isSafe(place))).toEqual([]);
        expect(clashes(places)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

function isSafe(place: readonly string[]): boolean {
  return (
    posix.join("/root", ...place) === `/root/${place.join("/")}` &&
    win32.join("C:\\root", ...place) === `C:\\root\\${place.join("\\")}` &&
    place[0]?.toLowerCase() !== ".riptide" &&
    place.every((component) => !/^\.{0,2}$|[/\\\p{Cc}\p{Cs}\p{Bidi_Control}]|[. ]$/u.test(component)) &&
    place.every((component) => Buffer.byteLength(component) <= 240)
  );
}

/** Pairs of places that are equal ignoring case, or of which one lies below the other. */
function clashes(places: readonly (readonly string[])[]): string[] {
  const keys = places.map((place) => `${place.map((name) => name.normalize("NFC").toLowerCase()).join("/")}/`);
  return keys.filter((key, index) => keys.some((other, otherIndex) => index !== otherIndex && other.startsWith(key)));
}
