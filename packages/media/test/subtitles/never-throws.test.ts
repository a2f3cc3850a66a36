import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  assDocument,
  assEventLine,
  cueFromPacket,
  decodeSubtitleText,
  parseAss,
  parseSrt,
  parseWebVtt,
  sidecarsFor,
  subtitleKindOf,
  supSegments,
  type TextCue,
  webVttDocument,
} from "../../src/index.ts";
import { ASS_HEADER, textPacket, textTrack } from "./text-track.ts";

/** Pieces of subtitles in any order, and anything. */
const PIECES = [
  ...`1 00:00:01,000 --> 0:0:1.5 99999:99 <i> </b> {\\an8} {\\p1\\i1} { } \\N , Format: Dialogue: WEBVTT NOTE line:0 &amp; &# - é 字`.split(
    " ",
  ),
  "\n",
  "\r\n",
  "\r",
  "\0",
  " ",
  "\ufeff",
  "\ud800",
  "\u{1f600}",
  "\n[Events]\n",
  "\n[V4+ Styles]\n",
  "\nFormat: Start, End, Text, Style\n",
  "\nStyle: a,b,c\n",
  "\nDialogue: 0:00:01.00,0:00:02.00,",
  "\n00:00:01,000 --> 00:00:02,000\n",
];
const pieces = fc.constantFrom(...PIECES);
const text = fc.oneof(
  fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary" }),
);
const data = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  text.map((each) => new TextEncoder().encode(each)),
);

function expectSound(cue: TextCue): void {
  expect(cue.endSeconds).toBeGreaterThan(cue.startSeconds);
  expect(cue.text).not.toMatch(/^\s*$|\n\s*\n|\r|\0|-->/);
  expect(cue.settings).not.toMatch(/[\r\n]|-->/);
}

describe("whatever a file holds", () => {
  it.each([
    { name: "parseSrt", parse: parseSrt },
    { name: "parseWebVtt", parse: parseWebVtt },
    { name: "parseAss", parse: parseAss },
  ])("$name gives sound cues in order, which WebVTT keeps", ({ parse }) => {
    fc.assert(
      fc.property(text, (file) => {
        const cues = parse(file);
        cues.forEach(expectSound);
        expect(cues).toEqual([...cues].sort((a, b) => a.startSeconds - b.startSeconds));
        const document = webVttDocument(cues);
        expect(webVttDocument(parseWebVtt(document))).toBe(document);
      }),
      { numRuns: 500 },
    );
  });

  it("a packet gives a sound cue or none", () => {
    const tracks = [
      textTrack("srt"),
      textTrack("ass", { header: ASS_HEADER }),
      textTrack("webvtt"),
      textTrack("webvtt", { codecTag: "D_WEBVTT/SUBTITLES" }),
      textTrack("webvtt", { codecTag: "wvtt" }),
      textTrack("mov_text"),
      textTrack("pgs"),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...tracks),
        data,
        fc.option(fc.nat(), { nil: undefined }),
        (track, bytes, durationTicks) => {
          const packet = textPacket(bytes, { durationTicks });
          const cue = cueFromPacket(track, packet);
          [cue].filter((each) => each !== undefined).forEach(expectSound);
          expect(assEventLine(packet, track) ?? "").not.toMatch(/[\r\n\0]/);
          expect(supSegments(track, packet).length).toBeLessThanOrEqual(bytes.length * 5);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("bytes give text, and a script stays a script", () => {
    fc.assert(
      fc.property(data, (bytes) => {
        expect(typeof decodeSubtitleText(bytes)).toBe("string");
        const line = "Dialogue: 0,0:00:01.00,0:00:03.00,None,,0,0,0,,Hi";
        expect(parseAss(assDocument(bytes, [line]))).toMatchObject([{ startSeconds: 1, endSeconds: 3, text: "Hi" }]);
      }),
      { numRuns: 1000 },
    );
  });

  it("names give sidecars", () => {
    const part = fc.oneof(
      fc.constantFrom(..."Film . - _ / en English forced sdh hi pt BR S01E02 Subs srt mkv [ ] 2 简体".split(" ")),
      fc.string({ unit: "grapheme" }),
    );
    const path = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(path, fc.array(path, { maxLength: 10 }), (video, others) => {
        const paths = [video, ...others, ...others.map((other) => `${other}.srt`)].map((each, index) => ({
          index,
          path: each,
        }));
        for (const { language, kind, path: found } of sidecarsFor(video, paths)) {
          expect(kind).toBe(subtitleKindOf(found));
          expect(Intl.getCanonicalLocales(language)).toEqual([language].filter((tag) => tag !== undefined));
        }
      }),
    );
  });

  it("takes time in proportion, even for what is made to take long", () => {
    const hostile = [
      "{\\",
      "<i",
      "<<<<",
      "\r",
      "\r\r",
      "&#",
      "{\\an8",
      "1\n",
      "00:00:00,000 -->",
      " \t",
      "{\\i1}",
      "-",
      "[",
      "a:",
      "Dialogue: ,",
      "0 : ",
    ];
    for (const unit of hostile) {
      const file = unit.repeat(Math.ceil(300_000 / unit.length));
      for (const parse of [parseSrt, parseWebVtt, parseAss]) expect(parse(file).length).toBeLessThanOrEqual(100_000);
      const block = new TextEncoder().encode(`0,0,a,,0,0,0,,${file}`);
      for (const codec of ["srt", "ass", "webvtt", "mov_text"] as const)
        cueFromPacket(textTrack(codec), textPacket(block));
    }
  });
});
