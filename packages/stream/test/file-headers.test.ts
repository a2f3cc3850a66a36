import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contentDisposition } from "../src/file-headers.ts";

describe("A file name in a header", () => {
  test.each([
    ["plain", "film.mkv", `inline; filename="film.mkv"; filename*=UTF-8''film.mkv`],
    ["with spaces", "a film.mkv", `inline; filename="a film.mkv"; filename*=UTF-8''a%20film.mkv`],
    ["with quotes and backslashes", 'a"b\\c', `inline; filename="a_b_c"; filename*=UTF-8''a%22b%5Cc`],
    [
      "with line ends",
      "a\r\nSet-Cookie: b=c",
      `inline; filename="a__Set-Cookie: b=c"; filename*=UTF-8''a__Set-Cookie%3A%20b%3Dc`,
    ],
    [
      "in other scripts",
      "映画 😀.mkv",
      `inline; filename="__ _.mkv"; filename*=UTF-8''%E6%98%A0%E7%94%BB%20%F0%9F%98%80.mkv`,
    ],
    ["with a percent sign", "100%.mkv", `inline; filename="100_.mkv"; filename*=UTF-8''100%25.mkv`],
    ["with marks that RFC 8187 reserves", "a'(b)*", `inline; filename="a'(b)*"; filename*=UTF-8''a%27%28b%29%2A`],
    ["with a mark that reverses text", "a\u202Efdp.exe", `inline; filename="a_fdp.exe"; filename*=UTF-8''a_fdp.exe`],
    ["with half a surrogate pair", "a\uD800b", `inline; filename="a_b"; filename*=UTF-8''a_b`],
    ["with NUL", "a\0b", `inline; filename="a_b"; filename*=UTF-8''a_b`],
    ["that is empty", "", `inline; filename=""; filename*=UTF-8''`],
  ])("%s", (_, name, expected) => {
    expect(contentDisposition("inline", name)).toBe(expected);
  });

  test("is cut, not between the halves of a character", () => {
    const header = contentDisposition("attachment", "😀".repeat(5000));
    expect(header).toBe(`attachment; filename="${"_".repeat(255)}"; filename*=UTF-8''${"%F0%9F%98%80".repeat(255)}`);
  });

  test("is always one valid header that can be read back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 30 }), (name) => {
        const header = new Headers({ "content-disposition": contentDisposition("inline", name) }).get(
          "content-disposition",
        );
        const encoded = /^inline; filename="[^"\\]*"; filename\*=UTF-8''([\w!#$&+\-.^`|~%]*)$/.exec(header ?? "")?.[1];
        expect(encoded).toBeDefined();
        // A format character beyond the first 65,536, of two halves, becomes one mark.
        expect(Array.from(decodeURIComponent(encoded ?? "")).length).toBe(Array.from(name).length);
      }),
      { examples: [["\u{e0020}"]] },
    );
  });
});
