import type { Track } from "../media-info.ts";
import type { TrackDraft } from "../track-list.ts";
import { audioTrack, numberTracks, subtitleTrack, TRACKS_LIMIT, videoTrack } from "../track-list.ts";
import { languageTag, TAG_LIMIT_CHARACTERS, TITLE_LIMIT_CHARACTERS, untrustedText } from "../untrusted-text.ts";
import { audioCodecOf, subtitleCodecOf, videoCodecOf } from "./codecs.ts";
import { elementsOf, fieldsOf, floatingPoint, unsignedInteger } from "./ebml.ts";
import { ElementId } from "./element-ids.ts";

/** A track and the number that blocks and cues call it by. */
export interface MatroskaTrack {
  readonly number: number;
  readonly track: Track;
}

/** Parses the content of a Tracks element (RFC 9559 §5.1.4). Tracks that are neither seen, heard nor read are left out. */
export function parseTracks(content: Uint8Array): MatroskaTrack[] {
  const numbers: number[] = [];
  const drafts: TrackDraft[] = [];
  for (const entry of elementsOf(content)) {
    if (entry.id !== ElementId.trackEntry || drafts.length === TRACKS_LIMIT) continue;
    const fields = fieldsOf(entry.content);
    const draft = parseTrackEntry(fields);
    if (draft === undefined) continue;
    drafts.push(draft);
    numbers.push(unsignedInteger(fields.get(ElementId.trackNumber)) ?? 0);
  }
  return numberTracks(drafts).map((track, index) => ({ track, number: numbers[index] ?? 0 }));
}

type Fields = ReadonlyMap<number, Uint8Array>;

/** TrackType values, RFC 9559 §5.1.4.1.3. */
const VIDEO = 1;
const AUDIO = 2;
const SUBTITLE = 17;

const NOTHING = new Uint8Array(0);

function parseTrackEntry(fields: Fields): TrackDraft | undefined {
  const codecId = textField(fields, ElementId.codecId, TAG_LIMIT_CHARACTERS) ?? "";
  const codecPrivate = fields.get(ElementId.codecPrivate) ?? NOTHING;
  const common = {
    codecTag: codecId,
    language: parseLanguage(fields),
    title: textField(fields, ElementId.name, TITLE_LIMIT_CHARACTERS),
    // §5.1.4.1.5: a track is eligible by default unless it says otherwise.
    isDefault: unsignedInteger(fields.get(ElementId.flagDefault)) !== 0,
  };
  switch (unsignedInteger(fields.get(ElementId.trackType)) ?? 0) {
    case VIDEO:
      return videoTrack({ ...common, ...videoCodecOf(codecId, codecPrivate), ...parseVideo(fields) });
    case AUDIO:
      return audioTrack({ ...common, ...parseAudio(fields), ...audioCodecOf(codecId, codecPrivate) });
    case SUBTITLE:
      return subtitleTrack({ ...common, codec: subtitleCodecOf(codecId) });
    default:
      return undefined;
  }
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

/** Defaults of §5.1.4.1.29: 8000 Hz, one channel. */
function parseAudio(fields: Fields) {
  const audio = fieldsOf(fields.get(ElementId.audio) ?? NOTHING);
  const codedRateHz = floatingPoint(audio.get(ElementId.samplingFrequency)) ?? 8000;
  return {
    channels: unsignedInteger(audio.get(ElementId.channels)) ?? 1,
    // With spectral band replication, what is heard has a higher rate than what is coded.
    sampleRateHz: floatingPoint(audio.get(ElementId.outputSamplingFrequency)) ?? codedRateHz,
  };
}

function textField(fields: Fields, id: number, limitCharacters: number): string | undefined {
  const content = fields.get(id);
  if (content === undefined) return undefined;
  return untrustedText(content, limitCharacters) || undefined;
}
