import { MediaError } from "@riptide/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSoak } from "../../../test/support/soak.ts";
import { type ByteSource, type MediaInfo, readMediaInfo } from "../src/index.ts";
import { corpusFile } from "./support/corpus.ts";
import { describeTracks } from "./support/describe-track.ts";
import { MemorySource, never } from "./support/memory-source.ts";

interface Expectation {
  readonly container: MediaInfo["container"];
  readonly durationSeconds?: number;
  readonly tracks: readonly string[];
  readonly keyIndex?: MediaInfo["keyIndex"];
  readonly isFastStart?: boolean;
}

const H264 = "video 0: h264 (V_MPEG4/ISO/AVC) avc1.640034 1080x720";
const AC3 = "audio 0: ac3 (A_AC3) ac-3 1ch 44100Hz default";

/** What ffprobe 5.1 says of these files, in our words; differences are commented. */
const CORPUS: Readonly<Record<string, Expectation>> = {
  "mkv/sample.mkv": {
    container: "matroska",
    durationSeconds: 1.072,
    tracks: [`${H264} default`, AC3],
    keyIndex: { kind: "cues", startByte: 107445 },
  },
  "mkv/sample_av1.mkv": {
    container: "matroska",
    durationSeconds: 1,
    tracks: ["video 0: av1 (V_AV1) av01.0.05M.10 720x1280 30.000fps default"],
    keyIndex: { kind: "cues", startByte: 1854 },
  },
  "mkv/sample_with_chapters.mkv": {
    container: "matroska",
    durationSeconds: 5.023,
    tracks: [
      "video 0: h264 (V_MPEG4/ISO/AVC) avc1.f4000d 320x240 30.000fps",
      "audio 0: aac (A_AAC) mp4a.40.2 1ch 44100Hz",
    ],
    keyIndex: { kind: "cues", startByte: 70948 },
  },
  "mkv/sample_with_dts.mkv": {
    container: "matroska",
    durationSeconds: 0.47,
    tracks: ["audio 0: dts (A_DTS) dtsc 6ch 48000Hz"],
    keyIndex: { kind: "cues", startByte: 45849 },
  },
  "mkv/sample_with_pgs_subtitles.mkv": {
    container: "matroska",
    durationSeconds: 1.24,
    // ffprobe shows Language, `eng`; the file has LanguageBCP47 as well, which wins.
    tracks: [`${H264} 600.000fps default`, AC3, "subtitle 0: pgs (S_HDMV/PGS) [en] default"],
    keyIndex: { kind: "cues", startByte: 115040 },
  },
  "mkv/sample_with_srt.mkv": {
    container: "matroska",
    durationSeconds: 1.234,
    tracks: [`${H264} default`, AC3, 'subtitle 0: srt (S_TEXT/UTF8) [eng] "Subs Label" default'],
    keyIndex: { kind: "cues", startByte: 103254 },
  },
  "mkv/sample_with_ssa_subtitles.mkv": {
    container: "matroska",
    durationSeconds: 1.139,
    tracks: [`${H264} default`, AC3, "subtitle 0: ass (S_TEXT/SSA) default"],
    keyIndex: { kind: "cues", startByte: 108050 },
  },
  "mkv/bbb_642x642_768kbps_30fps_vp9.webm": {
    container: "webm",
    durationSeconds: 2.967,
    tracks: ["video 0: vp9 (V_VP9) vp9 642x642 30.000fps default"],
    keyIndex: { kind: "cues", startByte: 385914 },
  },
  "mka/bear-flac-16bit.mka": {
    container: "matroska",
    durationSeconds: 2.741,
    tracks: ["audio 0: flac (A_FLAC) flac 2ch 48000Hz default"],
  },
  "mp4/sample.mp4": {
    container: "mp4",
    durationSeconds: 1.024,
    tracks: [
      "video 0: h264 (avc1) avc1.64001f 1080x720 29.970fps default",
      "audio 0: aac (mp4a) mp4a.40.2 1ch 44100Hz default",
    ],
    keyIndex: { kind: "stss", startByte: 40 },
    isFastStart: true,
  },
  "mp4/sample_missing_stsd.mp4": {
    container: "mp4",
    durationSeconds: 1.024,
    tracks: ["video 0: h264 (avc1) avc1.64001f 1080x720 29.970fps default", "audio 0: unknown () default"],
    keyIndex: { kind: "stss", startByte: 40 },
    isFastStart: true,
  },
  "mp4/sample_eac3.mp4": {
    container: "mp4",
    durationSeconds: 1.728,
    tracks: ["audio 0: eac3 (ec-3) ec-3 6ch 48000Hz default"],
    keyIndex: { kind: "stss", startByte: 24 },
    isFastStart: true,
  },
  // ffprobe takes the all-ones duration of its tracks for a real one (143165 s).
  "mp4/sample_fragmented.mp4": {
    container: "mp4",
    tracks: ["video 0: h264 (avc1) avc1.64001f 1080x720 default", "audio 0: aac (mp4a) mp4a.40.2 1ch 44100Hz default"],
    isFastStart: true,
  },
  "mp4/h265_bframes.mp4": {
    container: "mp4",
    durationSeconds: 1,
    tracks: ["video 0: hevc (hev1) hev1.1.6.L90.90 854x480 30.000fps default"],
    keyIndex: { kind: "stss", startByte: 19439 },
    isFastStart: false,
  },
  "mp4/long_1080p_lowbitrate.mp4": {
    container: "mp4",
    durationSeconds: 362.767,
    tracks: [
      "video 0: h264 (avc1) avc1.42c028 1920x1080 30.000fps default",
      "audio 0: aac (mp4a) mp4a.40.2 2ch 48000Hz default",
    ],
    keyIndex: { kind: "stss", startByte: 504318 },
    isFastStart: false,
  },
  "avi/sample.avi": {
    container: "avi",
    durationSeconds: 4.087,
    tracks: ["video 0: mpeg4 (FMP4) 960x400 23.976fps", "audio 0: mp3 (0x0055) mp4a.6b 2ch 48000Hz"],
    keyIndex: { kind: "idx1", startByte: 330238 },
  },
  "flv/sample.flv": {
    container: "flv",
    durationSeconds: 1.136,
    tracks: ["video 0: h264 (7) avc1.640034 1080x720", "audio 0: aac (10) mp4a.40.2 1ch 44100Hz"],
  },
  "ts/sample_h264_mpeg_audio.ts": {
    container: "mpegts",
    durationSeconds: 0.104,
    tracks: ["video 0: h264 (0x1b) avc1.64001e 640x426", "audio 0: mp2 (0x03) 1ch 44100Hz"],
  },
  "ts/sample_h265.ts": {
    container: "mpegts",
    durationSeconds: 1,
    tracks: ["video 0: hevc (HEVC) hvc1.1.6.L90.90 854x480"],
  },
};

