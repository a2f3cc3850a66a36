import { describe, expect, test } from "vitest";
import { everyNth } from "../../../test/support/soak.ts";
import { realClock } from "../../transcode/test/support/clocks.ts";
import { createStreamFactory } from "../src/index.ts";
import { createContext, get, readAll } from "./support/context.ts";
import { H264, installedFfmpeg, makeFilm, probe, TONE } from "./support/films.ts";
import { fragmentsOf, topLevelTypes } from "./support/fragments.ts";

const ffmpeg = await installedFfmpeg();

const AAC = "-c:a aac -ac 2";
const AVI_PICTURE = "-c:v mpeg4 -vtag XVID -q:v 5 -bf 2";

/** Title, extension, how the source is encoded, and the codecs expected in MP4. */
const FORMATS: [string, string, string, string[]][] = [
  ["Matroska with H.264 and AAC", "mkv", `${H264} ${AAC}`, ["h264", "aac"]],
  ["Matroska with AC-3", "mkv", `${H264} -c:a ac3`, ["h264", "aac"]],
  ["Matroska with E-AC-3", "mkv", `${H264} -c:a eac3`, ["h264", "aac"]],
  ["Matroska with DTS", "mkv", `${H264} -c:a dca -ac 2`, ["h264", "aac"]],
  ["Matroska with TrueHD", "mkv", `${H264} -c:a truehd -ac 2`, ["h264", "aac"]],
  ["Matroska with MP3", "mkv", `${H264} -c:a libmp3lame`, ["h264", "aac"]],
  ["Matroska with MP2", "mkv", `${H264} -c:a mp2`, ["h264", "aac"]],
  ["Matroska with Vorbis", "mkv", `${H264} -c:a libvorbis`, ["h264", "aac"]],
  ["Matroska with PCM", "mkv", `${H264} -c:a pcm_s16le`, ["h264", "aac"]],
  ["Matroska with FLAC", "mkv", `${H264} -c:a flac`, ["h264", "flac"]],
  [
    "Matroska with HEVC",
    "mkv",
    `-c:v libx265 -preset ultrafast -x265-params log-level=error -pix_fmt yuv420p ${AAC}`,
    ["hevc", "aac"],
  ],
  ["WebM with VP9 and Opus", "webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus", ["vp9", "opus"]],
  ["WebM with VP8 and Vorbis", "webm", "-c:v libvpx -deadline realtime -cpu-used 8 -c:a libvorbis", ["h264", "aac"]],
  ["MPEG-TS with H.264 and AAC", "ts", `${H264} ${AAC}`, ["h264", "aac"]],
  ["MPEG-TS with H.264 and AC-3", "ts", `${H264} -c:a ac3`, ["h264", "aac"]],
  [
    "MPEG-TS with HEVC",
    "ts",
    `-c:v libx265 -preset ultrafast -x265-params log-level=error -pix_fmt yuv420p ${AAC}`,
    ["hevc", "aac"],
  ],
  ["MPEG-TS with MPEG-2 and MP2", "ts", "-c:v mpeg2video -q:v 5 -bf 2 -c:a mp2", ["h264", "aac"]],
  ["FLV with Sorenson", "flv", "-c:v flv -q:v 5 -c:a libmp3lame -ar 44100", ["h264", "aac"]],
  ["FLV with H.264", "flv", `${H264} ${AAC}`, ["h264", "aac"]],
  ["AVI with MPEG-4 ASP, B-frames and MP3", "avi", `${AVI_PICTURE} -c:a libmp3lame`, ["h264", "aac"]],
  ["AVI with AC-3", "avi", `${AVI_PICTURE} -c:a ac3`, ["h264", "aac"]],
  ["AVI with H.264 and B-frames, which has no presentation times", "avi", `${H264} -c:a libmp3lame`, ["h264", "aac"]],
  ["Windows Media", "wmv", "-c:v wmv2 -q:v 5 -c:a wmav2", ["h264", "aac"]],
  ["Ogg with Theora and Vorbis", "ogv", "-c:v libtheora -q:v 5 -c:a libvorbis", ["h264", "aac"]],
  ["MP4 with AC-3", "mp4", `${H264} -c:a ac3 -movflags +faststart`, ["h264", "aac"]],
  ["MP4 with AC-3 and its index at the end", "mp4", `${H264} -c:a ac3`, ["h264", "aac"]],
  ["QuickTime with PCM and its index at the end", "mov", `${H264} -c:a pcm_s16le`, ["h264", "aac"]],
  ["QuickTime with PCM", "mov", `${H264} -c:a pcm_s16le -movflags +faststart`, ["h264", "aac"]],
  ["fragmented MP4", "mp4", `${H264} ${AAC} -movflags +empty_moov+frag_keyframe`, ["h264", "aac"]],
];

