import { describe, expect, it } from "vitest";
import { type KeyIndex, openMatroska, readMediaInfo } from "../../src/index.ts";
import { isClusterAt } from "../../src/matroska/cues.ts";
import { ElementId } from "../../src/matroska/element-ids.ts";
import { bytes, claimingElement, unknownSizeElement, zeros } from "../support/build.ts";
import { corpusFile } from "../support/corpus.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import {
  AUDIO_TRACK,
  cluster,
  cues,
  EBML_HEADER,
  info,
  matroska,
  SEGMENT_START,
  seekHead,
  tracks,
  VIDEO_TRACK,
} from "./film.ts";

const CORPUS = [
  {
    path: "mkv/bbb_642x642_768kbps_30fps_vp9.webm",
    index: [
      { timeSeconds: 0, offsetBytes: 5401 },
      { timeSeconds: 1, offsetBytes: 184480 },
      { timeSeconds: 2, offsetBytes: 278111 },
    ],
  },
  { path: "mkv/sample.mkv", index: [{ timeSeconds: 0.067, offsetBytes: 5562 }] },
  {
    path: "mkv/sample_with_dts.mkv",
    index: [{ timeSeconds: 0, offsetBytes: 469 }],
  },
  { path: "mka/bear-flac-16bit.mka", index: undefined },
];

/** Header, three clusters of 112 bytes, Cues: built so that the SeekHead can know where things lie. */
function film(options: { cues: (clusterPositions: number[]) => Uint8Array; tracks?: Uint8Array }): Uint8Array {
  const trackList = options.tracks ?? tracks(VIDEO_TRACK, AUDIO_TRACK);
  const seekLength = seekHead([ElementId.cues, 0]).length;
  const positions = [0, 1, 2].map((index) => seekLength + info(0).length + trackList.length + index * cluster().length);
  const cuesPosition = positions[2]! + cluster().length;
  const parts = [seekHead([ElementId.cues, cuesPosition]), info(30_000), trackList, cluster(), cluster(), cluster()];
  return matroska(...parts, options.cues(positions));
}

const read = (file: Uint8Array, sizeBytes?: number): Promise<KeyIndex | undefined> =>
  indexOf(new MemorySource(file, sizeBytes === undefined ? {} : { sizeBytes }));

async function indexOf(source: MemorySource): Promise<KeyIndex | undefined> {
  return (await openMatroska(source, never)).keyIndex(never);
}

