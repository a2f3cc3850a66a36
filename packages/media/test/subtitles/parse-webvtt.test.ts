import { describe, expect, it } from "vitest";
import { parseWebVtt } from "../../src/index.ts";
import { briefly } from "./briefly.ts";

describe("parseWebVtt", () => {
  it.each<[title: string, file: string, cues: string[]]>([
    [
      "an ordinary file",
      "WEBVTT - title\n\n00:01.000 --> 00:02.500\nOne\n\n01:00:03.000 --> 01:00:04.000\nTwo\nlines\n",
      ["1-2.5 One", "3603-3604 Two|lines"],
    ],
    [
      "line ends of Windows and a byte order mark",
      "\ufeffWEBVTT\r\n\r\n00:01.000 --> 00:02.000\r\nOne\r\n\r\n00:03.000 --> 00:04.000\r\nTwo",
      ["1-2 One", "3-4 Two"],
    ],
    [
      "line ends of old Macs",
      "WEBVTT\r\r00:01.000 --> 00:02.000\rOne\r\rNOTE x\r\r00:03.000 --> 00:04.000\rTwo",
      ["1-2 One", "3-4 Two"],
    ],
    [
      "identifiers",
      "WEBVTT\n\nintro\n00:01.000 --> 00:02.000\nOne\n\n2\n00:03.000 --> 00:04.000\nTwo",
      ["1-2 One", "3-4 Two"],
    ],
    [
      "notes, styles and regions",
      "WEBVTT\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:r\n\nNOTE\nnothing\nto see\n\n00:01.000 --> 00:02.000\nOne\n\nNOTE the end",
      ["1-2 One"],
    ],
    [
      "settings, but not regions",
      "WEBVTT\n\n00:01.000 --> 00:02.000 region:r line:0%,start  position:10%,line-left size:50% align:start vertical:rl junk:1\nOne",
      ["1-2 One [line:0%,start position:10%,line-left size:50% align:start vertical:rl]"],
    ],
    [
      "tags and escapes as they are",
      "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann><c.red>Hi</c> &amp; <00:01.500>bye",
      ["1-2 <v Ann><c.red>Hi</c> &amp; <00:01.500>bye"],
    ],
    [
      "a header for HLS",
      "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n00:01.000 --> 00:02.000\nOne",
      ["1-2 One"],
    ],
    ["commas, and no header", "00:00:01,000 --> 00:00:02,000\nOne", ["1-2 One"]],
    [
      "a cue right behind another",
      "WEBVTT\n\n00:01.000 --> 00:02.000\nOne\n00:03.000 --> 00:04.000\nTwo",
      ["1-2 One", "3-4 Two"],
    ],
    [
      "a cue without text",
      "WEBVTT\n\n00:01.000 --> 00:02.000\n\nnot its text\n\n00:03.000 --> 00:04.000\nTwo",
      ["3-4 Two"],
    ],
    ["an arrow in a text", "WEBVTT\n\n00:01.000 --> 00:02.000\na --> b", ["1-2 a --&gt; b"]],
  ])("reads %s", (_, file, cues) => {
    expect(parseWebVtt(file).map(briefly)).toEqual(cues);
  });
});
