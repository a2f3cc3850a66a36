import { ByteCursor } from "../byte-cursor.ts";
import type { Track } from "../media-info.ts";
import { audioTrack, numberTracks, subtitleTrack, TRACKS_LIMIT, type TrackDraft, videoTrack } from "../track-list.ts";
import {
  fourccTag,
  languageTag,
  TAG_LIMIT_CHARACTERS,
  TITLE_LIMIT_CHARACTERS,
  untrustedText,
} from "../untrusted-text.ts";
import { boxAt, boxesOf } from "./box.ts";
import { rotationOf } from "./picture.ts";
import { isForcedText, parseAudioEntry, parseVideoEntry, type SampleEntry, subtitleCodecOf } from "./sample-entries.ts";

/** What a moov tells. */
export interface Movie {
  readonly tracks: readonly Track[];
  /** The content of the `trak` box of each track. */
  readonly traks: readonly Uint8Array[];
  /** Undefined if the moov does not know it, as in most fragmented files. */
  readonly durationSeconds: number | undefined;
  /** Whether the moov lists samples itself; otherwise they are in movie fragments (§8.8). */
  readonly hasSampleTables: boolean;
}

/**
 * Parses the content of a `moov` box (ISO/IEC 14496-12 §8.2.1). Tracks that are neither seen, heard nor read are left
 * out, chapter names among them. Throws `damaged_media` where a box is shorter than its fields.
 */
export function parseMovie(moov: Uint8Array): Movie {
  const traks = traksOf(moov);
  const chapterIds = new Set(traks.flatMap(chapterTrackIds));
  const seenAndHeard = traks.filter((trak) => !chapterIds.has(trackId(trak)));
  const parsed = seenAndHeard.flatMap((trak) => {
    const draft = parseTrack(trak);
    return draft === undefined ? [] : [{ trak, draft }];
  });
  const hasSampleTables = traks.some((trak) => sampleCount(trak) > 0);
  return {
    tracks: numberTracks(parsed.map(({ draft }) => draft)),
    traks: parsed.map(({ trak }) => trak),
    durationSeconds: movieDuration(moov, hasSampleTables),
    hasSampleTables,
  };
}

/** The `trak` boxes that hold the names and pictures of chapters, and what each is handled as. */
export function chapterTraks(moov: Uint8Array): { readonly trak: Uint8Array; readonly handler: string }[] {
  const traks = traksOf(moov);
  const ids = new Set(traks.flatMap(chapterTrackIds));
  return traks.filter((trak) => ids.has(trackId(trak))).map((trak) => ({ trak, handler: handlerType(trak) }));
}

function traksOf(moov: Uint8Array): Uint8Array[] {
  const boxes = [...boxesOf(moov)].filter(({ type }) => type === "trak");
  return boxes.slice(0, TRACKS_LIMIT).map(({ content }) => content);
}

/**
 * §8.2.2: the duration of the longest track; all ones mean "unknown". Fragmented films tell it in `mehd` (§8.8.2), if at all: those
 * that begin with samples in the moov have the duration of these in the movie header.
 */
function movieDuration(moov: Uint8Array, hasSampleTables: boolean): number | undefined {
  const { timescale, durationTicks } = parseMovieHeader(moov);
  const mvex = boxAt(moov, "mvex");
  const headerTicks = mvex !== undefined && hasSampleTables ? undefined : durationTicks;
  const ticks = (mvex && fragmentedTicks(mvex)) ?? headerTicks;
  return ticks === undefined || timescale === 0 ? undefined : ticks / timescale;
}

/** §8.2.2: how the movie counts, and the duration of its longest track. A timescale of 0 if there is no header. */
export function parseMovieHeader(moov: Uint8Array): { timescale: number; durationTicks: number | undefined } {
  const mvhd = boxAt(moov, "mvhd");
  if (mvhd === undefined) return { timescale: 0, durationTicks: undefined };
  const cursor = new ByteCursor(mvhd, "movie header");
  const isLong = skipVersionAndTimes(cursor);
  const timescale = cursor.u32();
  return { timescale, durationTicks: knownTicks(isLong ? cursor.u64() : cursor.u32()) };
}