describe("The key index of a Matroska file", () => {
  it.each(CORPUS)("reads the index of $path", async ({ path, index }) => {
    expect(await indexOf(new MemorySource(corpusFile(path)))).toEqual(index);
  });

  it.each(CORPUS)("reads the same of $path one byte at a time", async ({ path, index }) => {
    expect(await indexOf(new MemorySource(corpusFile(path), { readLimitBytes: 1 }))).toEqual(index);
  });

  it("reads head and Cues only", async () => {
    const source = new MemorySource(corpusFile("mkv/bbb_642x642_768kbps_30fps_vp9.webm"));
    await indexOf(source);
    expect(source.touchedBytes).toBeLessThanOrEqual(32 * 1024);
  });

  it.each(CORPUS.filter(({ index }) => index !== undefined))("points at clusters in $path", async ({ path, index }) => {
    const source = new MemorySource(corpusFile(path));
    for (const { offsetBytes } of index ?? []) {
      expect(await isClusterAt(source, offsetBytes, never)).toBe(true);
      expect(await isClusterAt(source, offsetBytes + 1, never)).toBe(false);
    }
  });

  it("sorts by time, and keeps the earliest of several cues into one cluster", async () => {
    const file = film({ cues: ([a = 0, b = 0, c = 0]) => cues([9000, 1, c], [5000, 1, b], [4000, 1, b], [0, 1, a]) });
    const index = await read(file);
    const first = index?.[0]?.offsetBytes ?? 0;
    expect(index).toEqual([
      { timeSeconds: 0, offsetBytes: first },
      { timeSeconds: 4, offsetBytes: first + 112 },
      { timeSeconds: 9, offsetBytes: first + 224 },
    ]);
  });

  it("goes by the cues of the video track", async () => {
    const file = film({ cues: ([a = 0, b = 0, c = 0]) => cues([0, 2, a], [1000, 1, b], [2000, 2, c]) });
    expect((await read(file))?.map(({ timeSeconds }) => timeSeconds)).toEqual([1]);
  });

  it("goes by any track where there is no video", async () => {
    const file = film({ tracks: tracks(AUDIO_TRACK), cues: ([a = 0, b = 0]) => cues([0, 2, a], [1000, 2, b]) });
    expect((await read(file))?.map(({ timeSeconds }) => timeSeconds)).toEqual([0, 1]);
  });

  it("drops cues that point before the media or beyond the file", async () => {
    const file = film({
      cues: ([a = 0, b = 0]) => cues([0, 1, 3], [1000, 1, b], [2000, 1, 2 ** 50], [3000, 1, a + 1e6]),
    });
    expect((await read(file))?.map(({ timeSeconds }) => timeSeconds)).toEqual([1]);
  });

  it("keeps the cues in front of the place where a file is cut off", async () => {
    const whole = film({ cues: ([a = 0, b = 0, c = 0]) => cues([0, 1, a], [1000, 1, b], [2000, 1, c]) });
    const index = await read(whole.subarray(0, whole.length - 10));
    expect(index?.map(({ timeSeconds }) => timeSeconds)).toEqual([0, 1]);
  });

  it.each([
    { title: "the Cues lie elsewhere", file: film({ cues: () => zeros(50) }) },
    { title: "the Cues are empty", file: film({ cues: () => cues() }) },
    { title: "only the audio has cues", file: film({ cues: ([a = 0]) => cues([0, 2, a]) }) },
    { title: "the Cues are a gigabyte", file: film({ cues: () => claimingElement(ElementId.cues, 2 ** 30) }) },
    { title: "the Cues have no size", file: film({ cues: () => unknownSizeElement(ElementId.cues) }) },
    { title: "there is no cluster", file: matroska(tracks(VIDEO_TRACK), cues([0, 1, 0])) },
  ])("gives nothing if $title", async ({ file }) => {
    expect(await read(file, file.length + 2 ** 31)).toBeUndefined();
  });

  it("rejects a file without a readable header", async () => {
    await expect(read(bytes(EBML_HEADER, zeros(200)))).rejects.toMatchObject({ code: "damaged_media" });
  });

  it("takes four mebibytes of empty elements for an index without entries", async () => {
    const contentBytes = 4 * 1024 * 1024;
    const hostile = zeros(contentBytes).map((_, index) => (index % 2 === 0 ? ElementId.cuePoint : 0x80));
    const file = film({ cues: () => bytes(claimingElement(ElementId.cues, contentBytes), hostile) });
    expect(await read(file)).toBeUndefined();
  });
});

describe("a splice of header and tail", () => {
  it("is a Matroska file with the same tracks that starts with the chosen cluster", async () => {
    const file = corpusFile("mkv/bbb_642x642_768kbps_30fps_vp9.webm");
    const demuxer = await openMatroska(new MemorySource(file), never);
    const { offsetBytes } = (await demuxer.keyIndex(never))![2]!;
    const spliced = bytes(file.subarray(0, demuxer.headEndBytes), file.subarray(offsetBytes));
    const [whole, cut] = await Promise.all(
      [file, spliced].map((content) => readMediaInfo(new MemorySource(content), never)),
    );
    expect(cut?.tracks).toEqual(whole?.tracks);
    expect(await isClusterAt(new MemorySource(spliced), demuxer.headEndBytes, never)).toBe(true);
  });
});

describe("isClusterAt", () => {
  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 1e12])("is false at %d", async (offset) => {
    const source = new MemorySource(corpusFile("mkv/sample.mkv"));
    expect(await isClusterAt(source, offset, never)).toBe(false);
  });

  it("counts from the start of the file, not of the Segment", async () => {
    const file = matroska(tracks(VIDEO_TRACK), cluster());
    const offset = SEGMENT_START + tracks(VIDEO_TRACK).length;
    expect(await isClusterAt(new MemorySource(file), offset, never)).toBe(true);
  });
});
