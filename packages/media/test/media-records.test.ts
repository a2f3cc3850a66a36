import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  attachmentsRecord,
  type Chapter,
  chaptersRecord,
  type FilmRecord,
  filmRecord,
  mediaInfoRecord,
  openIsobmff,
  openMatroska,
  readMediaInfo,
} from "../src/index.ts";
import { corpusFile } from "./support/corpus.ts";
import { MemorySource, never } from "./support/memory-source.ts";

const FILES = [
  "mkv/sample_with_srt.mkv",
  "mkv/sample_av1.mkv",
  "mkv/sample_with_pgs_subtitles.mkv",
  "mka/bear-flac-16bit.mka",
  "mp4/sample.mp4",
  "mp4/h265_bframes.mp4",
  "mp4/sample_fragmented.mp4",
  "avi/sample.avi",
  "flv/sample.flv",
  "ts/sample_h265.ts",
];

const CHAPTERS: readonly Chapter[] = [
  { startSeconds: 0, endSeconds: 1.5, title: "\u0394 \u{1f3ac}" },
  { startSeconds: 1.5, endSeconds: undefined, title: undefined },
];

async function filmOf(path: string): Promise<FilmRecord> {
  const open = path.startsWith("mp4") ? openIsobmff : openMatroska;
  const demuxer = await open(new MemorySource(corpusFile(path)), never);
  const { container, durationSeconds, headEndBytes, tracks } = demuxer;
  const head = headEndBytes === undefined ? {} : { headEndBytes };
  return { container, durationSeconds, ...head, tracks, keyIndex: await demuxer.keyIndex(never) };
}

describe("what parsers tell, written down and read back", () => {
  it.each(FILES)("is the same for the media info of %s", async (path) => {
    const info = await readMediaInfo(new MemorySource(corpusFile(path)), never);
    expect(mediaInfoRecord.decode(mediaInfoRecord.encode(info))).toEqual(info);
  });

  it.each(FILES.slice(0, 7))("is the same for the tracks and the index of %s", async (path) => {
    const film = await filmOf(path);
    expect(filmRecord.decode(filmRecord.encode(film))).toEqual(film);
  });

  it("is the same for tracks that are packed, and films without an index", async () => {
    const film = await filmOf("mkv/sample_with_pgs_subtitles.mkv");
    const packed = film.tracks.map((track, index) => ({
      ...track,
      growthBytes: index === 0 ? Number.POSITIVE_INFINITY : 4,
    }));
    const record = { ...film, tracks: packed, keyIndex: undefined };
    expect(filmRecord.decode(filmRecord.encode(record))).toEqual(record);
  });

  it("is the same for chapters", () => {
    expect(chaptersRecord.decode(chaptersRecord.encode(CHAPTERS))).toEqual(CHAPTERS);
    expect(chaptersRecord.decode(chaptersRecord.encode([]))).toEqual([]);
  });

  it("is the same for attachments", () => {
    const attachments = [{ index: 0, name: "A.ttf", mediaType: "font/ttf", offsetBytes: 2 ** 33, lengthBytes: 9 }];
    expect(attachmentsRecord.decode(attachmentsRecord.encode(attachments))).toEqual(attachments);
    expect(attachmentsRecord.decode(chaptersRecord.encode(CHAPTERS))).toBeUndefined();
  });

  it("takes little room: an index of 10 000 entries some 30 bytes for each", async () => {
    const keyIndex = Array.from({ length: 10_000 }, (_, entry) => ({
      timeSeconds: entry * 2.002,
      offsetBytes: entry * 3_111_111,
    }));
    const bytes = filmRecord.encode({ ...(await filmOf("mkv/sample_av1.mkv")), keyIndex });
    expect(bytes.length).toBeLessThan(10_000 * 32);
    expect(filmRecord.decode(bytes)?.keyIndex).toEqual(keyIndex);
  });
});

describe("records that are not as they were written", () => {
  it("are none, wherever they are cut off", async () => {
    const info = mediaInfoRecord.encode(await readMediaInfo(new MemorySource(corpusFile(FILES[0]!)), never));
    const film = filmRecord.encode(await filmOf(FILES[0]!));
    for (let length = 0; length < info.length; length += 1) {
      expect(mediaInfoRecord.decode(info.subarray(0, length))).toBeUndefined();
    }
    for (let length = 0; length < film.length; length += 7) {
      expect(filmRecord.decode(film.subarray(0, length))).toBeUndefined();
    }
  });

  it("are none of another version, or another kind", async () => {
    const bytes = chaptersRecord.encode(CHAPTERS);
    const older = new TextEncoder().encode(new TextDecoder().decode(bytes).replace('"version":1', '"version":0'));
    expect(older).not.toEqual(bytes);
    for (const format of [chaptersRecord, mediaInfoRecord, filmRecord]) expect(format.decode(older)).toBeUndefined();
    expect(mediaInfoRecord.decode(bytes)).toBeUndefined();
    expect(filmRecord.decode(bytes)).toBeUndefined();
    expect(chaptersRecord.decode(filmRecord.encode(await filmOf(FILES[0]!)))).toBeUndefined();
  });

  it("are none with a value of another type in any place, and never throw", async () => {
    const info = await readMediaInfo(new MemorySource(corpusFile("mp4/h265_bframes.mp4")), never);
    const text = new TextDecoder().decode(mediaInfoRecord.encode(info));
    const values = [...text.matchAll(/(?<=":)(?:"[^"]*"|[\d.]+|true|false)/g)];
    expect(values.length).toBeGreaterThan(20);
    for (const { 0: value, index } of values) {
      const other = `${text.slice(0, index)}[7]${text.slice(index + value.length)}`;
      expect([value, mediaInfoRecord.decode(new TextEncoder().encode(other))]).toEqual([value, undefined]);
    }
    const surplus = text.replace('"isDefault"', '"surplus":1,"isDefault"');
    expect(mediaInfoRecord.decode(new TextEncoder().encode(surplus))).toBeUndefined();
  });

  it("of a film whose index lacks an offset are none", async () => {
    const text = new TextDecoder().decode(filmRecord.encode(await filmOf("mp4/h265_bframes.mp4")));
    const shorter = text.replace(/"offsetsBytes":\[[^\],]*,?/, '"offsetsBytes":[');
    expect(shorter).not.toBe(text);
    expect(filmRecord.decode(new TextEncoder().encode(shorter))).toBeUndefined();
  });

  it("of any bytes are none", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.json().map((text) => new TextEncoder().encode(text)),
        ),
        (bytes) => {
          for (const format of [chaptersRecord, mediaInfoRecord, filmRecord]) {
            expect(format.decode(bytes)).toBeUndefined();
          }
        },
      ),
    );
  });
});
