import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { remuxArguments, TRACKS_LIMIT } from "../src/arguments.ts";
import type { AudioPlan, Demuxer, RemuxPlan, VideoPlan } from "../src/index.ts";

const demuxers: Demuxer[] = ["matroska", "mov", "mpegts", "avi", "flv", "asf", "ogg"];
const copyAll: RemuxPlan = {
  demuxer: "matroska",
  video: { index: 0, codec: "copy" },
  audio: { index: 0, codec: "copy" },
};

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
    expect(args).toContain("-movflags empty_moov+default_base_moof+delay_moov+frag_discont -frag_duration 500000");
  });

  test.each<[string, VideoPlan["codec"], string]>([
    ["is copied", "copy", "-map 0:V:3 -c:v copy -map"],
    ["is copied under the name that Safari knows if it is HEVC", "copy_hevc", "-map 0:V:3 -c:v copy -tag:v hvc1 -map"],
    [
      "becomes 8-bit H.264 with a keyframe every two seconds",
      "h264",
      "-c:v libx264 -preset veryfast -tune zerolatency",
    ],
  ])("video %s", (_, codec, expected) => {
    expect(remuxArguments({ ...copyAll, video: { index: 3, codec } }).join(" ")).toContain(expected);
  });

  test.each<[string, AudioPlan["codec"], string]>([
    ["is copied", "copy", "-map 0:a:2 -c:a copy -bsf:a noise="],
    ["loses its ADTS headers", "copy_adts", "-map 0:a:2 -c:a copy -bsf:a aac_adtstoasc,noise="],
    ["becomes stereo AAC", "aac", "-map 0:a:2 -c:a aac -ac 2 -b:a 192k"],
  ])("audio %s", (_, codec, expected) => {
    expect(remuxArguments({ ...copyAll, audio: { index: 2, codec } }).join(" ")).toContain(expected);
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
        ...remuxArguments({ demuxer, video: { index: 0, codec: "h264" }, audio: { index: 0, codec: "aac" } }),
        ...remuxArguments({
          demuxer,
          video: { index: 0, codec: "copy_hevc" },
          audio: { index: 0, codec: "copy_adts" },
        }),
      ]),
    );
    fc.assert(
      fc.property(plan, (candidate) => {
        for (const word of remuxArguments(candidate)) {
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

  test("no track at all", () => {
    expect(() => remuxArguments({ demuxer: "avi", video: undefined, audio: undefined })).toThrow(
      "needs a video or an audio",
    );
  });
});
