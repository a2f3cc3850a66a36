import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseWebVtt, type TextCue, webVttDocument } from "../../src/index.ts";

function cue(startSeconds: number, endSeconds: number, text: string, settings = ""): TextCue {
  return { startSeconds, endSeconds, text, settings };
}

describe("webVttDocument", () => {
  it("writes header, times, settings and payloads", () => {
    expect(
      webVttDocument([cue(0, 1.5, "Hi"), cue(3_723.4567, 360_000, "<i>two\nlines</i>", "line:0 align:left")]),
    ).toBe(
      "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nHi\n\n01:02:03.457 --> 100:00:00.000 line:0 align:left\n<i>two\nlines</i>\n",
    );
  });

  it("maps times for HLS", () => {
    const header = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n";
    expect(webVttDocument([], { timestampMap: true })).toBe(header);
    expect(webVttDocument([cue(1, 2, "Hi")], { timestampMap: true })).toBe(
      `${header}\n00:00:01.000 --> 00:00:02.000\nHi\n`,
    );
  });

  it("sorts by start, and writes once what is there twice", () => {
    const cues = [cue(5, 6, "b"), cue(1, 2, "a"), cue(5, 6, "b"), cue(5, 7, "b")];
    expect(parseWebVtt(webVttDocument(cues))).toEqual([cue(1, 2, "a"), cue(5, 6, "b"), cue(5, 7, "b")]);
  });

  it.each([
    { title: "blank", broken: cue(1, 2, " \n\r\n") },
    { title: "without time", broken: cue(1, 1, "Hi") },
    { title: "without a millisecond", broken: cue(1, 1.0001, "Hi") },
    { title: "backwards", broken: cue(2, 1, "Hi") },
    { title: "before the film", broken: cue(-2, -1, "Hi") },
    { title: "at no time", broken: cue(Number.NaN, 1, "Hi") },
    { title: "for ever", broken: cue(1, Number.POSITIVE_INFINITY, "Hi") },
  ])("leaves out a cue that is $title", ({ broken }) => {
    expect(webVttDocument([broken])).toBe("WEBVTT\n");
  });

  it.each([
    ["one\n\n00:00:05.000 --> 00:00:06.000\ninjected", "one\n00:00:05.000 --&gt; 00:00:06.000\ninjected", "", ""],
    ["one\r\r\n\0\r\ntwo", "one\n\ufffd\ntwo", "", ""],
    ["Hi", "Hi", "line:0\n\n00:00:05.000 --> 00:00:06.000\ninjected", "line:0"],
    ["Hi", "Hi", "region:a line:0 onclick:x align:left-->", "line:0"],
  ])("cannot be broken into by the payload %j", (text, kept, settings, keptSettings) => {
    const cues = parseWebVtt(webVttDocument([cue(1, 2, text, settings)]));
    expect(cues).toEqual([cue(1, 2, kept, keptSettings)]);
  });

  it("keeps exactly its cues, whatever they hold", () => {
    const hostile = fc.string({
      unit: fc.constantFrom(
        "\n",
        "\r",
        "-",
        ">",
        "<",
        "&",
        " ",
        "\t",
        "\0",
        "0",
        ":",
        ".",
        "a",
        "é",
        "\ufeff",
        "\u2028",
      ),
    });
    const anyCue = fc.record({
      startSeconds: fc.integer({ min: 0, max: 10_000_000 }).map((milliseconds) => milliseconds / 1000),
      durationSeconds: fc.integer({ min: 1, max: 10_000 }).map((milliseconds) => milliseconds / 1000),
      text: fc.oneof(
        hostile,
        hostile.map((text) => `${text}\n\n00:01 --> 00:02\n${text}`),
      ),
      settings: hostile,
    });
    fc.assert(
      fc.property(fc.array(anyCue, { maxLength: 8 }), (made) => {
        const cues = made.map(({ startSeconds, durationSeconds, ...rest }, index) => ({
          ...rest,
          startSeconds,
          endSeconds: startSeconds + durationSeconds,
          text: `${index}${rest.text}`,
        }));
        const read = parseWebVtt(webVttDocument(cues));
        expect(read).toHaveLength(cues.length);
        expect(new Set(read.map(({ text }) => text[0]))).toEqual(new Set(cues.map(({ text }) => text[0])));
        for (const { text, startSeconds, endSeconds } of read) {
          const original = cues[Number(text[0])];
          expect(startSeconds).toBeCloseTo(original?.startSeconds ?? Number.NaN, 3);
          expect(endSeconds).toBeCloseTo(original?.endSeconds ?? Number.NaN, 3);
        }
        expect(webVttDocument(read)).toBe(webVttDocument(cues));
      }),
    );
  });
});
