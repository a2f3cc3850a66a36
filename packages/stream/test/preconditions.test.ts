import { describe, expect, test } from "vitest";
import { decideResponse } from "../src/preconditions.ts";

const etag = '"0123456789abcdef0123456789abcdef01234567-3"';
const before = "Tue, 02 Jan 2023 03:04:05 GMT";
const exact = "Tue, 02 Jan 2024 03:04:05 GMT";
const later = "Tue, 02 Jan 2024 03:04:06 GMT";

function decide(method: string, headers: Record<string, string>, sizeBytes = 8000): string {
  const decision = decideResponse(method, new Headers(headers), { etag, sizeBytes });
  return decision.status === 206 ? `206 ${decision.range.start}-${decision.range.end - 1}` : String(decision.status);
}

/**
 * The cases that nginx, Apache, Caddy, lighttpd and npm's send were asked (51 of them), with the answer of RFC 9110 where
 * they differ. Where a date is compared, ours differs from theirs: there is no Last-Modified.
 */
describe("What five servers were asked is answered as the standard says", () => {
  test.each<[string, string, Record<string, string>, string]>([
    ["GET", "GET", {}, "200"],
    ["HEAD", "HEAD", {}, "200"],
    ["HEAD with a range, which has no meaning there", "HEAD", { range: "bytes=0-9" }, "200"],
    ["POST with a range, which has no meaning there", "POST", { range: "bytes=0-9" }, "200"],
    ["a range", "GET", { range: "bytes=0-9" }, "206 0-9"],
    ["an open range", "GET", { range: "bytes=0-" }, "206 0-7999"],
    ["the rest", "GET", { range: "bytes=7990-" }, "206 7990-7999"],
    ["a suffix", "GET", { range: "bytes=-10" }, "206 7990-7999"],
    ["an empty suffix", "GET", { range: "bytes=-0" }, "416"],
    ["a long suffix", "GET", { range: "bytes=-9000" }, "206 0-7999"],
    ["a long range", "GET", { range: "bytes=7990-9999999" }, "206 7990-7999"],
    ["a range beyond the end", "GET", { range: "bytes=8000-" }, "416"],
    ["a range beyond the end with an end", "GET", { range: "bytes=8000-8001" }, "416"],
    ["an inverted range", "GET", { range: "bytes=5-4" }, "200"],
    ["an empty set", "GET", { range: "bytes=" }, "200"],
    ["garbage", "GET", { range: "bytes=abc" }, "200"],
    ["half garbage", "GET", { range: "bytes=1-x" }, "200"],
    ["a lone number", "GET", { range: "bytes=10" }, "200"],
    ["another unit", "GET", { range: "items=0-9" }, "200"],
    ["the unit in capitals", "GET", { range: "BYTES=0-9" }, "206 0-9"],
    ["white space around the equals sign", "GET", { range: "bytes = 0-9" }, "200"],
    ["white space after the equals sign", "GET", { range: "bytes= 0-9" }, "206 0-9"],
    ["two ranges", "GET", { range: "bytes=0-9, 20-29" }, "206 0-9"],
    ["two overlapping ranges", "GET", { range: "bytes=0-9,5-14" }, "206 0-9"],
    ["two ranges of which one is beyond the end", "GET", { range: "bytes=0-9,9000-" }, "206 0-9"],
    ["two ranges beyond the end", "GET", { range: "bytes=9000-,9001-" }, "416"],
    ["a range and garbage", "GET", { range: "bytes=0-9,x" }, "200"],
    ["two ranges in falling order", "GET", { range: "bytes=20-29,0-9" }, "206 20-29"],
    ["two Range lines", "GET", { range: "bytes=0-9, bytes=20-29" }, "200"],
    ["a start of twenty digits", "GET", { range: "bytes=99999999999999999999-" }, "416"],
    ["an end of twenty digits", "GET", { range: "bytes=0-99999999999999999999" }, "206 0-7999"],
    ["a suffix of twenty digits", "GET", { range: "bytes=-99999999999999999999" }, "206 0-7999"],
    ["numbers beyond 64 bits", "GET", { range: "bytes=18446744073709551616-18446744073709551617" }, "416"],
    ["If-Range with a date, which we never gave out", "GET", { range: "bytes=0-9", "if-range": exact }, "200"],
    ["If-Range with a later date", "GET", { range: "bytes=0-9", "if-range": later }, "200"],
    ["If-Range with another tag", "GET", { range: "bytes=0-9", "if-range": '"nope"' }, "200"],
    ["If-Range with our tag", "GET", { range: "bytes=0-9", "if-range": etag }, "206 0-9"],
    ["If-Range with our tag as a weak one", "GET", { range: "bytes=0-9", "if-range": `W/${etag}` }, "200"],
    ["If-Range without a range", "GET", { "if-range": etag }, "200"],
    ["If-Range that fails, and a range beyond the end", "GET", { range: "bytes=9000-", "if-range": '"nope"' }, "200"],
    ["a range of what the client has", "GET", { range: "bytes=0-9", "if-none-match": etag }, "304"],
    ["If-None-Match: *", "GET", { "if-none-match": "*" }, "304"],
    ["a range of what has changed", "GET", { range: "bytes=0-9", "if-match": '"nope"' }, "412"],
    ["a range beyond the end of what has changed", "GET", { range: "bytes=9000-", "if-match": '"nope"' }, "412"],
    [
      "If-Unmodified-Since, without a date to compare",
      "GET",
      { range: "bytes=0-9", "if-unmodified-since": before },
      "206 0-9",
    ],
    [
      "If-Modified-Since, without a date to compare",
      "GET",
      { range: "bytes=0-9", "if-modified-since": exact },
      "206 0-9",
    ],
  ])("%s", (_, method, headers, expected) => {
    expect(decide(method, headers)).toBe(expected);
  });

  test.each(["bytes=0-9", "bytes=-5", "bytes=0-"])("%s of an empty file is all of it", (range) => {
    expect(decide("GET", { range }, 0)).toBe("200");
  });
});

describe("Entity tags", () => {
  test.each<[string, Record<string, string>, string]>([
    ["any tag will do for If-Match: *", { "if-match": "*" }, "200"],
    ["one of several in If-Match", { "if-match": `"a", ${etag}, "b"` }, "200"],
    ["If-Match compares strongly", { "if-match": `W/${etag}` }, "412"],
    ["garbage in If-Match matches nothing", { "if-match": "nope" }, "412"],
    ["an empty If-Match matches nothing", { "if-match": "" }, "412"],
    ["one of several in If-None-Match", { "if-none-match": `"a",${etag}` }, "304"],
    ["If-None-Match compares weakly", { "if-none-match": `W/${etag}` }, "304"],
    ["other tags in If-None-Match", { "if-none-match": '"a", W/"b"' }, "200"],
    ["a tag that only holds ours, with a comma", { "if-none-match": '"a,b", "c' }, "200"],
    ["garbage in If-None-Match matches nothing", { "if-none-match": "garbage" }, "200"],
    ["If-Match goes before If-None-Match", { "if-match": '"nope"', "if-none-match": etag }, "412"],
    ["a small w is no weak tag", { "if-match": `w/${etag}` }, "200"],
  ])("%s", (_, headers, expected) => {
    expect(decide("GET", headers)).toBe(expected);
    expect(decide("HEAD", headers)).toBe(expected);
  });
});
