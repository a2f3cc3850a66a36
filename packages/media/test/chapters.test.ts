import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Chapter, readChapters } from "../src/index.ts";
import { ElementId } from "../src/matroska/element-ids.ts";
import { FTYP, fullBox, moov, mvhd, VIDEO_TRAK } from "./isobmff/film.ts";
import { cluster, matroska, seekHead, tracks, VIDEO_TRACK } from "./matroska/film.ts";
import { box, bytes, element, u64 } from "./support/build.ts";
import { corpusFile } from "./support/corpus.ts";
import { MemorySource, never } from "./support/memory-source.ts";

const chaptersOf = (file: Uint8Array, container: "matroska" | "mp4" = "matroska"): Promise<readonly Chapter[]> =>
  readChapters(new MemorySource(file), container, never);

interface Atom {
  readonly start: number;
  readonly end?: number;
  readonly title?: string;
  readonly fields?: readonly Uint8Array[];
}

const atom = ({ start, end, title, fields = [] }: Atom) =>
  element(
    ElementId.chapterAtom,
    element(ElementId.chapterTimeStart, u64(start * 1e9)),
    end === undefined ? bytes() : element(ElementId.chapterTimeEnd, u64(end * 1e9)),
    title === undefined
      ? bytes()
      : element(ElementId.chapterDisplay, element(ElementId.chapString, Buffer.from(title))),
    ...fields,
  );
const edition = (...content: Uint8Array[]) => element(ElementId.editionEntry, ...content);
const chapters = (...editions: Uint8Array[]) => element(ElementId.chapters, ...editions);
const film = (list: Uint8Array) => matroska(tracks(VIDEO_TRACK), list, cluster());

const HIDDEN = element(ElementId.editionFlagHidden, 1);
const DEFAULT = element(ElementId.editionFlagDefault, 1);

describe("chapters of Matroska", () => {
  it("are told with their names and ends, by their start", async () => {
    const list = chapters(edition(atom({ start: 60, end: 90, title: "Two" }), atom({ start: 0, title: "One" })));
    expect(await chaptersOf(film(list))).toEqual([
      { startSeconds: 0, endSeconds: 60, title: "One" },
      { startSeconds: 60, endSeconds: 90, title: "Two" },
    ]);
  });

  it("end where the next one starts, if they do not say, and the last one nowhere", async () => {
    const list = chapters(edition(atom({ start: 5 }), atom({ start: 7, end: 6 }), atom({ start: 9 })));
    expect((await chaptersOf(film(list))).map(({ endSeconds }) => endSeconds)).toEqual([7, 9, undefined]);
  });

  it.each([
    {
      title: "the default one",
      editions: [edition(atom({ start: 1 })), edition(DEFAULT, atom({ start: 2 }))],
      start: 2,
    },
    {
      title: "the first without a default",
      editions: [edition(atom({ start: 1 })), edition(atom({ start: 2 }))],
      start: 1,
    },
    {
      title: "one that is not hidden",
      editions: [edition(HIDDEN, DEFAULT, atom({ start: 1 })), edition(atom({ start: 2 }))],
      start: 2,
    },
  ])("of several editions are those of $title", async ({ editions, start }) => {
    expect((await chaptersOf(film(chapters(...editions)))).map(({ startSeconds }) => startSeconds)).toEqual([start]);
  });

  it("that are hidden, disabled, of another file or inside of others are left out", async () => {
    const list = chapters(
      edition(
        atom({ start: 1, fields: [element(ElementId.chapterFlagHidden, 1)] }),
        atom({ start: 2, fields: [element(ElementId.chapterFlagEnabled, 0)] }),
        atom({ start: 3, fields: [element(ElementId.chapterSegmentUuid, u64(7))] }),
        atom({ start: 4, title: "Shown", fields: [atom({ start: 5 }), element(ElementId.chapterFlagEnabled, 1)] }),
      ),
    );
    expect(await chaptersOf(film(list))).toEqual([{ startSeconds: 4, endSeconds: undefined, title: "Shown" }]);
  });

  it("behind the media are found through the SeekHead, without the media being read", async () => {
    const media = cluster(3_000_000);
    const list = chapters(edition(atom({ start: 1, title: "Late" })));
    const position = seekHead([ElementId.chapters, 0]).length + tracks(VIDEO_TRACK).length + media.length;
    const file = matroska(seekHead([ElementId.chapters, position]), tracks(VIDEO_TRACK), media, list);
    const source = new MemorySource(file);
    expect(await readChapters(source, "matroska", never)).toMatchObject([{ startSeconds: 1, title: "Late" }]);
    expect(source.touchedBytes).toBeLessThanOrEqual(64 * 1024);
  });

  it("have names without control characters, of 200 characters at most, and not more than a thousand of them", async () => {
    const long = atom({ start: 0, title: `A\u0007\n${"x".repeat(500)}` });
    const list = chapters(edition(long, ...Array.from({ length: 1200 }, (_, start) => atom({ start: start + 1 }))));
    const told = await chaptersOf(film(list));
    expect(told[0]?.title).toBe(`A${"x".repeat(199)}`);
    expect(told.length).toBe(1000);
  });

  it("are none where the SeekHead leads to something else, or to megabytes", async () => {
    const elsewhere = matroska(seekHead([ElementId.chapters, 0]), tracks(VIDEO_TRACK), cluster());
    expect(await chaptersOf(elsewhere)).toEqual([]);
    const huge = chapters(edition(atom({ start: 0 })), element(0xec, new Uint8Array(1024 * 1024)));
    expect(await chaptersOf(film(huge))).toEqual([]);
    expect(await chaptersOf(film(chapters()))).toEqual([]);
  });

  it("of a damaged header are none", async () => {
    expect(await chaptersOf(bytes("no film"))).toEqual([]);
  });
});