function fragmentedTicks(mvex: Uint8Array): number | undefined {
  const mehd = boxAt(mvex, "mehd");
  if (mehd === undefined) return undefined;
  const cursor = new ByteCursor(mehd, "fragment header");
  const version = cursor.u8();
  cursor.skip(3);
  return knownTicks(version === 1 ? cursor.u64() : cursor.u32());
}

/** All ones mean "unknown". */
function knownTicks(ticks: number): number | undefined {
  return ticks === 0 || ticks === 0xffffffff || ticks >= 2 ** 63 ? undefined : ticks;
}

/** Steps over version, flags, creation and modification time; whether the box has 64-bit times. */
function skipVersionAndTimes(cursor: ByteCursor): boolean {
  const isLong = cursor.u8() === 1;
  cursor.skip(3).skip(isLong ? 16 : 8);
  return isLong;
}

function parseTrack(trak: Uint8Array): TrackDraft | undefined {
  const entry = firstSampleEntry(trak);
  const media = parseMediaHeader(trak);
  const kinds = trackKinds(trak);
  const common = {
    codecTag: entry.type === "" ? "" : fourccTag(entry.type),
    language: extendedLanguage(trak) ?? media.language,
    title: trackTitle(trak),
    isDefault: isEnabled(trak),
    isCommentary: kinds.has("commentary"),
  };
  switch (handlerType(trak)) {
    case "vide":
      return videoTrack({
        ...common,
        ...videoFormat(entry),
        framesPerSecond: frameRate(trak, media.timescale),
        rotationDegrees: rotationOf(boxAt(trak, "tkhd")),
      });
    case "soun":
      return audioTrack({ ...common, ...audioFormat(entry), isForVisuallyImpaired: kinds.has("description") });
    case "sbtl":
    case "subt":
    case "text":
    case "clcp":
      return subtitleTrack({ ...common, ...audience(kinds, entry), codec: subtitleCodecOf(entry.type) });
    case "subp":
      return subtitleTrack({ ...common, ...audience(kinds, entry), codec: "vobsub" });
    default:
      return undefined;
  }
}

function audience(kinds: ReadonlySet<string>, entry: SampleEntry) {
  return {
    isForced: isForcedText(entry) || kinds.has("forced-subtitle"),
    isForHearingImpaired: kinds.has("caption"),
  };
}

/** What stands for the description of a track that has none. */
const NO_ENTRY: SampleEntry = { type: "", content: new Uint8Array(0) };

/** §8.5.2: the first description of `stsd`; files with several switch parameters, hardly ever the codec. */
export function firstSampleEntry(trak: Uint8Array): SampleEntry {
  const stsd = boxAt(trak, "mdia", "minf", "stbl", "stsd");
  if (stsd === undefined) return NO_ENTRY;
  for (const entry of boxesOf(stsd.subarray(8))) return entry;
  return NO_ENTRY;
}

function videoFormat(entry: SampleEntry) {
  return entry === NO_ENTRY ? ({ codec: "unknown" } as const) : parseVideoEntry(entry);
}

function audioFormat(entry: SampleEntry) {
  return entry === NO_ENTRY ? ({ codec: "unknown" } as const) : parseAudioEntry(entry);
}

/** §8.4.3. */
function handlerType(trak: Uint8Array): string {
  const hdlr = boxAt(trak, "mdia", "hdlr");
  return hdlr === undefined ? "" : new ByteCursor(hdlr, "handler").skip(8).fourCharacters();
}

