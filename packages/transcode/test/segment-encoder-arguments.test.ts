import { describe, expect, test } from "vitest";
import { type EncoderProfile, segmentEncoderArguments } from "../src/segment-encoder-arguments.ts";

const codecs: EncoderProfile["codec"][] = ["ac3", "eac3", "dts", "mp2", "mp3", "flac", "vorbis", "pcm", "alac"];

const wordsFor = (codec: EncoderProfile["codec"], sourceRateHz = 48_000, rateHz = sourceRateHz): string =>
  segmentEncoderArguments({ codec, sourceRateHz, rateHz }).join(" ");

describe("What reaches an encoder of segments", () => {
  test.each(codecs)("%s: our own envelope through pipes, one track, its own decoders and no other", (codec) => {
    const words = wordsFor(codec);
    expect(words).toContain("-protocol_whitelist pipe -format_whitelist matroska -codec_whitelist ");
    expect(words).toContain("-max_streams 1 -probesize 32 -analyzeduration 0 -threads 1");
    expect(words).toContain("-f matroska -i pipe:0 -map 0:a:0");
    expect(words).toMatch(
      /^-hide_banner -loglevel error -nostdin -max_alloc 268435456 .* -f adts -flush_packets 1 pipe:1$/,
    );
    expect(words).not.toContain("nobuffer");
  });

  test("the decoders of Dolby make the same noise every time, and that of DTS leaves its extensions alone", () => {
    expect(codecs.filter((codec) => wordsFor(codec).includes("-cons_noisegen 1"))).toEqual(["ac3", "eac3"]);
    expect(codecs.filter((codec) => wordsFor(codec).includes("-core_only 1"))).toEqual(["dts"]);
  });

  test("output starts ten seconds into the envelope, in samples of the source", () => {
    const words = wordsFor("flac", 96_000, 48_000);
    expect(words).toContain("-copyts");
    expect(words).toContain("rematrix_maxval=1:async=1:min_comp=0.000001:min_hard_comp=0.01:first_pts=960000");
    expect(words).toContain("-ac 2 -ar 48000");
  });

  test.each([0, -1, 44_100.5, 1e9, Number.NaN])("%d is no rate of ours: a bug", (rateHz) => {
    expect(() => wordsFor("ac3", rateHz)).toThrow("no sample rate");
    expect(() => wordsFor("ac3", 48_000, rateHz)).toThrow("no sample rate");
  });
});
