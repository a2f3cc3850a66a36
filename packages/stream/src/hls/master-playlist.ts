import { assertInvariant } from "@riptide/core";
import { attributeList, quoted } from "./attributes.ts";
import type { BitRates } from "./bit-rates.ts";
import { PLAYLIST_VERSION } from "./media-playlist.ts";
import { languageOf, uniqueNames } from "./rendition-names.ts";
import { playlistUri } from "./resources.ts";

/** The picture of a film as it is sent, whatever the file holds. */
export interface HlsVideo extends BitRates {
  readonly codecString: string | undefined;
  readonly widthPixels: number | undefined;
  readonly heightPixels: number | undefined;
  readonly framesPerSecond: number | undefined;
}

interface HlsTrack {
  /** Among the tracks of its kind: the T of its URI. */
  readonly index: number;
  /** Untrusted, as is the title. */
  readonly language: string | undefined;
  readonly title: string | undefined;
}

/** A sound track as it is sent: after a transcode, codec and channels are those of the result. */
export interface HlsAudio extends HlsTrack, BitRates {
  readonly codecString: string | undefined;
  readonly channels: number | undefined;
  readonly isDefault: boolean;
}

export interface HlsSubtitles extends HlsTrack {
  /** To be shown even to those who want no subtitles: what is said in a foreign language. */
  readonly isForced: boolean;
  readonly isForHearingImpaired: boolean;
}

export interface MasterPlaylistOptions {
  /** Undefined for a film of sound only. */
  readonly video: HlsVideo | undefined;
  readonly audio: readonly HlsAudio[];
  readonly subtitles: readonly HlsSubtitles[];
  /** Whether every segment can be decoded without another one: not where pictures in front of a keyframe (CRA) need earlier ones. */
  readonly hasIndependentSegments: boolean;
  /** As in `renditionUris`. */
  readonly suffix?: string;
}

const AUDIO_GROUP = "audio";
const SUBTITLES_GROUP = "subtitles";
/** More is no frame rate, and would be printed with an exponent. */
const FRAME_RATE_LIMIT = 1000;

/**
 * The master playlist of a film (RFC 8216 §4.3.4): one variant stream, with the sound tracks and the subtitles beside it. A film
 * needs a picture or a sound.
 */
export function masterPlaylist(options: MasterPlaylistOptions): string {
  const { video, audio, subtitles, suffix = "" } = options;
  const main = audio.find(({ isDefault }) => isDefault) ?? audio[0];
  // Without a picture, the default sound is the variant itself (§4.3.4.1: no URI), or players would load it twice.
  const mainUri = video === undefined ? main && audioUri(main, suffix) : playlistUri({ kind: "video" }, suffix);
  assertInvariant(mainUri !== undefined, "An HLS presentation needs a picture or a sound");
  const lines = [
    "#EXTM3U",
    `#EXT-X-VERSION:${PLAYLIST_VERSION}`,
    ...(options.hasIndependentSegments ? ["#EXT-X-INDEPENDENT-SEGMENTS"] : []),
    ...audioLines(audio, main, (track) =>
      video === undefined && track === main ? undefined : audioUri(track, suffix),
    ),
    ...subtitleLines(subtitles, suffix),
    `#EXT-X-STREAM-INF:${streamAttributes(options)}`,
    mainUri,
  ];
  return `${lines.join("\n")}\n`;
}

function audioUri({ index }: HlsAudio, suffix: string): string {
  return playlistUri({ kind: "audio", index }, suffix);
}

/** §4.3.4.1.1: names differ, one member is the default, and those that may be chosen without asking differ in language. */
function audioLines(
  audio: readonly HlsAudio[],
  main: HlsAudio | undefined,
  uriOf: (track: HlsAudio) => string | undefined,
): string[] {
  const names = uniqueNames(audio, "Audio");
  const otherLanguages = audio.filter((track) => languageOf(track) !== (main && languageOf(main)));
  const automatic = new Set([main, ...firstOfEach(otherLanguages, languageOf)]);
  return audio.map((track, position) =>
    mediaLine({
      TYPE: "AUDIO",
      "GROUP-ID": quoted(AUDIO_GROUP),
      NAME: names[position],
      LANGUAGE: optionallyQuoted(languageOf(track)),
      DEFAULT: yesOrNo(track === main),
      AUTOSELECT: yesOrNo(automatic.has(track)),
      CHANNELS: optionallyQuoted(positiveInteger(track.channels)),
      URI: optionallyQuoted(uriOf(track)),
    }),
  );
}

