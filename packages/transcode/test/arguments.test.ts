import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { remuxArguments, TRACKS_LIMIT } from "../src/arguments.ts";
import { type H264Encoding, HARDWARE_ENCODERS } from "../src/h264-encoding.ts";
import type { AudioPlan, Demuxer, RemuxPlan, VideoPlan } from "../src/index.ts";

const demuxers: Demuxer[] = ["matroska", "mov", "mpegts", "avi", "flv", "asf", "ogg"];
const copyAll: RemuxPlan = {
  demuxer: "matroska",
  video: { index: 0, codec: "copy" },
  audio: { index: 0, codec: "copy" },
};

const encoding: H264Encoding = {
  encoder: "libx264",
  preset: "superfast",
  maxHeightPixels: undefined,
  maxBitsPerSecond: 6_000_000,
  threads: 3,
};
const convertAll: RemuxPlan = {
  demuxer: "matroska",
  video: { index: 0, codec: "h264" },
  audio: { index: 0, codec: "aac" },
};
const envelope = { leadSeconds: 10, startSeconds: 61.5 };

/** The value that follows a flag, after `-i` for options of the output. */
function valueOf(args: readonly string[], flag: string): string | undefined {
  const at = args.indexOf(flag);
  return at < 0 ? undefined : args[at + 1];
}

