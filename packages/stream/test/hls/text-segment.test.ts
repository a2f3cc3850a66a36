import type { Demuxer, Packet } from "@riptide/media";
import { describe, expect, test } from "vitest";
import { demoFilm } from "../../../media/test/support/corpus.ts";
import { realClock } from "../../../transcode/test/support/clocks.ts";
import { LatestSource } from "../../src/film-library.ts";
import { textSegment } from "../../src/hls/text-segment.ts";
import { createStreamFactory } from "../../src/index.ts";
import { createContext, KIB, MIB, readAll } from "../support/context.ts";
import { hlsFilm, hlsRequest } from "../support/hls.ts";
import { subtitleTrack } from "../support/media-infos.ts";

const HEADER = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n";
const time = (seconds: number, fraction: string): string => `00:00:${String(seconds).padStart(2, "0")}.${fraction}`;
const cue = (second: number, endSecond = second): string =>
  `${time(second, "100")} --> ${time(endSecond, "900")}\nSRT cue ${second}\n`;
const cues = (...blocks: readonly string[]): string => [HEADER, ...blocks].join("\n");

/** A line each second, 4 in a segment; the one that begins at 7.1 s is shown until 9.9 s. */
function textFilm(): Uint8Array {
  const bytes = Buffer.from(demoFilm("MKV"));
  // BlockDuration (RFC 9559 §5.1.3.5.3) of two bytes: 800 ms become 2800.
  const durationAt = bytes.indexOf(Buffer.of(0x9b, 0x82, 0x03, 0x20), bytes.indexOf("SRT cue 7") - 64);
  bytes.writeUInt16BE(2800, durationAt + 2);
  return bytes;
}

describe("A segment of subtitles", () => {
  test("holds the lines that begin in it, at the times of the film", async () => {
    const film = hlsFilm(textFilm());
    expect(await film.text("subtitles/0/seg-0.vtt")).toBe(cues(cue(0), cue(1), cue(2), cue(3)));
    expect(await film.text("subtitles/0/seg-1.vtt")).toBe(cues(cue(4), cue(5), cue(6), cue(7, 9)));
    expect(await film.text("subtitles/0/seg-11.vtt")).toBe(cues(cue(44), cue(45), cue(46), cue(47)));
  });

  test("repeats a line of the segment before it that is still shown", async () => {
    expect(await hlsFilm(textFilm()).text("subtitles/0/seg-2.vtt")).toBe(
      cues(cue(7, 9), cue(8), cue(9), cue(10), cue(11)),
    );
  });

  test("fetches nothing for that: without the bytes before it, there is nothing to repeat", async () => {
    const { provider, context } = createContext({
      bytes: textFilm(),
      clock: realClock,
      arrivals: { kind: "manual" },
      pieceLengthBytes: 4 * KIB,
    });
    const missing = provider.pieceAt(210_000); // in the middle of segment 1
    for (let piece = provider.pieces.start; piece < provider.pieces.end; piece += 1) {
      if (piece !== missing) provider.deliver(piece);
    }
    const factory = createStreamFactory({ ffmpeg: undefined, clock: realClock });
    const text = await readAll(await factory.hls.produce(hlsRequest("subtitles/0/seg-2.vtt"), context));
    expect(text.toString()).toBe(cues(cue(8), cue(9), cue(10), cue(11)));
    expect(
      provider.demandLog().filter(({ range }) => provider.pieceAt(range.start) <= missing && range.end > 300_000),
    ).toEqual([]);
  });

  test("of a film that has nothing but text ends somewhere", async () => {
    const { context, provider } = createContext({ bytes: demoFilm("MKV"), clock: realClock });
    const coded = {
      number: 3,
      track: subtitleTrack(),
      timescale: 1000,
      configuration: NOTHING,
      packetTicks: undefined,
    };
    let made = 0;
    const endless = async function* (): AsyncGenerator<readonly Packet[], void> {
      for (;;) yield [packetOf(made++), { ...packetOf(0), data: NOTHING }];
    };
    const film = { demuxer: { ...DEMUXER, packets: endless }, source: new LatestSource(provider) };
    const segment = { number: 0, startSeconds: 0, endSeconds: 1, stretch: { from: undefined, to: undefined } };
    const text = await textSegment({ film, plan: [segment] }, coded, segment, context);
    expect(text.length / MIB).toBeCloseTo(4, 0);
    expect(made * LINE.length).toBeLessThan(5 * MIB);
  });
});

const NOTHING = new Uint8Array(0);
const LINE = "A line. ".repeat(1000).trim();
const DEMUXER = {
  container: "matroska",
  durationSeconds: 1,
  tracks: [],
  keyIndex: async () => undefined,
} as const satisfies Omit<Demuxer, "packets">;

function packetOf(number: number): Packet {
  const data = new TextEncoder().encode(LINE);
  return { trackNumber: 3, ptsTicks: number, dtsTicks: undefined, durationTicks: 1000, isKeyframe: true, data };
}
