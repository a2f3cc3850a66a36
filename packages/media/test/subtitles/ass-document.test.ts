import { describe, expect, it } from "vitest";
import { assDocument, assEventLine, parseAss } from "../../src/index.ts";
import { ASS_HEADER, textPacket, textTrack } from "./text-track.ts";

const track = textTrack("ass");

describe("assEventLine", () => {
  it.each([
    {
      title: "keeps style, margins, effect, overrides and commas",
      packet: textPacket("17,2,Sign,Ann,10,20,30,Banner;5,{\\pos(1,2)}One, two\\Nthree", {
        ptsTicks: 3_723_456,
        durationTicks: 1000,
      }),
      line: "Dialogue: 2,1:02:03.46,1:02:04.46,Sign,Ann,10,20,30,Banner;5,{\\pos(1,2)}One, two\\Nthree",
    },
    {
      title: "says layer 0 where SSA says nothing",
      packet: textPacket("0,,Default,,0,0,0,,Hi"),
      line: "Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,Hi",
    },
    {
      title: "is one line whatever the packet holds",
      packet: textPacket("0,0,Default,,0,0,0,,one\r\n[Fonts]\nDialogue: 1\0\r\n"),
      line: "Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,one\\N[Fonts]\\NDialogue: 1",
    },
    {
      title: "does not start before 0",
      packet: textPacket("0,0,Default,,0,0,0,,Hi", { ptsTicks: -500 }),
      line: "Dialogue: 0,0:00:00.00,0:00:01.50,Default,,0,0,0,,Hi",
    },
    {
      title: "ends some time",
      packet: textPacket("0,0,Default,,0,0,0,,Hi", { durationTicks: undefined }),
      line: "Dialogue: 0,0:00:01.00,0:00:06.00,Default,,0,0,0,,Hi",
    },
  ])("$title", ({ packet, line }) => {
    expect(assEventLine(packet, track)).toBe(line);
  });

  it("is undefined for what is no event of ASS", () => {
    const event = textPacket("0,0,Default,,0,0,0,,Hi");
    expect(assEventLine(textPacket("0,0,Default"), track)).toBeUndefined();
    expect(assEventLine(event, textTrack("srt"))).toBeUndefined();
  });
});

describe("assDocument", () => {
  const lines = ["Dialogue: 0,0:00:01.00,0:00:03.00,Thoughts,,0,0,0,,Hi, you"];

  it("puts the lines under the header", () => {
    const document = assDocument(new TextEncoder().encode(ASS_HEADER), lines);
    expect(document).toBe(`${ASS_HEADER}${lines[0]}\n`);
    expect(parseAss(document)).toEqual([{ startSeconds: 1, endSeconds: 3, text: "<i>Hi, you</i>", settings: "" }]);
  });

  it.each([
    [
      "\ufeff[Script Info]\r\nTitle: x\r\n\r\n\r\n[Events]\r\nFormat: Layer, Start, End, Style, Name, Text\r\nDialogue: old\r\n\0",
      "[Script Info]\nTitle: x",
    ],
    [
      "[Script Info]\nTitle: x\n[events]\nFormat: Marked\n[Fonts]\nfontname: a.ttf",
      "[Script Info]\nTitle: x\n\n[Fonts]\nfontname: a.ttf",
    ],
    ["[Script Info]\nTitle: x\n", "[Script Info]\nTitle: x"],
    ["Title: x", "Title: x"],
  ])("leaves out the events of the header %j and their format", (header, kept) => {
    const format = "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text";
    expect(assDocument(new TextEncoder().encode(header), lines)).toBe(`${kept}\n\n[Events]\n${format}\n${lines[0]}\n`);
  });
});
