import type { AudioCodec, SubtitleCodec, VideoCodec } from "../media-info.ts";
import { audioTrack, subtitleTrack, TRACKS_LIMIT, type TrackDraft, videoTrack } from "../track-list.ts";
import { fourccTag, languageTag } from "../untrusted-text.ts";
import type { Descriptor, ElementaryStream, ProgramMap } from "./sections.ts";

/** A track as the program map describes it. */
export interface ProgramTrack {
  readonly pid: number;
  readonly streamType: number;
  readonly draft: TrackDraft;
  /** Sounds that it may be: it is a track if its content is one of them. Undefined where the program map tells what it is. */
  readonly guesses?: readonly AudioCodec[];
}

/** The tracks of a program; streams of data are left out, and those that share their PID with an earlier one. */
export function tracksOfProgram(program: ProgramMap): ProgramTrack[] {
  const isBluRay = registrationOf(program.descriptors) === "HDMV";
  const tracks = new Map<number, ProgramTrack>();
  for (const stream of program.streams.slice(0, TRACKS_LIMIT)) {
    const { pid, streamType } = stream;
    const draft = trackOf(stream, isBluRay);
    if (tracks.has(pid)) continue;
    if (draft !== undefined) tracks.set(pid, { pid, streamType, draft });
    else if (GUESSED_STREAM_TYPES.has(streamType)) tracks.set(pid, guessedTrack(stream));
  }
  return [...tracks.values()];
}

/**
 * What muxers call sound for which they have no name: ffmpeg AAC in M2TS (0x06), and many DTS as Blu-ray does without being one
 * (0x82) or in a way of their own (0x8a). Others put data there.
 */
const GUESSED_STREAM_TYPES: ReadonlySet<number> = new Set([0x06, 0x82, 0x8a]);
const GUESSES: readonly AudioCodec[] = ["aac", "dts"];

function guessedTrack({ pid, streamType, descriptors }: ElementaryStream): ProgramTrack {
  const draft = audioTrack({ codec: "unknown", codecTag: hexTag(streamType), language: languageOf(descriptors) });
  return { pid, streamType, draft, guesses: GUESSES };
}

function hexTag(streamType: number): string {
  return `0x${streamType.toString(16).padStart(2, "0")}`;
}

type StreamCodec =
  | { readonly kind: "video"; readonly codec: VideoCodec }
  | { readonly kind: "audio"; readonly codec: AudioCodec }
  | { readonly kind: "subtitle"; readonly codec: SubtitleCodec };

function trackOf(stream: ElementaryStream, isBluRay: boolean): TrackDraft | undefined {
  const { streamType, descriptors } = stream;
  const registration = registrationOf(descriptors);
  const found =
    STREAM_TYPES.get(streamType) ??
    (isBluRay ? BLU_RAY_STREAM_TYPES.get(streamType) : undefined) ??
    REGISTRATIONS.get(registration ?? "") ??
    descriptors.map(codecOfDescriptor).find((codec) => codec !== undefined);
  if (found === undefined) return undefined;
  const common = {
    codecTag: registration === undefined ? hexTag(streamType) : fourccTag(registration),
    language: languageOf(descriptors),
  };
  if (found.kind === "video") return videoTrack({ ...common, codec: found.codec });
  if (found.kind === "audio") return audioTrack({ ...common, codec: found.codec });
  return subtitleTrack({ ...common, codec: found.codec });
}

/** Descriptor tags: ISO/IEC 13818-1 table 2-45, ETSI EN 300 468 table 12. */
const REGISTRATION_DESCRIPTOR = 0x05;
const LANGUAGE_DESCRIPTOR = 0x0a;
const TELETEXT_DESCRIPTOR = 0x56;
const SUBTITLING_DESCRIPTOR = 0x59;
const EXTENSION_DESCRIPTOR = 0x7f;
const OPUS_EXTENSION = 0x80;

/** §2.6.8: format_identifier. */
function registrationOf(descriptors: readonly Descriptor[]): string | undefined {
  const content = descriptors.find(({ tag }) => tag === REGISTRATION_DESCRIPTOR)?.content;
  return content === undefined || content.length < 4 ? undefined : String.fromCharCode(...content.subarray(0, 4));
}

/** §2.6.18, and the same three letters at the start of DVB's subtitle and teletext descriptors. */
function languageOf(descriptors: readonly Descriptor[]): string | undefined {
  const tags = [LANGUAGE_DESCRIPTOR, SUBTITLING_DESCRIPTOR, TELETEXT_DESCRIPTOR];
  const content = descriptors.find(({ tag }) => tags.includes(tag))?.content;
  return content && languageTag(String.fromCharCode(...content.subarray(0, 3)));
}

function codecOfDescriptor({ tag, content }: Descriptor): StreamCodec | undefined {
  if (tag === EXTENSION_DESCRIPTOR) return content[0] === OPUS_EXTENSION ? audio("opus") : undefined;
  return DESCRIPTORS.get(tag);
}

const video = (codec: VideoCodec): StreamCodec => ({ kind: "video", codec });
const audio = (codec: AudioCodec): StreamCodec => ({ kind: "audio", codec });
const subtitle = (codec: SubtitleCodec): StreamCodec => ({ kind: "subtitle", codec });

/** ISO/IEC 13818-1 table 2-34; 0x81 and 0x87 are ATSC A/53 and A/52; 0x90 and 0xea are unambiguous in practice. */
const STREAM_TYPES = new Map<number, StreamCodec>([
  [0x01, video("mpeg1")],
  [0x02, video("mpeg2")],
  [0x03, audio("mp2")],
  [0x04, audio("mp2")],
  [0x0f, audio("aac")],
  [0x10, video("mpeg4")],
  [0x11, audio("aac")],
  [0x1b, video("h264")],
  [0x24, video("hevc")],
  [0x81, audio("ac3")],
  [0x87, audio("eac3")],
  [0x90, subtitle("pgs")],
  [0xea, video("vc1")],
]);

/** Types that mean this only where the program is registered as "HDMV" (Blu-ray Disc, AV basic specifications). */
const BLU_RAY_STREAM_TYPES = new Map<number, StreamCodec>([
  [0x80, audio("pcm")],
  [0x82, audio("dts")],
  [0x83, audio("truehd")],
  [0x84, audio("eac3")],
  [0x85, audio("dts")],
  [0x86, audio("dts")],
  [0xa1, audio("eac3")],
  [0xa2, audio("dts")],
]);

/** https://smpte-ra.org/registered-mpeg-ts-ids, for streams of a private type. */
const REGISTRATIONS = new Map<string, StreamCodec>([
  ["AC-3", audio("ac3")],
  ["EAC3", audio("eac3")],
  ["DTS1", audio("dts")],
  ["DTS2", audio("dts")],
  ["DTS3", audio("dts")],
  ["Opus", audio("opus")],
  ["HEVC", video("hevc")],
  ["AV01", video("av1")],
  ["VC-1", video("vc1")],
]);

/** ETSI EN 300 468 table 12. */
const DESCRIPTORS = new Map<number, StreamCodec>([
  [TELETEXT_DESCRIPTOR, subtitle("unknown")],
  [SUBTITLING_DESCRIPTOR, subtitle("dvb")],
  [0x6a, audio("ac3")],
  [0x7a, audio("eac3")],
  [0x7b, audio("dts")],
  [0x7c, audio("aac")],
]);