describe("What reaches ffmpeg", () => {
  test.each(demuxers)("%s is forced and is the only demuxer, fed and read through pipes only", (demuxer) => {
    const args = remuxArguments({ ...copyAll, demuxer });
    const input = args.slice(0, args.indexOf("-i"));
    expect(valueOf(input, "-f")).toBe(demuxer);
    expect(valueOf(input, "-format_whitelist")).toBe(demuxer);
    expect(valueOf(input, "-protocol_whitelist")).toBe("pipe");
    expect(valueOf(args, "-i")).toBe("pipe:0");
    expect(args.at(-1)).toBe("pipe:1");
    expect(args.filter((word) => word === "-i")).toHaveLength(1);
  });

  test("limits of memory, tracks, threads and decoders are always set", () => {
    const args = remuxArguments(copyAll);
    expect(valueOf(args, "-max_alloc")).toBe("268435456");
    expect(valueOf(args, "-max_streams")).toBe("64");
    expect(valueOf(args, "-threads")).toBe("2");
    const decoders = valueOf(args, "-codec_whitelist")?.split(",");
    expect(decoders).toContain("h264");
    expect(decoders).not.toContain("magicyuv");
    expect(args).toContain("-nostdin");
  });

  test("nothing that delays the first fragment or loses the first GOP is there", () => {
    const args = remuxArguments(copyAll).join(" ");
    expect(args).not.toMatch(/nobuffer|frag_keyframe|faststart/);
    expect(args).toContain("-movflags empty_moov+default_base_moof+delay_moov+frag_discont -frag_duration 200000");
  });

  test.each<[string, VideoPlan["codec"], string]>([
    ["is copied", "copy", "-map 0:V:3 -c:v copy -map"],
    ["is copied under the name that Safari knows if it is HEVC", "copy_hevc", "-map 0:V:3 -c:v copy -tag:v hvc1 -map"],
    [
      "becomes 8-bit H.264 with a keyframe every two seconds",
      "h264",
      "-c:v libx264 -preset superfast -tune zerolatency -threads:v 3 -crf 23 -fps_mode:v vfr -enc_time_base:v 1:90000 -maxrate 6000000 -bufsize 6000000",
    ],
  ])("video %s", (_, codec, expected) => {
    expect(remuxArguments({ ...copyAll, video: { index: 3, codec } }, encoding).join(" ")).toContain(expected);
  });

  test.each<[string, AudioPlan["codec"], string]>([
    ["is copied", "copy", "-map 0:a:2 -c:a copy -bsf:a noise="],
    ["loses its ADTS headers", "copy_adts", "-map 0:a:2 -c:a copy -bsf:a aac_adtstoasc,noise="],
    ["becomes stereo AAC", "aac", "-map 0:a:2 -c:a aac -ac 2 -b:a 192k"],
  ])("audio %s", (_, codec, expected) => {
    expect(remuxArguments({ ...copyAll, audio: { index: 2, codec } }).join(" ")).toContain(expected);
  });

  test("an encoder of hardware gets its device, its kind of pictures and the same bounds", () => {
    for (const encoder of HARDWARE_ENCODERS) {
      const args = remuxArguments(convertAll, { ...encoding, encoder });
      expect(valueOf(args, "-c:v")).toBe(encoder);
      expect([valueOf(args, "-b:v"), valueOf(args, "-maxrate")]).toEqual(["4000000", "6000000"]);
      expect(valueOf(args, "-bf")).toBe("0");
      expect(valueOf(args, "-force_key_frames")).toContain("prev_forced_t+2");
    }
    const vaapi = remuxArguments(convertAll, { ...encoding, encoder: "h264_vaapi" });
    expect(vaapi.indexOf("-init_hw_device")).toBeLessThan(vaapi.indexOf("-i"));
    expect(valueOf(vaapi, "-init_hw_device")).toBe("vaapi=gpu:/dev/dri/renderD128");
    expect(valueOf(vaapi, "-vf")).toMatch(/format=nv12,hwupload$/);
  });

  test("a picture is made smaller, never larger", () => {
    expect(valueOf(remuxArguments(convertAll, { ...encoding, maxHeightPixels: 720 }), "-vf")).toBe(
      "scale=w=-2:h='min(720,trunc(ih/2)*2)':flags=fast_bilinear,format=yuv420p",
    );
  });

  test.each<[string, number | undefined, string]>([
    ["24 a second", 24, "61.460333"],
    ["an unknown rate", undefined, "61.462000"],
    ["one in ten seconds, which begin with the next one", 0.1, "61.002000"],
  ])(
    "out of an envelope, with pictures at %s, come the one that is shown at the start and its sound",
    (_, framesPerSecond, first) => {
      const shape = { widthPixels: 640, heightPixels: 360, framesPerSecond, isDearToDecode: false };
      const args = remuxArguments({ ...convertAll, video: { index: 0, codec: "h264", shape }, envelope }, encoding);
      expect(args.slice(args.indexOf("-itsoffset"), args.indexOf("-i"))).toEqual(["-itsoffset", "-10.000000"]);
      expect(valueOf(args, "-vf")).toBe(`trim=start=${first},scale=trunc(iw/2)*2:trunc(ih/2)*2,format=yuv420p`);
      expect(valueOf(args, "-af")).toBe("aresample=async=1,atrim=start=61.500000");
      expect(valueOf(args, "-bsf:a")).toBe("noise=drop='lt(pts*tb,61.500000-0.002)'");
    },
  );

  test("sound that is converted begins with a picture that is copied, and where it is alone at the start", () => {
    const soundOf = (plan: RemuxPlan): string | undefined => valueOf(remuxArguments({ ...plan, envelope }), "-bsf:a");
    const audio = convertAll.audio;
    expect(soundOf({ ...copyAll, audio })).toBe("noise=drop='lt(pts*tb,0.000000-0.002)'");
    expect(soundOf({ ...copyAll, audio, video: undefined })).toBe("noise=drop='lt(pts*tb,61.500000-0.002)'");
    // What is copied is fed from there on.
    expect(soundOf({ ...copyAll, video: undefined })).toBe("noise=drop='lt(pts*tb,0.000000-0.002)'");
    const atStart = { ...convertAll, envelope: { ...envelope, startSeconds: 0 } };
    expect(valueOf(remuxArguments(atStart, encoding), "-vf")).toMatch(/^trim=start=0.000000,/);
  });

  test("only Matroska, which may be fed from the middle, keeps the times of its source", () => {
    const keeping = demuxers.filter((demuxer) => remuxArguments({ ...copyAll, demuxer }).includes("-copyts"));
    expect(keeping).toEqual(["matroska"]);
  });

  test("a plan for one kind of track maps only that kind", () => {
    expect(remuxArguments({ ...copyAll, video: undefined }).join(" ")).not.toContain("0:V");
    expect(remuxArguments({ ...copyAll, audio: undefined }).join(" ")).not.toContain("0:a");
  });

  test("every plan gives allow-listed words only", () => {
    const video = fc.record({
      index: fc.nat(TRACKS_LIMIT - 1),
      codec: fc.constantFrom<VideoPlan["codec"]>("copy", "copy_hevc", "h264"),
    });
    const audio = fc.record({
      index: fc.nat(TRACKS_LIMIT - 1),
      codec: fc.constantFrom<AudioPlan["codec"]>("copy", "copy_adts", "aac"),
    });
    const plan = fc
      .record({
        demuxer: fc.constantFrom(...demuxers),
        video: fc.option(video, { nil: undefined }),
        audio: fc.option(audio, { nil: undefined }),
      })
      .filter((candidate) => candidate.video !== undefined || candidate.audio !== undefined);
    const constants = new Set(
      demuxers.flatMap((demuxer) => [
        ...remuxArguments({ ...convertAll, demuxer }, encoding),
        ...remuxArguments({
          demuxer,
          video: { index: 0, codec: "copy_hevc" },
          audio: { index: 0, codec: "copy_adts" },
        }),
      ]),
    );
    fc.assert(
      fc.property(plan, (candidate) => {
        for (const word of remuxArguments(candidate, encoding)) {
          expect(constants.has(word) || /^0:[Va]:([0-9]|[1-5][0-9]|6[0-3])$/.test(word)).toBe(true);
        }
      }),
    );
  });
});

describe("A plan that no factory of ours makes is a bug", () => {
  test.each([-1, 0.5, TRACKS_LIMIT, Number.NaN, Number.POSITIVE_INFINITY])("track %d", (index) => {
    expect(() => remuxArguments({ ...copyAll, video: { index, codec: "copy" } })).toThrow("cannot be mapped");
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 1e12])("a start at %d s", (startSeconds) => {
    const plan = { ...convertAll, envelope: { ...envelope, startSeconds } };
    expect(() => remuxArguments(plan, encoding)).toThrow("no time in a film");
  });

  test("a picture to convert, and nothing about how", () => {
    expect(() => remuxArguments(convertAll)).toThrow("a way that is known");
  });

  test("no track at all", () => {
    expect(() => remuxArguments({ demuxer: "avi", video: undefined, audio: undefined })).toThrow(
      "needs a video or an audio",
    );
  });
});
