import { concatenate } from "../reader.ts";
import { box, characters, fullBox, u8, u16, u32, zeros } from "./boxes.ts";
import type { MuxTrack } from "./mux-track.ts";
import { pictureSize, SIZE_LIMIT_PIXELS } from "./picture-codecs.ts";
import { sampleEntry } from "./sample-entry.ts";
import { NON_SYNC_SAMPLE, SYNC_SAMPLE } from "./sample-flags.ts";

/**
 * `ftyp` and `moov` for fragments of any part of the film: times are absolute, so there are no edit lists. Every track has to
 * be muxable, with its first packet where it needs one; throws `damaged_media` if one cannot be described.
 */
export function initSegment(
  tracks: readonly MuxTrack[],
  options: { readonly durationSeconds: number | undefined },
): Uint8Array {
  const durationMilliseconds = millisecondsOf(options.durationSeconds);
  const nextTrackId = Math.max(0, ...tracks.map(({ id }) => id)) + 1;
  const movie = box(
    "moov",
    movieHeader(durationMilliseconds, nextTrackId),
    ...tracks.map((track) => trackBox(track, durationMilliseconds)),
    movieExtends(tracks, durationMilliseconds),
  );
  return concatenate([FILE_TYPE, movie]);
}

/** Fragments whose data offsets count from the moof need `iso5` (ISO/IEC 14496-12 §8.8.7), a signed trun `iso6`. */
const FILE_TYPE = box("ftyp", characters("iso6"), u32(0), characters("iso6cmfcmp41"));

const MOVIE_TIMESCALE = 1000;

/** All ones would mean "unknown" (§8.2.2). */
const DURATION_LIMIT = 2 ** 32 - 2;

/** 0 if it is not known. */
function millisecondsOf(durationSeconds: number | undefined): number {
  const milliseconds = Math.round((durationSeconds ?? 0) * MOVIE_TIMESCALE);
  return milliseconds > 0 ? Math.min(milliseconds, DURATION_LIMIT) : 0;
}

/** §8.2.2. libavformat takes the duration from here and not from mehd. */
function movieHeader(durationMilliseconds: number, nextTrackId: number): Uint8Array {
  return fullBox(
    "mvhd",
    0,
    zeros(8),
    u32(MOVIE_TIMESCALE, durationMilliseconds, 0x00010000),
    u16(0x0100),
    zeros(10),
    UNITY_MATRIX,
    zeros(24),
    u32(nextTrackId),
  );
}

const UNITY_MATRIX = u32(0x00010000, 0, 0, 0, 0x00010000, 0, 0, 0, 0x40000000);

function trackBox(track: MuxTrack, durationMilliseconds: number): Uint8Array {
  const isPicture = track.coded.track.kind === "video";
  return box("trak", trackHeader(track, durationMilliseconds), mediaBox(track, isPicture));
}

/** §8.3.2: enabled, in the movie and in the preview. */
function trackHeader(track: MuxTrack, durationMilliseconds: number): Uint8Array {
  const ENABLED_IN_MOVIE_AND_PREVIEW = 7;
  const isPicture = track.coded.track.kind === "video";
  const { widthPixels, heightPixels, matrix } = shownPicture(track);
  return fullBox(
    "tkhd",
    ENABLED_IN_MOVIE_AND_PREVIEW,
    zeros(8),
    u32(track.id, 0, durationMilliseconds),
    zeros(8),
    u16(0, isPicture ? 0 : 1, isPicture ? 0 : 0x0100, 0),
    matrix,
    u16(widthPixels, 0, heightPixels, 0),
  );
}

/** The size at which a picture is shown before it is turned, and the matrix that turns it: it moves it back to where it was, too. */
function shownPicture(track: MuxTrack) {
  const { track: media } = track.coded;
  if (media.kind !== "video") return { widthPixels: 0, heightPixels: 0, matrix: UNITY_MATRIX };
  const size = pictureSize(track);
  const { width, height } = media.pixelAspectRatio ?? { width: 1, height: 1 };
  const widthPixels = Math.min(Math.round((size.widthPixels * width) / height), SIZE_LIMIT_PIXELS);
  const { heightPixels } = size;
  return { widthPixels, heightPixels, matrix: turned(media.rotationDegrees, widthPixels, heightPixels) };
}

function turned(degrees: number | undefined, widthPixels: number, heightPixels: number): Uint8Array {
  const [ONE, MINUS_ONE, LAST] = [0x00010000, -0x00010000, 0x40000000];
  const [width, height] = [widthPixels * ONE, heightPixels * ONE];
  if (degrees === 90) return u32(0, ONE, 0, MINUS_ONE, 0, 0, height, 0, LAST);
  if (degrees === 180) return u32(MINUS_ONE, 0, 0, 0, MINUS_ONE, 0, width, height, LAST);
  return degrees === 270 ? u32(0, MINUS_ONE, 0, ONE, 0, 0, 0, width, LAST) : UNITY_MATRIX;
}

function mediaBox(track: MuxTrack, isPicture: boolean): Uint8Array {
  const { coded } = track;
  const language = u16(packedLanguage(coded.track.language));
  const handler = isPicture ? "vide" : "soun";
  const references = box("dinf", fullBox("dref", 0, u32(1), fullBox("url ", 1)));
  return box(
    "mdia",
    fullBox("mdhd", 0, zeros(8), u32(coded.timescale, 0), language, u16(0)),
    fullBox("hdlr", 0, zeros(4), characters(handler), zeros(12), u8(0)),
    box(
      "minf",
      isPicture ? fullBox("vmhd", 1, zeros(8)) : fullBox("smhd", 0, zeros(4)),
      references,
      sampleTable(track),
    ),
  );
}

/** §8.4.2.3: three letters of ISO 639-2 in five bits each. */
function packedLanguage(language: string | undefined): number {
  const letters = /^[a-z]{3}(?![a-z])/i.exec(language ?? "")?.[0].toLowerCase() ?? "und";
  return characters(letters).reduce((packed, letter) => packed * 32 + letter - 0x60, 0);
}

/** §8.5: all samples are in fragments. */
function sampleTable(track: MuxTrack): Uint8Array {
  return box(
    "stbl",
    fullBox("stsd", 0, u32(1), sampleEntry(track)),
    fullBox("stts", 0, u32(0)),
    fullBox("stsc", 0, u32(0)),
    fullBox("stsz", 0, u32(0, 0)),
    fullBox("stco", 0, u32(0)),
  );
}

/** §8.8.1 to §8.8.3. Without a known duration there is no mehd: then the fragments tell. */
function movieExtends(tracks: readonly MuxTrack[], durationMilliseconds: number): Uint8Array {
  const header = durationMilliseconds > 0 ? fullBox("mehd", 0, u32(durationMilliseconds)) : zeros(0);
  const defaults = tracks.map(({ id, coded }) => {
    const flags = coded.track.kind === "video" ? NON_SYNC_SAMPLE : SYNC_SAMPLE;
    return fullBox("trex", 0, u32(id, 1, 0, 0, flags));
  });
  return box("mvex", header, ...defaults);
}