const MOOV_LAST_BYTES = 320 * 1024;
const HEADER_BYTES = 64 * 1024;

describe("readMediaInfo on real files", () => {
  it.each(Object.entries(CORPUS))(
    "%s has the container, tracks and duration that it should",
    async (path, expected) => {
      const info = await readMediaInfo(new MemorySource(corpusFile(path)), never);
      expect(info.container).toBe(expected.container);
      expect(describeTracks(info)).toEqual(expected.tracks);
      expect(info.keyIndex).toEqual(expected.keyIndex);
      expect(info.isFastStart).toBe(expected.isFastStart);
      expect(toMilliseconds(info.durationSeconds)).toBe(toMilliseconds(expected.durationSeconds));
    },
  );

  it.each(Object.keys(CORPUS))("%s gives the same when every read answers with one byte", async (path) => {
    const file = corpusFile(path);
    const whole = await readMediaInfo(new MemorySource(file), never);
    expect(await readMediaInfo(new MemorySource(file, { readLimitBytes: 1 }), never)).toEqual(whole);
  });

  it.each(Object.keys(CORPUS))("%s is read at its head and tail only", async (path) => {
    const source = new MemorySource(corpusFile(path));
    await readMediaInfo(source, never);
    expect(source.touchedBytes).toBeLessThanOrEqual(
      path.includes("long_1080p") ? HEADER_BYTES + MOOV_LAST_BYTES : HEADER_BYTES,
    );
  });

  it("steps from the head to a moov at the end without touching the media between", async () => {
    const source = new MemorySource(corpusFile("mp4/long_1080p_lowbitrate.mp4"));
    await readMediaInfo(source, never);
    const between = source.reads.filter(([offset, length]) => offset >= 16_384 && offset + length <= 491_520);
    expect(between).toEqual([]);
  });

  it("calls a file whose free box is malformed damaged", async () => {
    await expectCode(corpusFile("mp4/sample_malformed_free_box.mp4"), "damaged_media");
  });

  it("refuses what is no media with a sentence that says what to do", async () => {
    const playlist = new TextEncoder().encode("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n");
    const error = await readMediaInfo(new MemorySource(playlist), never).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MediaError);
    expect(error).toMatchObject({
      code: "not_media",
      message: "This file is no video or audio that Riptide knows. Choose another file.",
    });
  });

  it("refuses an empty file", async () => {
    await expectCode(new Uint8Array(0), "not_media");
  });
});

