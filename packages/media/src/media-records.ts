import type { Demuxer } from "./demuxer.ts";
import { hexOf } from "./hex.ts";
import type { KeyIndex } from "./key-index.ts";
import type { Attachment } from "./matroska/attachments.ts";
import type {
  AudioTrack,
  Chapter,
  DolbyVision,
  KeyIndexSummary,
  MediaInfo,
  PixelAspectRatio,
  SubtitleTrack,
  Track,
  VideoColour,
  VideoTrack,
} from "./media-info.ts";
import type { CodedTrack, PcmFormat } from "./packet.ts";
import { type Check, isFlag, isNumber, isText, listOf, oneOf, optional, shape } from "./record-checks.ts";

/**
 * What parsers tell, in bytes that outlive the program. The content of a file never changes, but parsers learn: whoever makes one of them
 * tell more, or something else, has to raise this, and what older ones told is read anew.
 */
const RECORD_VERSION = 1;

/** How something is written down. */
export interface RecordFormat<V> {
  encode(value: V): Uint8Array;
  /** Undefined for what is damaged, or was written by another version. Never throws. */
  decode(bytes: Uint8Array): V | undefined;
}

/** What is known of a film once it has been opened and its index has been read: all that tells where to enter it, and what is in it. */
export interface FilmRecord extends Pick<Demuxer, "container" | "durationSeconds" | "headEndBytes" | "tracks"> {
  readonly keyIndex: KeyIndex | undefined;
}

const isTrack: Check = (value) => isVideoTrack(value) || isAudioTrack(value) || isSubtitleTrack(value);

const common = {
  index: isNumber,
  codec: isText,
  codecTag: isText,
  language: optional(isText),
  title: optional(isText),
  isDefault: isFlag,
  isCommentary: optional(isFlag),
};

const isVideoTrack = shape<VideoTrack>({
  ...common,
  kind: oneOf("video"),
  codecString: optional(isText),
  widthPixels: optional(isNumber),
  heightPixels: optional(isNumber),
  framesPerSecond: optional(isNumber),
  profile: optional(isText),
  level: optional(isNumber),
  bitDepth: optional(isNumber),
  chromaSubsampling: optional(oneOf("4:2:0", "4:2:2", "4:4:0", "4:4:4", "4:0:0")),
  colour: optional(
    shape<VideoColour>({ primaries: isNumber, transfer: isNumber, matrix: isNumber, isFullRange: optional(isFlag) }),
  ),
  dynamicRange: optional(oneOf("sdr", "hdr10", "hlg", "dolby_vision")),
  dolbyVision: optional(
    shape<DolbyVision>({ profile: isNumber, level: isNumber, baseLayer: optional(oneOf("sdr", "hdr10", "hlg")) }),
  ),
  pixelAspectRatio: optional(shape<PixelAspectRatio>({ width: isNumber, height: isNumber })),
  rotationDegrees: optional(isNumber),
});

const isAudioTrack = shape<AudioTrack>({
  ...common,
  kind: oneOf("audio"),
  codecString: optional(isText),
  channels: optional(isNumber),
  channelLayout: optional(isText),
  sampleRateHz: optional(isNumber),
  bitDepth: optional(isNumber),
  isForVisuallyImpaired: optional(isFlag),
});

const isSubtitleTrack = shape<SubtitleTrack>({
  ...common,
  kind: oneOf("subtitle"),
  isForced: isFlag,
  isForHearingImpaired: isFlag,
});

const isContainer = oneOf("mp4", "matroska", "webm", "avi", "mpegts", "flv", "asf", "ogg");

const isMediaInfo = shape<MediaInfo>({
  container: isContainer,
  durationSeconds: optional(isNumber),
  tracks: listOf(isTrack),
  keyIndex: optional(
    shape<KeyIndexSummary>({ kind: oneOf("cues", "stss", "sidx", "idx1"), startByte: optional(isNumber) }),
  ),
  isFastStart: optional(isFlag),
});

export const mediaInfoRecord: RecordFormat<MediaInfo> = {
  encode: written,
  decode: (bytes) => {
    const value = readBack(bytes);
    return isMediaInfo(value) ? value : undefined;
  },
};

interface ChapterList {
  readonly chapters: readonly Chapter[];
}

const isChapterList = shape<ChapterList>({
  chapters: listOf(shape<Chapter>({ startSeconds: isNumber, endSeconds: optional(isNumber), title: optional(isText) })),
});

export const chaptersRecord: RecordFormat<readonly Chapter[]> = {
  encode: (chapters) => written({ chapters }),
  decode: (bytes) => {
    const value = readBack(bytes);
    return isChapterList(value) ? value.chapters : undefined;
  },
};

