import { describe, expect, test } from "vitest";
import { ElementId } from "../../media/src/matroska/element-ids.ts";
import { cluster, matroska, seekHead, tracks, VIDEO_TRACK } from "../../media/test/matroska/film.ts";
import { element, u64 } from "../../media/test/support/build.ts";
import { createStreamFactory } from "../src/index.ts";
import { deliver, openMissing } from "./subtitles/text-film.ts";
import { createContext, KIB, virtualClock } from "./support/context.ts";

const clock = virtualClock();
const factory = () => createStreamFactory({ ffmpeg: undefined, clock });

const atom = (startSeconds: number, title: string) =>
  element(
    ElementId.chapterAtom,
    element(ElementId.chapterTimeStart, u64(startSeconds * 1e9)),
    element(ElementId.chapterDisplay, element(ElementId.chapString, title)),
  );
const LIST = element(ElementId.chapters, element(ElementId.editionEntry, atom(0, "One"), atom(90, "Two")));
const CHAPTERS = [
  { startSeconds: 0, endSeconds: 90, title: "One" },
  { startSeconds: 90, endSeconds: undefined, title: "Two" },
];

/** Chapters behind 600 KiB of media, and some more media behind those, so that the tail does not hold them. */
function filmWithLateChapters(): Uint8Array {
  const media = cluster(600 * KIB);
  const position = seekHead([ElementId.chapters, 0]).length + tracks(VIDEO_TRACK).length + media.length;
  return matroska(seekHead([ElementId.chapters, position]), tracks(VIDEO_TRACK), media, LIST, cluster(600 * KIB));
}

describe("the chapters of a film", () => {
  test("are known with its header", async () => {
    const film = matroska(tracks(VIDEO_TRACK), LIST, cluster());
    const { context } = createContext({ bytes: film, clock, name: "film.mkv" });
    const streams = factory();
    expect(await streams.knownChapters(context)).toEqual(CHAPTERS);
    expect(await streams.chapters(context)).toEqual(CHAPTERS);
  });

  test("that lie behind the media are not known, and then fetched behind all else", async () => {
    const film = filmWithLateChapters();
    const streams = factory();
    const opened = openMissing(film, clock);
    const { provider, context } = opened;
    const info = streams.mediaInfo(context);
    deliver(opened, { start: 0, end: 1 });
    await info;
    expect(await streams.knownChapters(context)).toBeUndefined();
    expect(provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
    const list = streams.chapters(context);
    await clock.advance(10);
    expect(provider.demands()).toMatchObject([{ urgency: "later", origin: "read" }]);
    deliver(opened, { start: 0, end: film.length });
    expect(await list).toEqual(CHAPTERS);
    expect(await streams.knownChapters(context)).toEqual(CHAPTERS);
  });

  test("are told to be unreadable if the provider fails where their bytes are said to be", async () => {
    const film = matroska(tracks(VIDEO_TRACK), LIST, cluster());
    const { context } = createContext({ bytes: film, clock, name: "film.mkv" });
    const streams = factory();
    await streams.mediaInfo(context);
    const failure = new Error("the disk is gone");
    const provider = {
      sizeBytes: context.provider.sizeBytes,
      available: (range: { start: number; end: number }) => [range],
      want: () => ({ [Symbol.dispose]() {} }),
      readAt: () => Promise.reject(failure),
    };
    await expect(streams.knownChapters({ ...context, provider })).rejects.toBe(failure);
  });
});