describe("readMediaInfo and its source", () => {
  it("asks for the tail behind the head, and withdraws that once the head shows it is not needed", async () => {
    const file = corpusFile("mkv/sample.mkv");
    const asked: { offset: number; urgency: string | undefined; signal: AbortSignal }[] = [];
    const source: ByteSource = {
      sizeBytes: file.length,
      readAt: (offset, length, { signal, urgency }) => {
        asked.push({ offset, urgency, signal });
        if (urgency !== "soon") return Promise.resolve(file.slice(offset, offset + length));
        return new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        });
      },
    };
    const info = await readMediaInfo(source, never);
    expect(info.container).toBe("matroska");
    expect(asked.map(({ offset, urgency }) => [offset, urgency])).toEqual([
      [0, undefined],
      [98_304, "soon"],
    ]);
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([false, true]);
  });

  it("uses a tail that came early for the moov that lies in it", async () => {
    const source = new MemorySource(corpusFile("mp4/h265_bframes.mp4"));
    await readMediaInfo(source, never);
    expect(source.reads).toEqual([
      [0, 16_384],
      [16_384, 4_250],
    ]);
  });

  it("rejects with the signal's reason once aborted, and the read that waits is aborted too", async () => {
    const controller = new AbortController();
    const reason = new Error("the viewer left");
    let aborted = 0;
    const source: ByteSource = {
      sizeBytes: 1_000_000,
      readAt: (_offset, _length, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            aborted += 1;
            reject(signal.reason);
          });
        }),
    };
    const info = readMediaInfo(source, { signal: controller.signal });
    controller.abort(reason);
    await expect(info).rejects.toBe(reason);
    expect(aborted).toBe(2);
  });

  it("passes on why the bytes cannot be delivered", async () => {
    const failure = new Error("no peer has this piece");
    const source: ByteSource = { sizeBytes: 1_000_000, readAt: () => Promise.reject(failure) };
    await expect(readMediaInfo(source, never)).rejects.toBe(failure);
  });
});