/** The sample entries that players know; `hvc1` rather than `hev1` is for Safari. */
const TAGS = new Map([
  ["h264", "avc1"],
  ["hevc", "hvc1"],
  ["vp9", "vp09"],
]);

describe("Fragmented MP4 made of", () => {
  test.each(everyNth(FORMATS, 2))(
    "%s plays from the first frame to the last",
    { timeout: 60_000 },
    async (_, extension, encoding, codecs) => {
      const bytes = await makeFilm(extension, encoding);
      const factory = createStreamFactory({ ffmpeg, clock: realClock });
      const { context, provider } = createContext({ bytes, clock: realClock });
      const output = await readAll(await factory.remux.produce(get(), context));

      const [video, audio] = await probe(output);
      expect([video?.codec, audio?.codec]).toEqual(codecs);
      expect(video?.tag).toBe(TAGS.get(video?.codec ?? ""));
      // Four seconds: 96 pictures; a transcode may repeat one or two at the ends.
      expect(video?.frames).toBeGreaterThanOrEqual(96);
      expect(video?.frames).toBeLessThanOrEqual(98);
      expect(Math.abs((video?.startSeconds ?? 9) - (audio?.startSeconds ?? 0))).toBeLessThan(0.1);
      for (const stream of [video, audio]) expect(stream?.dts).toEqual([...(stream?.dts ?? [])].sort((a, b) => a - b));

      expect(topLevelTypes(output).slice(0, 4)).toEqual(["ftyp", "moov", "moof", "mdat"]);
      const starts = fragmentsOf(output).map(({ startSeconds }) => startSeconds.get(1) ?? 0);
      expect(starts[0]).toBeGreaterThanOrEqual(0);
      const lengths = starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
      expect(lengths.length).toBeGreaterThan(6);
      expect(Math.max(...lengths)).toBeLessThan(0.6);
      expect(provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
    },
  );

  test("sound alone is sound alone", async () => {
    const bytes = await makeFilm("mka", "-c:a ac3", TONE);
    const factory = createStreamFactory({ ffmpeg, clock: realClock });
    const { context } = createContext({ bytes, clock: realClock });
    const response = await factory.remux.produce(get(), context);
    expect(response.headers.get("content-type")).toBe("video/mp4");
    const streams = await probe(await readAll(response));
    expect(streams.map(({ codec }) => codec)).toEqual(["aac"]);
    expect(streams[0]?.frames).toBeGreaterThan(180);
  });
});

test("A picture alone is converted to a picture alone", async () => {
  const bytes = await makeFilm("mkv", "-c:v mpeg2video -q:v 5 -an");
  const { context } = createContext({ bytes, clock: realClock });
  const response = await createStreamFactory({ ffmpeg, clock: realClock }).remux.produce(get(), context);
  const streams = await probe(await readAll(response));
  expect(streams.map(({ codec, frames }) => [codec, frames])).toEqual([["h264", 96]]);
});

test("What could be copied is converted where the address says so", async () => {
  const bytes = await makeFilm("mkv", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 24 -c:a flac");
  const factory = createStreamFactory({ ffmpeg, clock: realClock });
  const codecsOf = async (query: string): Promise<string[]> => {
    const { context } = createContext({ bytes, clock: realClock });
    const streams = await probe(await readAll(await factory.remux.produce(get({}, `/remux.mp4${query}`), context)));
    return streams.map(({ codec }) => codec);
  };
  expect(await codecsOf("")).toEqual(["vp9", "flac"]);
  expect(await codecsOf("?video=h264&sound=aac")).toEqual(["h264", "aac"]);
  expect(await codecsOf("?video=h264")).toEqual(["h264", "flac"]);
  expect(await codecsOf("?sound=aac")).toEqual(["vp9", "aac"]);
  expect(await codecsOf("?video=av1&sound=opus")).toEqual(["vp9", "flac"]);
});

test("An index at the end that cannot be moved to the front is refused, and nothing is started", async () => {
  const bytes = await makeFilm("mov", `${H264} -c:a pcm_s16le`);
  // It then says that fragments follow (ISO/IEC 14496-12 §8.8.1), whose places nobody would mend.
  bytes.set(Buffer.from("mvex"), Buffer.from(bytes).lastIndexOf("udta"));
  const factory = createStreamFactory({ ffmpeg, clock: realClock });
  const { context, provider } = createContext({ bytes, clock: realClock });
  await expect(factory.remux.produce(get({}, "/remux.mp4"), context)).rejects.toMatchObject({
    code: "unsupported_media",
    message: "This MP4 keeps its index at its end, and it cannot be moved. Play the file directly, or download it.",
  });
  expect([factory.ffmpeg?.active, provider.counters().demandsHeld]).toEqual([0, 0]);
});
