import { openMpegts, type Packet } from "@riptide/media";
import { beforeAll, describe, expect, test } from "vitest";
import { complaintsOf, probe } from "../../media/test/fmp4/clips.ts";
import { demux } from "../../media/test/support/demux.ts";
import { MemorySource, never } from "../../media/test/support/memory-source.ts";
import { realClock } from "../../transcode/test/support/clocks.ts";
import { createStreamFactory } from "../src/index.ts";
import { createContext, get, KIB, readAll, virtualClock } from "./support/context.ts";
import { H264, installedFfmpeg, makeFilm } from "./support/films.ts";
import { hlsFilm, readPlaylist, wholeRendition } from "./support/hls.ts";

const AAC = "-c:a aac -ac 2";
const X265 =
  "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=48:bframes=3:open-gop=0:aud=1 -pix_fmt yuv420p";

/** Four seconds, with keyframes at 0 and 2. Title, extension, and how it is encoded. */
const FILMS: [string, string, string][] = [
  ["H.264 with B-frames and AAC", "ts", `${H264} ${AAC}`],
  ["HEVC with B-frames and AAC at 44.1 kHz", "ts", `${X265} ${AAC} -ar 44100`],
  ["a clock that begins again at 0 on the way", "ts", `${H264} ${AAC} -output_ts_offset 95441`],
  ["timestamps in front of its packets (M2TS)", "m2ts", `${H264} -an -mpegts_m2ts_mode 1 -f mpegts`],
];

const films = new Map<string, { readonly bytes: Uint8Array; readonly tracks: readonly TrackPackets[] }>();

interface TrackPackets {
  readonly timescale: number;
  readonly packets: readonly Packet[];
}

beforeAll(async () => {
  for (const [title, extension, encoding] of FILMS) {
    const bytes = await makeFilm(extension, encoding);
    const demuxer = await openMpegts(new MemorySource(bytes), never);
    const { packets } = await demux(demuxer, bytes);
    const tracks = demuxer.tracks.map(({ number, timescale }) => ({
      timescale,
      packets: packets.filter(({ trackNumber }) => trackNumber === number),
    }));
    films.set(title, { bytes, tracks });
  }
});

const clock = virtualClock();

/** Without ffmpeg: nothing but our own muxer can have made it. */
async function remux(bytes: Uint8Array, query = "") {
  const viewer = createContext({ bytes, clock, pieceLengthBytes: 16 * KIB });
  const { remux: producer } = createStreamFactory({ ffmpeg: undefined, clock });
  const output = await readAll(await producer.produce(get({}, `/remux.mp4${query}`), viewer.context));
  expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  return { output, readBytes: viewer.provider.counters().readBytes };
}

/** The last packets of a track, as many as were found: their sizes, their times, and that decoding times increase. */
function expectLastOf(
  { packets, timescale }: TrackPackets,
  found: Awaited<ReturnType<typeof probe>>["packets"][number],
): void {
  const expected = packets.slice(packets.length - found.length);
  expect(found.map(({ sizeBytes, isKeyframe }) => [sizeBytes, isKeyframe])).toEqual(
    expected.map(({ data, isKeyframe }) => [data.length, isKeyframe]),
  );
  for (const [place, { ptsSeconds, dtsSeconds }] of found.entries()) {
    expect(Math.abs(ptsSeconds - expected[place]!.ptsTicks / timescale)).toBeLessThanOrEqual(0.001);
    expect(dtsSeconds).toBeGreaterThan(found[place - 1]?.dtsSeconds ?? -1);
  }
}

describe.each(FILMS)("A transport stream with %s", (title) => {
  test("is copied without ffmpeg: every packet, at its time", async () => {
    const { bytes, tracks } = films.get(title)!;
    const { output } = await remux(bytes);
    const found = await probe(output, "mp4");
    expect(found.packets.map(({ length }) => length)).toEqual(tracks.map(({ packets }) => packets.length));
    for (const [index, track] of tracks.entries()) expectLastOf(track, found.packets[index]!);
    expect(await complaintsOf(output)).toBe("");
  });

  test("starts at the keyframe before a time, at the times of the film", async () => {
    const { bytes, tracks } = films.get(title)!;
    const { output } = await remux(bytes, "?t=3.2");
    const found = await probe(output, "mp4");
    expect(found.packets[0]).toHaveLength(48);
    expect(found.packets[0]?.[0]?.isKeyframe).toBe(true);
    for (const [index, track] of tracks.entries()) expectLastOf(track, found.packets[index]!);
    expect(await complaintsOf(output)).toBe("");
  });
});

test("A transport stream is cut into segments of HLS while it is read, and they are what one stream has", async () => {
  const { bytes, tracks } = films.get(FILMS[0]![0])!;
  const film = hlsFilm(bytes);
  for (const [index, folder] of ["video", "audio/0"].entries()) {
    const { segments } = readPlaylist(await film.text(`${folder}/playlist.m3u8`));
    expect(segments).toHaveLength(2);
    const found = await probe(await wholeRendition(film, folder), "mp4");
    expect(found.packets[0]).toHaveLength(tracks[index]!.packets.length);
    expectLastOf(tracks[index]!, found.packets[0]!);
  }
});

test("AC-3 in a transport stream is converted segment by segment, without a gap", async () => {
  const bytes = await makeFilm("ts", `${H264} -c:a ac3`);
  const ffmpeg = await installedFfmpeg();
  await using factory = createStreamFactory({ ffmpeg, clock: realClock });
  const film = hlsFilm(bytes, factory);
  const sound = await wholeRendition(film, "audio/0");
  const [units = []] = (await probe(sound, "mp4")).packets;
  for (const [place, { ptsSeconds }] of units.entries()) {
    const beforeSeconds = units[place - 1]?.ptsSeconds ?? ptsSeconds - 1024 / 48_000;
    expect(Math.abs(ptsSeconds - beforeSeconds - 1024 / 48_000)).toBeLessThan(0.0001);
  }
  expect(Math.abs((units.length * 1024) / 48_000 - 4)).toBeLessThan(0.1);
  expect(await complaintsOf(sound)).toBe("");
});

test("What must be converted cannot be entered in the middle yet, and says so", async () => {
  const bytes = await makeFilm("ts", `${H264} -c:a ac3`);
  await expect(remux(bytes)).rejects.toMatchObject({ code: "ffmpeg_missing" });
  await expect(remux(bytes, "?t=9")).rejects.toMatchObject({ code: "ffmpeg_missing" });
});
