import type { Track } from "../media-info.ts";
import type { TrackDraft } from "../track-list.ts";
import { audioTrack, numberTracks, positive, subtitleTrack, TRACKS_LIMIT, videoTrack } from "../track-list.ts";
import { languageTag, TAG_LIMIT_CHARACTERS, TITLE_LIMIT_CHARACTERS, untrustedText } from "../untrusted-text.ts";
import { aacConfigurationOfId, audioCodecOf, subtitleCodecOf, videoCodecOf } from "./codecs.ts";
import { type FrameEncoding, parseContentEncodings } from "./content-encoding.ts";
import { elementsOf, fieldsOf, floatingPoint, unsignedInteger } from "./ebml.ts";
import { ElementId } from "./element-ids.ts";
import { parsePicture } from "./picture.ts";

/** A track, and what it takes to read its blocks. */
export interface MatroskaTrack {
  /** What blocks and cues call it; 0 if the file does not say. */
  readonly number: number;
  readonly track: Track;
  /** Empty if there is none. AAC without one has that which its CodecID stands for. */
  readonly codecPrivate: Uint8Array;
  readonly defaultDurationNanoseconds: number | undefined;
  /** How much of its first sound the decoder throws away: what is heard of a block is heard so much earlier. */
  readonly codecDelayNanoseconds: number;
  readonly encoding: FrameEncoding;
  /** Of uncompressed sound. */
  readonly bitsPerSample: number | undefined;
}

/** Ten times what any codec needs; a file that claims more is not believed. */
const CODEC_DELAY_LIMIT_NANOSECONDS = 1e9;

/** Parses the content of a Tracks element (RFC 9559 §5.1.4). Tracks that are neither seen, heard nor read are left out. */
export function parseTracks(content: Uint8Array): MatroskaTrack[] {
  const entries: Omit<MatroskaTrack, "track">[] = [];
  const drafts: TrackDraft[] = [];
  for (const entry of elementsOf(content)) {
    if (entry.id !== ElementId.trackEntry || drafts.length === TRACKS_LIMIT) continue;
    const fields = fieldsOf(entry.content);
    const codecPrivate = parseCodecPrivate(fields);
    const draft = parseTrackEntry(entry.content, fields, codecPrivate);
    if (draft === undefined) continue;
    drafts.push(draft);
    entries.push({
      number: unsignedInteger(fields.get(ElementId.trackNumber)) ?? 0,
      codecPrivate,
      defaultDurationNanoseconds: positive(unsignedInteger(fields.get(ElementId.defaultDuration))),
      codecDelayNanoseconds: parseCodecDelay(fields),
      bitsPerSample: parseAudio(fields).bitsPerSample,
      encoding: parseContentEncodings(fields.get(ElementId.contentEncodings)),
    });
  }
  const tracks = numberTracks(drafts);
  return entries.map((entry, index) => ({ ...entry, track: tracks[index]! }));
}

type Fields = ReadonlyMap<number, Uint8Array>;

/** TrackType values, RFC 9559 §5.1.4.1.3. */
const VIDEO = 1;
const AUDIO = 2;
const SUBTITLE = 17;

const NOTHING = new Uint8Array(0);

function parseCodecPrivate(fields: Fields): Uint8Array {
  const codecPrivate = fields.get(ElementId.codecPrivate) ?? NOTHING;
  const codecId = parseCodecId(fields);
  if (codecPrivate.length > 0 || !codecId.startsWith("A_AAC")) return codecPrivate;
  return aacConfigurationOfId(codecId, parseAudio(fields)) ?? NOTHING;
}

function parseCodecDelay(fields: Fields): number {
  const nanoseconds = unsignedInteger(fields.get(ElementId.codecDelay)) ?? 0;
  return nanoseconds <= CODEC_DELAY_LIMIT_NANOSECONDS ? nanoseconds : 0;
}

