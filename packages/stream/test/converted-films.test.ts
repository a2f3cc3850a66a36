import { describe, expect, test } from "vitest";
import { films } from "../../../test/films/films.ts";
import { decodeFrames } from "../../../test/films/read-frames.ts";
import { decodeSeconds } from "../../../test/films/read-sound.ts";
import { everyNth } from "../../../test/support/soak.ts";
import { realClock } from "../../transcode/test/support/clocks.ts";
import { createStreamFactory } from "../src/index.ts";
import { createContext, get, readAll } from "./support/context.ts";
import { installedFfmpeg, makeFilm, probe } from "./support/films.ts";

/** Films whose frames show their number and whose seconds have a pitch each, in what must be converted. */

const FRAME_SECONDS = 1 / 24;
const DURATION_SECONDS = 5;
const ffmpeg = await installedFfmpeg();
const factory = createStreamFactory({ ffmpeg, clock: realClock });

/** Title, extension, encoding, query. */
const FILMS: [string, string, string, string][] = [
  ["MPEG-2 with B-frames and AC-3 in Matroska", "mkv", "-c:v mpeg2video -q:v 4 -g 48 -bf 2 -c:a ac3", ""],
  ["MPEG-4 ASP with B-frames and MP3 in Matroska", "mkv", "-c:v mpeg4 -q:v 4 -g 60 -bf 2 -c:a libmp3lame", ""],
  ["MPEG-4 ASP with B-frames and AAC in MP4", "mp4", "-c:v mpeg4 -q:v 4 -g 60 -bf 2 -c:a copy", ""],
  [
    "MPEG-2 and MP3 in MP4 whose index comes first",
    "mp4",
    "-c:v mpeg2video -q:v 4 -g 60 -bf 2 -c:a libmp3lame -movflags faststart",
    "",
  ],
  ["MPEG-4 ASP and MP3 in AVI", "avi", "-c:v mpeg4 -q:v 4 -g 60 -c:a libmp3lame", ""],
  ["MPEG-4 ASP with B-frames and MP3 in AVI", "avi", "-c:v mpeg4 -q:v 4 -g 60 -bf 2 -c:a libmp3lame", ""],
  ["MPEG-2 with B-frames and MP2 in a transport stream", "ts", "-c:v mpeg2video -q:v 4 -g 48 -bf 2 -c:a mp2", ""],
  ["Theora and Vorbis in Matroska", "mkv", "-c:v libtheora -q:v 7 -g 64 -c:a libvorbis", ""],
  ["Windows Media in Matroska", "mkv", "-c:v wmv2 -q:v 4 -g 48 -c:a wmav2", ""],
  [
    "HEVC of 10 bits and FLAC in Matroska",
    "mkv",
    "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=60 -pix_fmt yuv420p10le -c:a flac -ac 2",
    "&video=h264",
  ],
  ["VP8 and Opus in WebM", "webm", "-c:v libvpx -deadline realtime -cpu-used 8 -g 60 -b:v 2M -c:a libopus", ""],
];

/** Transport streams begin at any time: what plays first is at 0. */
async function startOf(bytes: Uint8Array): Promise<number> {
  return Math.min(...(await probe(bytes)).map(({ startSeconds }) => startSeconds));
}

/** @param index of the film: what is known of one is kept by it */
async function convert(index: number, bytes: Uint8Array, query: string): Promise<Uint8Array> {
  const { context } = createContext({ bytes, clock: realClock, index });
  return readAll(await factory.remux.produce(get({}, `/remux.mp4?${query}`), context));
}

describe("A film that is converted", () => {
  test.each(everyNth(FILMS, 2))(
    "out of %s shows and sounds what is asked for, wherever it is entered",
    { timeout: 240_000 },
    async (title, extension, encoding, query) => {
      const source = `-i ${await films.ensure("mkv-h264-aac-srt")} -map 0:v:0 -map 0:a:0 -t ${DURATION_SECONDS} -s 320x180`;
      const bytes = await makeFilm(extension, encoding, source);
      const originSeconds = extension === "ts" ? await startOf(bytes) : 0;
      const inFilm = <Timed extends { startSeconds: number }>(timed: Timed): Timed => ({
        ...timed,
        startSeconds: timed.startSeconds - originSeconds,
      });
      const shown = (await decodeFrames(bytes, { keepsTimes: true })).map(inFilm);
      const heard = (await decodeSeconds(bytes, { keepsTimes: true })).map(inFilm);
      for (const startSeconds of [0, 3.3]) {
        const output = await convert(
          FILMS.findIndex(([each]) => each === title),
          bytes,
          `t=${startSeconds}${query}`,
        );
        const frames = await decodeFrames(output, { keepsTimes: true });
        const expected = shown.filter((frame) => frame.startSeconds + FRAME_SECONDS > startSeconds + 0.002);
        expect(frames.map(({ number }) => number)).toEqual(expected.map(({ number }) => number));
        for (const [index, frame] of frames.entries()) {
          expect(Math.abs(frame.startSeconds - expected[index]!.startSeconds)).toBeLessThan(0.005);
        }
        const seconds = (await decodeSeconds(output, { keepsTimes: true })).filter(
          ({ second }) => second > startSeconds,
        );
        for (const { second, startSeconds: begins } of heard.filter((candidate) => candidate.second > startSeconds)) {
          const found = seconds.find((candidate) => candidate.second === second);
          expect(Math.abs((found?.startSeconds ?? 0) - begins)).toBeLessThan(0.045);
        }
      }
    },
  );
});
