import { describe, expect, it } from "vitest";
import { CUES_LIMIT, DEFAULT_CUE_SECONDS, parseSrt } from "../../src/index.ts";
import { timedBlocks } from "../../src/subtitles/timed-blocks.ts";
import { briefly } from "./briefly.ts";

describe("parseSrt", () => {
  it.each<[title: string, file: string, cues: string[]]>([
    [
      "an ordinary file",
      "1\n00:00:01,000 --> 00:00:02,500\nOne\n\n2\n01:00:03,000 --> 01:00:04,000\nTwo\nlines\n",
      ["1-2.5 One", "3603-3604 Two|lines"],
    ],
    [
      "line ends of Windows and a byte order mark",
      "\ufeff1\r\n00:00:01,000 --> 00:00:02,000\r\nOne\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\nTwo",
      ["1-2 One", "3-4 Two"],
    ],
    [
      "line ends of old Macs",
      "1\r00:00:01,000 --> 00:00:02,000\rOne\r\r2\r00:00:03,000 --> 00:00:04,000\rTwo\r",
      ["1-2 One", "3-4 Two"],
    ],
    [
      "line ends converted twice",
      "1\r\r\n00:00:01,000 --> 00:00:02,000\r\r\nOne\r\r\nline\r\r\n\r\r\n2\r\r\n00:00:03,000 --> 00:00:04,000\r\r\nTwo",
      ["1-2 One|line", "3-4 Two"],
    ],
    ["no counters", "00:00:01,000 --> 00:00:02,000\nOne\n\n00:00:03,000 --> 00:00:04,000\nTwo", ["1-2 One", "3-4 Two"]],
    [
      "counters that are wrong",
      "7\n00:00:01,000 --> 00:00:02,000\nOne\n\n7\n00:00:03,000 --> 00:00:04,000\nTwo\n\n0\n00:00:05,000 --> 00:00:06,000\nThree",
      ["1-2 One", "3-4 Two", "5-6 Three"],
    ],
    [
      "no blank lines between",
      "1\n00:00:01,000 --> 00:00:02,000\nOne\n2\n00:00:03,000 --> 00:00:04,000\nTwo",
      ["1-2 One", "3-4 Two"],
    ],
    [
      "numbers that are said",
      "1\n00:00:01,000 --> 00:00:02,000\n10\n\n2\n00:00:03,000 --> 00:00:04,000\n9\n8\n\n3\n00:00:05,000 --> 00:00:06,000\n7",
      ["1-2 10", "3-4 9|8", "5-6 7"],
    ],
    [
      "a number that is said, without counters",
      "00:00:01,000 --> 00:00:02,000\n10\n\n00:00:03,000 --> 00:00:04,000\nTwo",
      ["1-2 10", "3-4 Two"],
    ],
    [
      "a blank line inside a text",
      "1\n00:00:01,000 --> 00:00:02,000\nOne\n\nmore\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo",
      ["1-2 One|more", "3-4 Two"],
    ],
    [
      "texts left empty",
      "1\n00:00:01,000 --> 00:00:02,000\n\n2\n00:00:03,000 --> 00:00:04,000\n3\n00:00:05,000 --> 00:00:06,000\nThree",
      ["5-6 Three"],
    ],
    [
      "dots, colons and blanks in times",
      "00:00:01.000 --> 00:00:02:500\nOne\n\n 00: 00: 03 , 000-->00:00:04\nTwo",
      ["1-2.5 One", "3-4 Two"],
    ],
    [
      "fractions of any length",
      "00:00:01,5 --> 00:00:02,25\nOne\n\n0:0:3,123456 --> 0:0:4,0\nTwo",
      ["1.5-2.25 One", "3.123456-4 Two"],
    ],
    ["no hours", "00:01,000 --> 00:02:500\nOne\n\n61:01,000 --> 61:02,000\nTwo", ["1-2.5 One", "3661-3662 Two"]],
    [
      "arrows of word processors",
      "00:00:01,000 -> 00:00:02,000\nOne\n\n00:00:03,000 –> 00:00:04,000\nTwo",
      ["1-2 One", "3-4 Two"],
    ],
    ["coordinates behind the times", "00:00:01,000 --> 00:00:02,000 X1:100 X2:200 Y1:1 Y2:2\nOne", ["1-2 One"]],
    [
      "overlaps and disorder",
      "00:00:05,000 --> 00:00:09,000\nb\n\n00:00:01,000 --> 00:00:06,000\na\n\n00:00:05,000 --> 00:00:06,000\nc",
      ["1-6 a", "5-9 b", "5-6 c"],
    ],
    [
      "ends at or before the start",
      "00:00:01,000 --> 00:00:01,000\nto the next\n\n00:00:03,000 --> 00:00:02,000\na while\n\n00:00:20,000 --> 00:00:10,000\nlast",
      ["1-3 to the next", `3-${3 + DEFAULT_CUE_SECONDS} a while`, `20-${20 + DEFAULT_CUE_SECONDS} last`],
    ],
    ["a start before the film", "-00:00:01,000 --> 00:00:01,000\nOne", ["-1-1 One"]],
    [
      "junk before and behind",
      "WEBVTT\nRipped by someone --> nobody\n\n1\n00:00:01,000 --> 00:00:02,000\nOne",
      ["1-2 One"],
    ],
    [
      "an arrow in a text",
      "1\n00:00:01,000 --> 00:00:02,000\na --> b\n12:30 --> home",
      ["1-2 a --&gt; b|12:30 --&gt; home"],
    ],
    [
      "markup",
      "1\n00:00:01,000 --> 00:00:02,000\n{\\an8}<i>One</i> & <b>two",
      ["1-2 <i>One</i> &amp; <b>two</b> [line:0]"],
    ],
    ["nothing", "", []],
    ["text without times", "Hello\n\nWorld", []],
  ])("reads %s", (_, file, cues) => {
    expect(parseSrt(file).map(briefly)).toEqual(cues);
  });

  it("stops at its limits", () => {
    const one = "00:00:01,000 --> 00:00:02,000\nHi\n\n";
    expect(
      [...timedBlocks(one.repeat(CUES_LIMIT + 10), { endsAtBlankLine: false })].filter((block) => block !== undefined),
    ).toHaveLength(CUES_LIMIT);
    expect(parseSrt(`${" ".repeat(10 * 1024 * 1024)}\n${one}`)).toEqual([]);
    const long = `1\n00:00:01,000 --> 00:00:02,000\n${"abc\n".repeat(100_000)}\n2\n00:00:03,000 --> 00:00:04,000\nTwo`;
    expect(parseSrt(long).map(({ text }) => text.length <= 10_000)).toEqual([true, true]);
    expect(parseSrt(long).at(-1)?.text).toBe("Two");
  });
});
