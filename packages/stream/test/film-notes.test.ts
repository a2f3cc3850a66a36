import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ElementId } from "../../media/src/matroska/element-ids.ts";
import { cluster, matroska, tracks, VIDEO_TRACK } from "../../media/test/matroska/film.ts";
import { element, u64 } from "../../media/test/support/build.ts";
import { demoFilm } from "../../media/test/support/corpus.ts";
import { FilmLibrary } from "../src/film-library.ts";
import { createStreamFactory, type FilmNotes } from "../src/index.ts";
import { notedDemuxer } from "../src/noted-demuxer.ts";
import { SequentialReader } from "../src/sequential-reader.ts";
import { createContext, get, head, readAll, type TestContext, virtualClock } from "./support/context.ts";

const clock = virtualClock();

/** Notes in memory, as a data folder would keep them. */
function createNotes(): FilmNotes & { readonly kept: Map<string, Uint8Array>; readonly written: string[] } {
  const kept = new Map<string, Uint8Array>();
  const written: string[] = [];
  return {
    kept,
    written,
    read: async (infoHash, name) => kept.get(`${infoHash}/${name}`),
    write: async (infoHash, name, bytes) => {
      written.push(name);
      kept.set(`${infoHash}/${name}`, bytes);
    },
  };
}

const factoryWith = (notes: FilmNotes) => createStreamFactory({ ffmpeg: undefined, clock, notes });

const FOLDER = "/stream/x/3/hls/";
const PLAYLISTS = ["master.m3u8", "video/playlist.m3u8", "audio/0/playlist.m3u8"];

/** A viewer whose file is all there, or all missing. */
const whole = (bytes: Uint8Array): TestContext => createContext({ bytes, clock, name: "film" });
const gone = (bytes: Uint8Array): TestContext =>
  createContext({ bytes, clock, name: "film", arrivals: { kind: "manual" } });

async function ask(factory: ReturnType<typeof factoryWith>, { context }: TestContext, path: string): Promise<string> {
  const response = await factory.hls.produce(get({}, `${FOLDER}${path}`), context);
  return Buffer.from(await readAll(response)).toString("latin1");
}

describe.each(["MKV", "MP4"] as const)("After a restart, without a byte of %s", (container) => {
  const film = demoFilm(container);

  test("its media info, its chapters, its index and its playlists are as before", async () => {
    const notes = createNotes();
    const first = whole(film);
    const before = factoryWith(notes);
    const info = await before.mediaInfo(first.context);
    const chapters = await before.chapters(first.context);
    const attachments = await before.attachments(first.context);
    const playlists = await Promise.all(PLAYLISTS.map((path) => ask(before, first, path)));

    const second = gone(film);
    const after = factoryWith(notes);
    // What is undefined is not written down.
    expect(await after.mediaInfo(second.context)).toEqual(info);
    expect(await after.knownChapters(second.context)).toEqual(chapters);
    expect(await after.chapters(second.context)).toEqual(chapters);
    expect(await after.knownAttachments(second.context)).toEqual(attachments);
    expect(await after.choose(second.context)).toEqual(await before.choose(first.context));
    const can = { mse: [], file: [], nativeHls: false };
    expect(await after.playback(second.context, can)).toEqual(await before.playback(first.context, can));
    expect(await Promise.all(PLAYLISTS.map((path) => ask(after, second, path)))).toEqual(playlists);
    const direct = await after.direct.produce(head(), second.context);
    expect(direct.headers.get("content-type")).toBe(container === "MKV" ? "video/x-matroska" : "video/mp4");
    expect(second.provider.counters()).toMatchObject({ readBytes: 0, demandsHeld: 0, readsWaiting: 0 });
  });

  test("and then with them, its segments are as before", async () => {
    const notes = createNotes();
    const first = whole(film);
    const segments = ["video/init.mp4", "video/seg-3.m4s", "audio/0/seg-5.m4s"];
    const before = factoryWith(notes);
    const expected = await Promise.all(segments.map((path) => ask(before, first, path)));
    const second = whole(film);
    const after = factoryWith(notes);
    expect(await Promise.all(segments.map((path) => ask(after, second, path)))).toEqual(expected);
    expect(notes.written.sort()).toEqual(["film-3", "info-3"]);
  });

  test("a request that is given up while the film is opened ends, and leaves nothing behind", async () => {
    const notes = createNotes();
    await ask(factoryWith(notes), whole(film), "video/playlist.m3u8");
    const viewer = gone(film);
    const read = ask(factoryWith(notes), viewer, "video/seg-3.m4s").catch((error: unknown) => error);
    await clock.advance(10);
    expect(viewer.provider.counters().readsWaiting).toBe(1);
    viewer.client.abort(new Error("the viewer left"));
    await clock.advance(10);
    expect(await read).toBeInstanceOf(Error);
    expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });
});