interface AttachmentList {
  readonly attachments: readonly Attachment[];
}

const isAttachmentList = shape<AttachmentList>({
  attachments: listOf(
    shape<Attachment>({
      index: isNumber,
      name: isText,
      mediaType: isText,
      offsetBytes: isNumber,
      lengthBytes: isNumber,
    }),
  ),
});

export const attachmentsRecord: RecordFormat<readonly Attachment[]> = {
  encode: (attachments) => written({ attachments }),
  decode: (bytes) => {
    const value = readBack(bytes);
    return isAttachmentList(value) ? value.attachments : undefined;
  },
};

interface WrittenTrack {
  readonly number: number;
  readonly track: Track;
  readonly timescale: number;
  /** In hexadecimal. */
  readonly configuration: string;
  /** The same. */
  readonly microsoftFormat: string | undefined;
  readonly pcm: PcmFormat | undefined;
  readonly packetTicks: number | undefined;
  /** Null stands for Infinity, which JSON lacks. */
  readonly growthBytes: number | null | undefined;
}

/** An index is two lists: a film of some hours has some thousand entries. */
interface WrittenFilm extends Pick<FilmRecord, "container" | "durationSeconds" | "headEndBytes"> {
  readonly tracks: readonly WrittenTrack[];
  readonly timesSeconds: readonly number[];
  readonly offsetsBytes: readonly number[];
}

const isHexadecimal: Check = (value) => typeof value === "string" && /^(?:[0-9a-f]{2})*$/.test(value);

const isPcmFormat = shape<PcmFormat>({
  kind: oneOf("signed", "unsigned", "float"),
  byteOrder: oneOf("little", "big"),
  bitsPerSample: isNumber,
});

const isWrittenFilm = shape<WrittenFilm>({
  container: isContainer,
  durationSeconds: optional(isNumber),
  headEndBytes: optional(isNumber),
  tracks: listOf(
    shape<WrittenTrack>({
      number: isNumber,
      track: isTrack,
      timescale: isNumber,
      configuration: isHexadecimal,
      microsoftFormat: optional(isHexadecimal),
      pcm: optional(isPcmFormat),
      packetTicks: optional(isNumber),
      growthBytes: optional((value) => value === null || isNumber(value)),
    }),
  ),
  timesSeconds: listOf(isNumber),
  offsetsBytes: listOf(isNumber),
});

export const filmRecord: RecordFormat<FilmRecord> = {
  encode: ({ keyIndex = [], container, durationSeconds, headEndBytes, tracks }) =>
    written({
      container,
      durationSeconds,
      headEndBytes,
      tracks: tracks.map((coded) => ({
        ...coded,
        configuration: hexOf(coded.configuration),
        microsoftFormat: coded.microsoftFormat && hexOf(coded.microsoftFormat),
      })),
      timesSeconds: keyIndex.map(({ timeSeconds }) => timeSeconds),
      offsetsBytes: keyIndex.map(({ offsetBytes }) => offsetBytes),
    }),
  decode: (bytes) => {
    const value = readBack(bytes);
    if (!isWrittenFilm(value) || value.timesSeconds.length !== value.offsetsBytes.length) return undefined;
    const { container, durationSeconds, headEndBytes, tracks, timesSeconds, offsetsBytes } = value;
    const entries = timesSeconds.map((timeSeconds, index) => ({ timeSeconds, offsetBytes: offsetsBytes[index]! }));
    return {
      container,
      durationSeconds,
      ...(headEndBytes !== undefined && { headEndBytes }),
      tracks: tracks.map(codedTrackOf),
      // An index is never empty.
      keyIndex: entries.length === 0 ? undefined : entries,
    };
  },
};

function codedTrackOf({ configuration, microsoftFormat, growthBytes, packetTicks, ...rest }: WrittenTrack): CodedTrack {
  return {
    ...rest,
    configuration: bytesOf(configuration),
    ...(microsoftFormat !== undefined && { microsoftFormat: bytesOf(microsoftFormat) }),
    packetTicks,
    ...(growthBytes !== undefined && { growthBytes: growthBytes ?? Number.POSITIVE_INFINITY }),
  };
}

function bytesOf(hexadecimal: string): Uint8Array {
  return Uint8Array.from(hexadecimal.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}

function written(content: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ version: RECORD_VERSION, content }));
}

/** What was written by this version; undefined if it is anything else. */
function readBack(bytes: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isWritten(value) ? value.content : undefined;
  } catch {
    return undefined;
  }
}

const isWritten = shape<{ readonly version: number; readonly content: unknown }>({
  version: (value) => value === RECORD_VERSION,
  content: () => true,
});