const entry = (start: number, title: string) => bytes(u64(start * 1e7), Buffer.from(title).length, Buffer.from(title));

const movie = (list: Uint8Array) => bytes(FTYP, moov(mvhd(5000), VIDEO_TRAK, box("udta", list)));

describe("chapters of MP4", () => {
  it.each([
    { version: 0, list: box("chpl", 0, 0, 0, 0, 2, entry(0, "Eins"), entry(2.5, "Zwei")) },
    { version: 1, list: box("chpl", 1, 0, 0, 0, 0, 0, 0, 0, 2, entry(0, "Eins"), entry(2.5, "Zwei")) },
  ])("are read from a list of version $version", async ({ list }) => {
    expect(await chaptersOf(movie(list), "mp4")).toEqual([
      { startSeconds: 0, endSeconds: 2.5, title: "Eins" },
      { startSeconds: 2.5, endSeconds: undefined, title: "Zwei" },
    ]);
  });

  it("are those that are there, where the list is cut off", async () => {
    const list = box("chpl", 0, 0, 0, 0, 9, entry(0, "Eins"), u64(1e7), 40, "Zw");
    expect((await chaptersOf(movie(list), "mp4")).map(({ title }) => title)).toEqual(["Eins", "Zw"]);
    expect(await chaptersOf(movie(box("chpl", 1, 0, 0)), "mp4")).toEqual([]);
    expect(await chaptersOf(movie(fullBox("chpl")), "mp4")).toEqual([]);
  });

  it("later than a month are no chapters", async () => {
    const list = box("chpl", 0, 0, 0, 0, 2, entry(1, "Now"), bytes(u64(2 ** 62), 0));
    expect((await chaptersOf(movie(list), "mp4")).map(({ title }) => title)).toEqual(["Now"]);
  });
});

it("other containers have none", async () => {
  expect(await readChapters(new MemorySource(bytes("RIFF")), "avi", never)).toEqual([]);
});

describe("chapters of broken files", () => {
  const MP4 = bytes(FTYP, moov(mvhd(5000), VIDEO_TRAK, box("udta", box("chpl", 0, 0, 0, 0, 1, u64(0), 3, "One"))));
  const FILES = [
    {
      title: "a Matroska list",
      file: film(chapters(edition(atom({ start: 1, end: 2, title: "One" })))),
      container: "matroska",
    },
    { title: "an MP4 list", file: MP4, container: "mp4" },
    { title: "a real file", file: corpusFile("mkv/sample_with_chapters.mkv").subarray(0, 4000), container: "matroska" },
  ] as const;

  it.each(FILES)("$title with any bytes is read or not, and told within its limits", async ({ file, container }) => {
    const patch = fc.record({
      at: fc.nat({ max: file.length - 1 }),
      value: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(patch, fc.nat({ max: file.length }), async ({ at, value }, cutAt) => {
        const broken = Uint8Array.from(file);
        broken.set(value.subarray(0, file.length - at), at);
        const kept = cutAt % 3 === 0 ? broken.subarray(0, cutAt) : broken;
        for (const { startSeconds, title } of await chaptersOf(kept, container)) {
          expect(startSeconds).toBeGreaterThanOrEqual(0);
          expect(Array.from(title ?? "x").length).toBeLessThanOrEqual(200);
        }
      }),
      { numRuns: 500 },
    );
  });
});
