import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  assDocument,
  assEventLine,
  cueFromPacket,
  parseAss,
  parseSrt,
  parseWebVtt,
  supSegments,
  webVttDocument,
} from "../../src/index.ts";
import { bytes } from "../support/build.ts";
import { corpusPath } from "../support/corpus.ts";
import { convertedByFfmpeg, muxByFfmpeg, readSubtitles } from "./ffmpeg-subtitles.ts";

const DEMO_FILM = fileURLToPath(new URL("../../../cli/demo/films/Riptide demo (MKV).mkv", import.meta.url));

const SRT = `1
00:00:01,000 --> 00:00:02,000
<i>Grüße</i> an alle

2
00:00:03,500 --> 00:00:04,000
{\\an8}Top <b>bold
two</b> <font color="red">red</font>

3
00:00:05,000 --> 00:00:06,000
- one
- <i>two <b>three</b></i>
`;

const ASS = `[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,20,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,0,2,20,20,30,1
Style: Thoughts,Arial,20,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,-1,0,0,100,100,0,0,1,2,0,2,20,20,30,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:02.00,Default,Ann,0,0,0,,{\\i1}it{\\b1}both{\\b0}{\\i0}\\Nnext, line
Dialogue: 1,0:00:03.00,0:00:04.50,Thoughts,,0,0,0,,styled {\\i0}plain
Dialogue: 0,1:00:05.00,1:00:06.00,Default,,10,20,30,,{\\pos(10,20)\\fad(100,100)}shown {\\an8}top
`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "riptide-subtitles-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function muxed(name: string, text: string, extension: "mkv" | "mp4"): Promise<string> {
  await writeFile(join(folder, name), text);
  const path = join(folder, `${name}.${extension}`);
  await muxByFfmpeg(join(folder, name), path);
  return path;
}

/**
 * Without places: ffmpeg does not carry them over. Nor does it escape anything, leave out drawings, or know how overrides
 * that cross each other and `\\r` end; for these there are the tables of `cue-from-packet.test.ts`.
 */
async function cuesOfPackets(path: string) {
  const { track, packets } = await readSubtitles(path);
  return packets.flatMap((packet) => cueFromPacket(track, packet) ?? []).map((cue) => ({ ...cue, settings: "" }));
}

async function cuesOfFfmpeg(path: string) {
  return parseWebVtt((await convertedByFfmpeg(path, ["-f", "webvtt"])).toString());
}

describe("text out of containers", () => {
  it.each([
    { title: "SRT of the corpus", film: () => corpusPath("mkv/sample_with_srt.mkv"), count: 1 },
    { title: "ASS of the corpus", film: () => corpusPath("mkv/sample_with_ssa_subtitles.mkv"), count: 1 },
    { title: "SRT of the demo", film: () => DEMO_FILM, count: 48 },
    { title: "SRT with markup", film: () => muxed("a.srt", SRT, "mkv"), count: 3 },
    { title: "ASS with overrides", film: () => muxed("a.ass", ASS, "mkv"), count: 3 },
    { title: "timed text", film: () => muxed("b.srt", SRT, "mp4"), count: 3 },
  ])("reads $title as ffmpeg does", async ({ film, count }) => {
    const path = await film();
    const cues = await cuesOfPackets(path);
    expect(cues).toHaveLength(count);
    expect(cues).toEqual(await cuesOfFfmpeg(path));
    expect(parseWebVtt(webVttDocument(cues))).toEqual(cues);
  });

  it("reads sidecar files as it reads packets", async () => {
    expect(parseSrt(SRT).map((cue) => ({ ...cue, settings: "" }))).toEqual(
      await cuesOfPackets(await muxed("c.srt", SRT, "mkv")),
    );
    expect(parseAss(ASS).map((cue) => ({ ...cue, settings: "" }))).toEqual(
      await cuesOfPackets(await muxed("c.ass", ASS, "mkv")),
    );
  });

  it("writes WebVTT that ffmpeg reads", async () => {
    const cues = parseSrt(SRT);
    await writeFile(join(folder, "a.vtt"), webVttDocument(cues, { timestampMap: true }));
    const read = parseSrt((await convertedByFfmpeg(join(folder, "a.vtt"), ["-f", "srt"])).toString());
    expect(read).toEqual(cues.map((cue) => ({ ...cue, settings: "" })));
  });
});

describe("the original script", () => {
  it("is what went into the container", async () => {
    const { track, packets } = await readSubtitles(await muxed("d.ass", ASS, "mkv"));
    const lines = packets.map((packet) => assEventLine(packet, track) ?? "");
    expect(lines).toEqual(ASS.trimEnd().split("\n").slice(-3));
    expect(parseAss(assDocument(track.configuration, lines))).toEqual(parseAss(ASS));
  });

  it("is what ffmpeg copies", async () => {
    const path = corpusPath("mkv/sample_with_ssa_subtitles.mkv");
    const { track, packets } = await readSubtitles(path);
    const copy = (await convertedByFfmpeg(path, ["-c:s", "copy", "-f", "ass"])).toString();
    const lines = packets.map((packet) => assEventLine(packet, track));
    expect(lines).toEqual(copy.split(/\r?\n/).filter((line) => line.startsWith("Dialogue:")));
  });
});

describe("PGS", () => {
  it("is the .sup file that ffmpeg writes, but for the decoding times", async () => {
    const path = corpusPath("mkv/sample_with_pgs_subtitles.mkv");
    const { track, packets } = await readSubtitles(path);
    const sup = bytes(...packets.map((packet) => supSegments(track, packet)));
    expect(packets).toHaveLength(2);
    expect(sup).toEqual(withoutDecodingTimes(await convertedByFfmpeg(path, ["-c:s", "copy", "-f", "sup"])));
  });
});

/** ffmpeg repeats the presentation time; discs and all other tools have 0. */
function withoutDecodingTimes(sup: Buffer): Uint8Array {
  const copy = new Uint8Array(sup);
  for (let offset = 0; offset < sup.length; offset += 13 + sup.readUInt16BE(offset + 11))
    copy.fill(0, offset + 6, offset + 10);
  return copy;
}
