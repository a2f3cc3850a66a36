import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseAss, parseWebVtt, type TextCue } from "@riptide/media";
import { afterAll, beforeAll, expect, test } from "vitest";
import { films } from "../../../../test/films/films.ts";
import { corpusPath, demoFilmPath } from "../../../media/test/support/corpus.ts";
import { createStreamFactory } from "../../src/index.ts";
import { createContext, get, readAll, virtualClock } from "../support/context.ts";

const clock = virtualClock();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "riptide-subtitles-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** What ffmpeg makes of a film, in the format that the extension names. */
async function ffmpeg(film: string, extension: string, ...words: string[]): Promise<string> {
  const output = join(folder, `output.${extension}`);
  await promisify(execFile)("ffmpeg", ["-v", "error", "-y", "-i", film, ...words, output]);
  return output;
}

async function take(film: string, name: string): Promise<string> {
  const { context } = createContext({ bytes: new Uint8Array(await readFile(film)), clock });
  const { subtitles } = createStreamFactory({ ffmpeg: undefined, clock });
  const response = await subtitles.produce(get({}, `/stream/x/3/subtitles/${name}`), context);
  return new TextDecoder().decode(await readAll(response));
}

/** To a hundredth of a second, which is as exactly as ASS tells times. */
const inHundredths = (cues: readonly TextCue[]) =>
  cues.map(({ startSeconds, endSeconds, text }) => [
    Math.round(startSeconds * 100),
    Math.round(endSeconds * 100),
    text,
  ]);

/** What `test/films/subtitles.ts` writes: a line for every second s, shown from s.1 to s.9. */
const truth = (kind: string, fromSecond: number, toSecond: number) =>
  Array.from({ length: toSecond - fromSecond }, (_, index) => fromSecond + index).map((second) => [
    second * 100 + 10,
    second * 100 + 90,
    `${kind} cue ${second}`,
  ]);

test("SRT of the bundled film is what the film was made of, and what ffmpeg takes out of it", async () => {
  const film = demoFilmPath("MKV");
  const cues = inHundredths(parseWebVtt(await take(film, "0.vtt")));
  expect(cues).toEqual(truth("SRT", 0, 48));
  const theirs = await readFile(await ffmpeg(film, "vtt", "-map", "0:s:0"), "utf8");
  expect(cues).toEqual(inHundredths(parseWebVtt(theirs)));
  expect(inHundredths(parseWebVtt(await take(film, "0.vtt?from=20.5&to=30.5")))).toEqual(truth("SRT", 20, 31));
});

test("ASS of a film is the script that it was made of, as it is and as WebVTT", async () => {
  const film = await films.ensure("mkv-h264-bframes-ac3-ass");
  expect(inHundredths(parseWebVtt(await take(film, "0.vtt")))).toEqual(truth("ASS", 0, 20));
  const [ours, theirs] = [
    await take(film, "0.ass"),
    await readFile(await ffmpeg(film, "ass", "-map", "0:s:0"), "utf8"),
  ];
  expect(dialogues(ours)).toEqual(dialogues(theirs));
  expect(dialogues(ours)).toHaveLength(20);
  expect(ours).toContain("Style: Default,DejaVu Sans,26,");
  expect(inHundredths(parseAss(ours))).toEqual(truth("ASS", 0, 20));
  expect(dialogues(await take(film, "0.ass?from=5&to=6"))).toEqual(dialogues(theirs).slice(5, 6));
});

const dialogues = (script: string): readonly string[] => script.match(/^Dialogue: .*(?=\r?$)/gm) ?? [];

test("timed text of an MP4 is WebVTT", async () => {
  const film = await ffmpeg(demoFilmPath("MKV"), "mp4", "-c", "copy", "-c:s", "mov_text");
  expect(inHundredths(parseWebVtt(await take(film, "0.vtt")))).toEqual(truth("SRT", 0, 48));
  expect(inHundredths(parseWebVtt(await take(film, "0.vtt?from=20.5&to=30.5")))).toEqual(truth("SRT", 20, 31));
  await expect(take(film, "0.ass")).rejects.toMatchObject({ code: "unsupported_media" });
});

test("PGS is the file that ffmpeg takes out of a film", async () => {
  const film = corpusPath("mkv/sample_with_pgs_subtitles.mkv");
  const theirs = await readFile(await ffmpeg(film, "sup", "-map", "0:s:0", "-c", "copy"));
  const { context } = createContext({ bytes: new Uint8Array(await readFile(film)), clock });
  const { subtitles } = createStreamFactory({ ffmpeg: undefined, clock });
  const response = await subtitles.produce(get({}, "/stream/x/3/subtitles/0.sup"), context);
  expect(withoutDecodingTimes(await readAll(response))).toEqual(withoutDecodingTimes(theirs));
});

/** The segments of a .sup file, whose headers have 13 bytes; ffmpeg invents decoding times. */
function withoutDecodingTimes(sup: Uint8Array): readonly string[] {
  const segments: string[] = [];
  const file = Buffer.from(sup);
  for (let start = 0; start < file.length; ) {
    const end = start + 13 + file.readUInt16BE(start + 11);
    segments.push(file.toString("hex", start, start + 6) + file.toString("hex", start + 10, end));
    start = end;
  }
  return segments;
}

test("HLS tells which subtitles are forced and which are for the hearing impaired", async () => {
  const film = await ffmpeg(
    demoFilmPath("MKV"),
    "mkv",
    ..."-c copy -disposition:s:0 forced+hearing_impaired".split(" "),
  );
  const { context } = createContext({ bytes: new Uint8Array(await readFile(film)), clock });
  const { hls } = createStreamFactory({ ffmpeg: undefined, clock });
  const master = new TextDecoder().decode(
    await readAll(await hls.produce(get({}, "/stream/x/3/hls/master.m3u8"), context)),
  );
  expect(master).toMatch(/TYPE=SUBTITLES.*FORCED=YES.*CHARACTERISTICS="public\.accessibility/);
});