/** §8.4.2: timescale and language, three letters of five bits each. */
export function parseMediaHeader(trak: Uint8Array): { timescale: number; language: string | undefined } {
  const mdhd = boxAt(trak, "mdia", "mdhd");
  if (mdhd === undefined) return { timescale: 0, language: undefined };
  const cursor = new ByteCursor(mdhd, "media header");
  const isLong = skipVersionAndTimes(cursor);
  const timescale = cursor.u32();
  const packed = cursor.skip(isLong ? 8 : 4).u16();
  const letters = [packed >> 10, packed >> 5, packed].map((bits) => String.fromCharCode(0x60 + (bits & 0x1f)));
  // QuickTime's numbered languages come out as characters that are no letters, and are dropped.
  return { timescale, language: languageTag(letters.join("")) };
}

/** §8.4.6: a BCP 47 tag. */
function extendedLanguage(trak: Uint8Array): string | undefined {
  const elng = boxAt(trak, "mdia", "elng");
  return elng && languageTag(untrustedText(elng.subarray(4), TAG_LIMIT_CHARACTERS));
}

/** QuickTime File Format, "User data atoms": the name of the track. */
function trackTitle(trak: Uint8Array): string | undefined {
  const name = boxAt(trak, "udta", "name");
  return (name && untrustedText(name, TITLE_LIMIT_CHARACTERS)) || undefined;
}

/** §8.10.4: what a track is for, by the role scheme of DASH (ISO/IEC 23009-1 table 22); there may be several. */
function trackKinds(trak: Uint8Array): ReadonlySet<string> {
  const kinds = new Set<string>();
  for (const { type, content } of boxesOf(boxAt(trak, "udta") ?? NO_ENTRY.content)) {
    if (type !== "kind") continue;
    const [scheme, value = ""] = String.fromCharCode(...content.subarray(4, 4 + KIND_LIMIT_BYTES)).split("\0");
    if (scheme === "urn:mpeg:dash:role:2011") kinds.add(value.replace("_", "-"));
  }
  return kinds;
}

/** A scheme and one of its words. */
const KIND_LIMIT_BYTES = 256;

/** §8.3.2: flag 1 of `tkhd`, "track enabled". */
function isEnabled(trak: Uint8Array): boolean {
  return ((boxAt(trak, "tkhd")?.[3] ?? 0) & 1) === 1;
}

/** §8.3.2: never 0 for a real track. */
export function trackId(trak: Uint8Array): number {
  const tkhd = boxAt(trak, "tkhd");
  if (tkhd === undefined) return 0;
  const cursor = new ByteCursor(tkhd, "track header");
  skipVersionAndTimes(cursor);
  return cursor.u32();
}

/** QuickTime File Format, "Track reference atoms": the tracks that hold the chapter names of this one. */
function chapterTrackIds(trak: Uint8Array): number[] {
  const chapters = boxAt(trak, "tref", "chap");
  if (chapters === undefined) return [];
  const cursor = new ByteCursor(chapters, "chapter reference");
  const count = Math.min(Math.floor(chapters.length / 4), TRACKS_LIMIT);
  return Array.from({ length: count }, () => cursor.u32());
}

/** Frames over time of the whole track, from the run lengths of `stts` (§8.6.1.2). */
function frameRate(trak: Uint8Array, timescale: number): number {
  const stts = boxAt(trak, "mdia", "minf", "stbl", "stts");
  if (stts === undefined) return 0;
  const cursor = new ByteCursor(stts, "table of times").skip(8);
  let frames = 0;
  let durationTicks = 0;
  while (cursor.remaining >= 8) {
    const count = cursor.u32();
    frames += count;
    durationTicks += count * cursor.u32();
  }
  return (frames * timescale) / durationTicks;
}

/** §8.7.3: `stsz` and `stz2` have their count at the same place. */
function sampleCount(trak: Uint8Array): number {
  const table = boxAt(trak, "mdia", "minf", "stbl");
  const sizes = table && (boxAt(table, "stsz") ?? boxAt(table, "stz2"));
  return sizes === undefined ? 0 : new ByteCursor(sizes, "table of sizes").skip(8).u32();
}