/** None is the default: containers flag nearly every track so, and players would show subtitles that nobody asked for. */
function subtitleLines(subtitles: readonly HlsSubtitles[], suffix: string): string[] {
  const names = uniqueNames(subtitles, "Subtitles");
  const automatic = new Set(
    firstOfEach(subtitles, (track) => `${languageOf(track)} ${track.isForced} ${track.isForHearingImpaired}`),
  );
  return subtitles.map((track, position) =>
    mediaLine({
      TYPE: "SUBTITLES",
      "GROUP-ID": quoted(SUBTITLES_GROUP),
      NAME: names[position],
      LANGUAGE: optionallyQuoted(languageOf(track)),
      DEFAULT: "NO",
      AUTOSELECT: yesOrNo(automatic.has(track)),
      FORCED: yesOrNo(track.isForced),
      CHARACTERISTICS: track.isForHearingImpaired ? quoted(FOR_HEARING_IMPAIRED) : undefined,
      URI: quoted(playlistUri({ kind: "subtitles", index: track.index }, suffix)),
    }),
  );
}

const FOR_HEARING_IMPAIRED =
  "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound";

function mediaLine(attributes: Readonly<Record<string, string | undefined>>): string {
  return `#EXT-X-MEDIA:${attributeList(attributes)}`;
}

function streamAttributes({ video, audio, subtitles }: MasterPlaylistOptions): string {
  // §4.3.4.2: the highest sum that any playable combination of renditions gives. Text counts for nothing.
  const bandwidth = (rate: keyof BitRates): number => {
    const sum = (video?.[rate] ?? 0) + audio.reduce((most, track) => Math.max(most, track[rate]), 0);
    return Math.min(Math.max(1, Math.ceil(sum)), Number.MAX_SAFE_INTEGER);
  };
  return attributeList({
    BANDWIDTH: bandwidth("peakBitsPerSecond"),
    "AVERAGE-BANDWIDTH": bandwidth("averageBitsPerSecond"),
    CODECS: optionallyQuoted(codecs([...(video === undefined ? [] : [video]), ...audio])),
    RESOLUTION: video && resolution(video),
    "FRAME-RATE": video && frameRate(video),
    AUDIO: audio.length > 0 ? quoted(AUDIO_GROUP) : undefined,
    SUBTITLES: subtitles.length > 0 ? quoted(SUBTITLES_GROUP) : undefined,
  });
}

/** All formats or none: a list that lacks one makes players leave that one out. */
function codecs(tracks: readonly { readonly codecString: string | undefined }[]): string | undefined {
  const names = tracks.map(({ codecString }) => codecString);
  if (!names.every((name) => name !== undefined && /^[\w.-]{1,64}$/.test(name))) return undefined;
  return [...new Set(names.map((name) => SAMPLE_ENTRY_NAMES.get(name!) ?? name))].join(",");
}

/** RFC 6381 §3.3 takes the four-character code of the sample entry, whose case counts for Safari. */
const SAMPLE_ENTRY_NAMES: ReadonlyMap<string, string> = new Map([
  ["flac", "fLaC"],
  ["opus", "Opus"],
]);

function resolution({ widthPixels, heightPixels }: HlsVideo): string | undefined {
  const width = positiveInteger(widthPixels);
  const height = positiveInteger(heightPixels);
  return width === undefined || height === undefined ? undefined : `${width}x${height}`;
}

function frameRate({ framesPerSecond = 0 }: HlsVideo): string | undefined {
  return framesPerSecond > 0 && framesPerSecond <= FRAME_RATE_LIMIT ? framesPerSecond.toFixed(3) : undefined;
}

function positiveInteger(value: number | undefined): string | undefined {
  return Number.isSafeInteger(value) && value! > 0 ? String(value) : undefined;
}

function optionallyQuoted(text: string | undefined): string | undefined {
  return text === undefined ? undefined : quoted(text);
}

function yesOrNo(value: boolean): string {
  return value ? "YES" : "NO";
}

function firstOfEach<Item>(items: readonly Item[], keyOf: (item: Item) => string | undefined): Item[] {
  const firsts = new Map<string | undefined, Item>();
  for (const item of items) if (!firsts.has(keyOf(item))) firsts.set(keyOf(item), item);
  return [...firsts.values()];
}