function parseTrackEntry(entry: Uint8Array, fields: Fields, codecPrivate: Uint8Array): TrackDraft | undefined {
  const codecId = parseCodecId(fields);
  const common = {
    codecTag: codecId,
    language: parseLanguage(fields),
    title: textField(fields, ElementId.name, TITLE_LIMIT_CHARACTERS),
    // §5.1.4.1.5: a track is eligible by default unless it says otherwise.
    isDefault: unsignedInteger(fields.get(ElementId.flagDefault)) !== 0,
    isCommentary: isSet(fields, ElementId.flagCommentary),
  };
  switch (unsignedInteger(fields.get(ElementId.trackType)) ?? 0) {
    case VIDEO: {
      const { format, ...coded } = videoCodecOf(codecId, codecPrivate);
      return videoTrack({ ...common, ...coded, ...parseVideo(fields), ...parsePicture(entry, format) });
    }
    case AUDIO:
      return audioTrack({ ...common, ...parseSound(fields), ...audioCodecOf(codecId, codecPrivate) });
    case SUBTITLE:
      return subtitleTrack({ ...common, codec: subtitleCodecOf(codecId), ...parseAudience(fields) });
    default:
      return undefined;
  }
}

/** §5.1.4.1.6 and §5.1.4.1.7: neither unless it is said. */
function parseAudience(fields: Fields) {
  return {
    isForced: isSet(fields, ElementId.flagForced),
    isForHearingImpaired: isSet(fields, ElementId.flagHearingImpaired),
  };
}

function isSet(fields: Fields, flag: number): boolean {
  return unsignedInteger(fields.get(flag)) === 1;
}

function parseCodecId(fields: Fields): string {
  return textField(fields, ElementId.codecId, TAG_LIMIT_CHARACTERS) ?? "";
}

/** §5.1.4.1.20: LanguageBCP47 wins over Language, whose default is English (§5.1.4.1.19). */
function parseLanguage(fields: Fields): string | undefined {
  const bcp47 = textField(fields, ElementId.languageBcp47, TAG_LIMIT_CHARACTERS);
  return languageTag(bcp47 ?? textField(fields, ElementId.language, TAG_LIMIT_CHARACTERS) ?? "eng");
}

function parseVideo(fields: Fields) {
  const video = fieldsOf(fields.get(ElementId.video) ?? NOTHING);
  const frameNanoseconds = unsignedInteger(fields.get(ElementId.defaultDuration)) ?? 0;
  return {
    widthPixels: unsignedInteger(video.get(ElementId.pixelWidth)),
    heightPixels: unsignedInteger(video.get(ElementId.pixelHeight)),
    framesPerSecond: 1e9 / frameNanoseconds,
  };
}

function parseSound(fields: Fields) {
  const { channels, sampleRateHz, bitDepth } = parseAudio(fields);
  return { channels, sampleRateHz, bitDepth, isForVisuallyImpaired: isSet(fields, ElementId.flagVisualImpaired) };
}

/** Defaults of §5.1.4.1.29: 8000 Hz, one channel. */
function parseAudio(fields: Fields) {
  const audio = fieldsOf(fields.get(ElementId.audio) ?? NOTHING);
  const codedRateHz = floatingPoint(audio.get(ElementId.samplingFrequency)) ?? 8000;
  return {
    channels: unsignedInteger(audio.get(ElementId.channels)) ?? 1,
    codedRateHz,
    bitsPerSample: positive(unsignedInteger(audio.get(ElementId.bitDepth))),
    // With spectral band replication, what is heard has a higher rate than what is coded.
    sampleRateHz: floatingPoint(audio.get(ElementId.outputSamplingFrequency)) ?? codedRateHz,
    bitDepth: unsignedInteger(audio.get(ElementId.bitDepth)),
  };
}

function textField(fields: Fields, id: number, limitCharacters: number): string | undefined {
  const content = fields.get(id);
  if (content === undefined) return undefined;
  return untrustedText(content, limitCharacters) || undefined;
}