describe("A demuxer from notes", () => {
  test.each(["MKV", "MP4"] as const)("of %s searches and reads as the one that it stands for", async (container) => {
    const bytes = demoFilm(container);
    const kind = container === "MKV" ? "matroska" : "mp4";
    const notes = createNotes();
    const [first, second] = [whole(bytes), whole(bytes)];
    const before = new FilmLibrary(notes);
    const told = (await before.film(kind, first.context))!;
    const index = (await before.keyIndex(told, first.context))!;
    const after = new FilmLibrary(notes);
    const noted = (await after.film(kind, second.context))!;
    expect(noted.demuxer).not.toBe(told.demuxer);
    expect(noted.demuxer.tracks).toEqual(told.demuxer.tracks);
    expect(noted.demuxer.headEndBytes).toBe(told.demuxer.headEndBytes);
    expect(noted.demuxer.durationSeconds).toBe(told.demuxer.durationSeconds);
    expect(await noted.demuxer.keyIndex(second.context)).toEqual(index);
    expect(second.provider.counters().readBytes).toBe(0);

    expect(noted.demuxer.findEntry === undefined).toBe(told.demuxer.findEntry === undefined);
    expect(noted.demuxer.framesBefore === undefined).toBe(told.demuxer.framesBefore === undefined);
    expect(await after.entryAt(noted, 13, second.context)).toEqual(await before.entryAt(told, 13, first.context));
    const sound = told.demuxer.tracks.find(({ track }) => track.kind === "audio")!.number;
    const { provider, signal } = second.context;
    const request = {
      lengthBytes: 100_000,
      track: sound,
      open: (ranges: readonly { start: number; end: number }[]) => new SequentialReader(provider, ranges, { signal }),
    };
    const frames = await noted.demuxer.framesBefore?.(index[3]!, request);
    expect(frames).toEqual(await told.demuxer.framesBefore?.(index[3]!, request));
  });
});

const nothing = () => ({ offsetBytes: 0, next: async () => undefined, skip() {} });

test("A demuxer from notes that stands for one without frames in front of an entry has none", async () => {
  const record = { container: "matroska", durationSeconds: 1, tracks: [], keyIndex: undefined } as const;
  const opened = { ...record, keyIndex: async () => undefined, async *packets() {} };
  const noted = notedDemuxer(record, async () => opened);
  const entry = { timeSeconds: 0, offsetBytes: 0 };
  expect(await noted.framesBefore?.(entry, { lengthBytes: 1, track: 1, open: nothing })).toEqual([]);
  expect(await noted.findEntry?.(0, undefined, { signal: new AbortController().signal })).toBeUndefined();
  expect(await noted.keyIndex({ signal: new AbortController().signal })).toBeUndefined();
});

test("What cannot be read leaves no note, and is read anew", async () => {
  const notes = createNotes();
  const factory = factoryWith(notes);
  await expect(factory.mediaInfo(whole(new Uint8Array(100_000)).context)).rejects.toMatchObject({ code: "not_media" });
  expect(notes.written).toEqual([]);
});

test("Chapters that are known without fetching are noted once", async () => {
  const atom = element(ElementId.chapterAtom, element(ElementId.chapterTimeStart, u64(1e9)));
  const list = element(ElementId.chapters, element(ElementId.editionEntry, atom));
  const notes = createNotes();
  const factory = factoryWith(notes);
  const viewer = whole(matroska(tracks(VIDEO_TRACK), list, cluster()));
  for (let times = 0; times < 3; times += 1) {
    expect(await factory.knownChapters(viewer.context)).toMatchObject([{ startSeconds: 1 }]);
  }
  expect(notes.written).toEqual(["info-3", "chapters-3"]);
});

describe("Notes that are not as they were written", () => {
  const film = demoFilm("MKV");
  const broken = fc.oneof(
    fc.record({ kind: fc.constant("cut"), at: fc.nat({ max: 5000 }) }),
    fc.record({ kind: fc.constant("changed"), at: fc.nat({ max: 5000 }) }),
    fc.record({ kind: fc.constant("other"), at: fc.nat({ max: 200 }) }),
  );

  test("are as good as none, or as good as they were: the film plays all the same", async () => {
    const notes = createNotes();
    const before = factoryWith(notes);
    const viewer = whole(film);
    const playlist = await ask(before, viewer, "video/playlist.m3u8");
    const segment = await ask(before, viewer, "video/seg-3.m4s");
    const kept = new Map(notes.kept);
    await fc.assert(
      fc.asyncProperty(broken, async ({ kind, at }) => {
        const damaged = createNotes();
        for (const [name, bytes] of kept) damaged.kept.set(name, damage(bytes, kind, at));
        const after = factoryWith(damaged);
        expect(await ask(after, viewer, "video/playlist.m3u8")).toBe(playlist);
        expect(await ask(after, viewer, "video/seg-3.m4s")).toBe(segment);
        expect(damaged.written.sort()).toEqual(["film-3", "info-3"]);
      }),
      { numRuns: 20 },
    );
  });
});

/** Changed so that it cannot be read: what reads well after a change is caught by the checksum of whoever keeps notes. */
function damage(bytes: Uint8Array, kind: string, at: number): Uint8Array {
  if (kind === "cut") return bytes.subarray(0, at % bytes.length);
  if (kind === "other") return new Uint8Array(at);
  const copy = Uint8Array.from(bytes);
  copy[at % copy.length] = 0xff;
  return copy;
}