/** The headers of a small file per container, and what cutting them off leads to. */
const CUT_OFF = ["damaged_media", "not_media", "ok"];
/** The tables come before the fifth packet, without which nothing is taken for a transport stream. */
const CUT_OFF_TABLES = ["not_media", "ok"];
const SMALL_FILES = [
  { path: "mkv/sample_av1.mkv", headBytes: 1882, cutOff: CUT_OFF },
  { path: "mkv/sample_with_srt.mkv", headBytes: 1300, cutOff: CUT_OFF },
  { path: "mp4/sample.mp4", headBytes: 2500, cutOff: CUT_OFF },
  { path: "mp4/sample_fragmented.mp4", headBytes: 2000, cutOff: CUT_OFF },
  { path: "avi/sample.avi", headBytes: 9200, cutOff: CUT_OFF },
  { path: "flv/sample.flv", headBytes: 700, cutOff: CUT_OFF },
  { path: "ts/sample_h264_mpeg_audio.ts", headBytes: 1500, cutOff: CUT_OFF_TABLES },
];

/** In a soak, all lengths. */
const CUT_STEP_BYTES = 5;

describe("readMediaInfo on broken files", () => {
  it.each(SMALL_FILES)(
    "$path cut off anywhere is damaged or readable, never a crash",
    async ({ path, headBytes, cutOff }) => {
      const file = corpusFile(path);
      const codes = new Set<string>();
      for (let length = 0; length <= headBytes; length += isSoak ? 1 : CUT_STEP_BYTES)
        codes.add(await outcome(file.subarray(0, length)));
      expect([...codes].sort()).toEqual(cutOff);
    },
  );

  it.each(SMALL_FILES)("$path with flipped bits is damaged or readable, never a crash", async ({ path, headBytes }) => {
    const file = corpusFile(path);
    const flips = fc.array(fc.nat({ max: headBytes * 8 - 1 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(flips, async (bits) => {
        expect(["ok", "not_media", "damaged_media"]).toContain(await outcome(flipped(file, bits)));
      }),
      { numRuns: isSoak ? 300 : 100 },
    );
  });

  it.each(SMALL_FILES)(
    "$path with overwritten bytes in a huge file reads a bounded part of it",
    async ({ path, headBytes }) => {
      const file = corpusFile(path).subarray(0, headBytes);
      const patch = fc.record({
        at: fc.nat({ max: headBytes - 1 }),
        value: fc.uint8Array({ minLength: 1, maxLength: 8 }),
      });
      await fc.assert(
        fc.asyncProperty(patch, async ({ at, value }) => {
          const broken = Uint8Array.from(file);
          broken.set(value.subarray(0, headBytes - at), at);
          const source = new MemorySource(broken, { sizeBytes: 2 ** 40 });
          expect(["ok", "not_media", "damaged_media"]).toContain(await outcomeOf(source));
          expect(source.touchedBytes).toBeLessThanOrEqual(96 * 1024 * 1024);
        }),
        { numRuns: isSoak ? 100 : 30 },
      );
    },
  );

  it("survives random bytes behind any container's first bytes", async () => {
    const starts = SMALL_FILES.map(({ path }) => corpusFile(path).subarray(0, 64));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 2000 }), async (start, rest) => {
        const file = new Uint8Array(start.length + rest.length);
        file.set(start);
        file.set(rest, start.length);
        expect(["ok", "not_media", "damaged_media"]).toContain(await outcome(file));
      }),
      { numRuns: 500 },
    );
  });
});

function toMilliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}

/** `ok`, or the code of the MediaError; anything else is thrown on. */
async function outcome(file: Uint8Array): Promise<string> {
  return outcomeOf(new MemorySource(file));
}

async function outcomeOf(source: ByteSource): Promise<string> {
  try {
    await readMediaInfo(source, never);
    return "ok";
  } catch (error) {
    if (error instanceof MediaError) return error.code;
    throw error;
  }
}

async function expectCode(file: Uint8Array, code: string): Promise<void> {
  expect(await outcome(file)).toBe(code);
}

function flipped(file: Uint8Array, bits: readonly number[]): Uint8Array {
  const copy = Uint8Array.from(file);
  for (const bit of bits) copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}
