import { describe, expect, it } from "vitest";
import { CUES_LIMIT, DEFAULT_CUE_SECONDS, parseAss } from "../../src/index.ts";
import { briefly } from "./briefly.ts";
import { ASS_HEADER } from "./text-track.ts";

const event = (rest: string): string => `Dialogue: 0,0:00:01.00,0:00:02.50,${rest}`;

describe("parseAss", () => {
  it.each<[title: string, script: string, cues: string[]]>([
    [
      "an ordinary script",
      `${ASS_HEADER}${event("Default,Ann,0,0,0,,Hi, you")}\n${event("Thoughts,,0,0,0,,hm{\\i0}!")}`,
      ["1-2.5 Hi, you", "1-2.5 <i>hm</i>!"],
    ],
    [
      "line ends of Windows and a byte order mark",
      `\ufeff${ASS_HEADER}${event("Default,,0,0,0,,Hi")}\n`.replaceAll("\n", "\r\n"),
      ["1-2.5 Hi"],
    ],
    ["styles of places", `${ASS_HEADER}${event("Sign,,0,0,0,,STOP")}`, ["1-2.5 <u>STOP</u> [line:0 align:left]"]],
    [
      "fields in another order",
      `[events]\nformat: Text2, end, Start, TEXT\ndialogue: x,0:00:02,0:00:01,Hi, you`,
      ["1-2 Hi, you"],
    ],
    [
      "SSA",
      "[V4 Styles]\nFormat: Name, Alignment, Italic\nStyle: Default,6,-1\n[Events]\nFormat: Marked, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\nDialogue: Marked=0,0:00:01.00,0:00:02.50,*Default,NTP,0000,0000,0000,!Effect,Hi",
      ["1-2.5 <i>Hi</i> [line:0]"],
    ],
    [
      "no format, or one without a text",
      `[Events]\n${event("Default,,0,0,0,,Hi")}\nFormat: Layer, Start\n${event("Default,,0,0,0,,you")}`,
      ["1-2.5 Hi", "1-2.5 you"],
    ],
    ["no sections at all", event("Default,,0,0,0,,Hi"), ["1-2.5 Hi"]],
    [
      "comments, drawings, junk",
      `${ASS_HEADER}Comment: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,no\n; Dialogue: no\n${event("Default,,0,0,0,,{\\p1}m 0 0 l 1 1")}\nDialogue: 0,soon,0:00:02.00,Default,,0,0,0,,no\nDialogue:\nDialogue\n:::\n[]`,
      [],
    ],
    [
      "no time to show it",
      `${ASS_HEADER}Dialogue: 0,0:00:02.00,0:00:02.00,Default,,0,0,0,,no\nDialogue: 0,0:00:02.00,0:00:01.00,Default,,0,0,0,,no`,
      [],
    ],
    ["no end", `${ASS_HEADER}Dialogue: 0,0:00:02.00,?,Default,,0,0,0,,Hi`, [`2-${2 + DEFAULT_CUE_SECONDS} Hi`]],
    [
      "disorder",
      `${ASS_HEADER}${event("Default,,0,0,0,,b")}\nDialogue: 0,0:00:00.50,0:00:03.00,Default,,0,0,0,,a`,
      ["0.5-3 a", "1-2.5 b"],
    ],
  ])("reads %s", (_, script, cues) => {
    expect(parseAss(script).map(briefly)).toEqual(cues);
  });

  it("stops at its limits", () => {
    const many = "Dialogue: 0:01,0:02,a\n".repeat(CUES_LIMIT + 10);
    expect(parseAss(`[Events]\nFormat: Start, End, Text\n${many}`)).toHaveLength(CUES_LIMIT);
    const styles = Array.from({ length: 2000 }, (_, index) => `Style: S${index},1`).join("\n");
    const script = `[V4+ Styles]\nFormat: Name, Italic\n${styles}\n[Events]\n${event("S999,,0,0,0,,in")}\n${event("S1000,,0,0,0,,out")}`;
    expect(parseAss(script).map(({ text }) => text)).toEqual(["<i>in</i>", "out"]);
  });
});
