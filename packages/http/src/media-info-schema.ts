import { z } from "@hono/zod-openapi";

const track = {
  index: z.number().int().nonnegative().openapi({ description: "Among the tracks of its kind; what ?audio= counts." }),
  codecTag: z.string(),
  language: z.string().optional(),
  title: z.string().optional(),
  isDefault: z.boolean(),
  isCommentary: z.boolean().optional(),
};

const codecString = z.string().optional().openapi({ description: "RFC 6381", example: "avc1.640028" });

const codePoint = z.number().int().openapi({ description: "Of ITU-T H.273; 2 is unspecified." });

/** `PictureFormat` of `media`. */
const picture = {
  profile: z.string().optional().openapi({ example: "Main 10" }),
  level: z.number().optional().openapi({ example: 4.1 }),
  bitDepth: z.number().int().optional(),
  chromaSubsampling: z.enum(["4:2:0", "4:2:2", "4:4:0", "4:4:4", "4:0:0"]).optional(),
  colour: z
    .strictObject({
      primaries: codePoint,
      transfer: codePoint,
      matrix: codePoint,
      isFullRange: z.boolean().optional(),
    })
    .optional(),
  dynamicRange: z.enum(["sdr", "hdr10", "hlg", "dolby_vision"]).optional().openapi({
    description: "Left out where nothing tells: such pictures are shown as SDR.",
  }),
  dolbyVision: z
    .strictObject({
      profile: z.number().int(),
      level: z.number().int(),
      baseLayer: z.enum(["sdr", "hdr10", "hlg"]).optional().openapi({
        description: "What is shown by who knows nothing of Dolby Vision. Left out where that has false colours.",
      }),
    })
    .optional(),
  pixelAspectRatio: z.strictObject({ width: z.number().int(), height: z.number().int() }).optional(),
  rotationDegrees: z.number().int().optional().openapi({ description: "Clockwise: 0, 90, 180 or 270." }),
};

const videoTrackSchema = z
  .strictObject({
    ...track,
    kind: z.literal("video"),
    codec: z.enum([
      "h264",
      "hevc",
      "av1",
      "vp8",
      "vp9",
      "mpeg4",
      "msmpeg4",
      "mpeg1",
      "mpeg2",
      "vc1",
      "wmv",
      "theora",
      "flv1",
      "vp6",
      "mjpeg",
      "unknown",
    ]),
    codecString,
    widthPixels: z.number().optional(),
    heightPixels: z.number().optional(),
    framesPerSecond: z.number().optional(),
    ...picture,
  })
  .openapi("VideoTrack");

const audioTrackSchema = z
  .strictObject({
    ...track,
    kind: z.literal("audio"),
    codec: z.enum([
      "aac",
      "mp3",
      "mp2",
      "ac3",
      "eac3",
      "dts",
      "truehd",
      "opus",
      "vorbis",
      "flac",
      "alac",
      "pcm",
      "wma",
      "speex",
      "unknown",
    ]),
    codecString,
    channels: z.number().optional(),
    channelLayout: z.string().optional().openapi({ example: "5.1" }),
    sampleRateHz: z.number().optional(),
    bitDepth: z.number().int().optional().openapi({ description: "Of codecs that lose nothing." }),
    isForVisuallyImpaired: z.boolean().optional().openapi({ description: "Also tells what is seen." }),
  })
  .openapi("AudioTrack");

const subtitleTrackSchema = z
  .strictObject({
    ...track,
    kind: z.literal("subtitle"),
    codec: z.enum(["srt", "ass", "webvtt", "pgs", "vobsub", "dvb", "mov_text", "unknown"]),
    isForced: z.boolean(),
    isForHearingImpaired: z.boolean(),
  })
  .openapi("SubtitleTrack");

const questionsSchema = z
  .strictObject({
    mse: z.array(z.string()).readonly().openapi({ description: "For `MediaSource.isTypeSupported`." }),
    file: z.array(z.string()).readonly().openapi({ description: "For `canPlayType`." }),
  })
  .openapi("PlaybackQuestions", { description: "Media types: those that a player affirms go into `can`." });

export const attachmentSchema = z
  .strictObject({
    index: z.number().int().nonnegative(),
    name: z.string(),
    mediaType: z.string().openapi({ example: "font/ttf" }),
    length: z.number().int().nonnegative(),
  })
  .openapi("Attachment");

export const chapterSchema = z
  .strictObject({
    startSeconds: z.number(),
    endSeconds: z.number().optional(),
    title: z.string().optional(),
  })
  .openapi("Chapter");

const sidecarSchema = z
  .strictObject({
    index: z.number().int().nonnegative().openapi({ description: "Of the file in the torrent." }),
    path: z.string(),
    kind: z.enum(["srt", "webvtt", "ass", "sup", "vobsub"]),
    language: z.string().optional(),
    title: z.string().optional(),
    isForced: z.boolean(),
    isHearingImpaired: z.boolean(),
  })
  .openapi("Sidecar", { description: "A file of subtitles that goes with the film." });

/**
 * `MediaInfo` of `media`, as JSON, what comes with the film, and what a player has to be asked to choose how it plays it. What is
 * unknown is left out.
 */
export const mediaInfoSchema = z
  .strictObject({
    container: z.enum(["mp4", "matroska", "webm", "avi", "mpegts", "flv", "asf", "ogg"]),
    durationSeconds: z.number().optional(),
    tracks: z.array(z.discriminatedUnion("kind", [videoTrackSchema, audioTrackSchema, subtitleTrackSchema])).readonly(),
    keyIndex: z
      .strictObject({ kind: z.enum(["cues", "stss", "sidx", "idx1"]), startByte: z.number().optional() })
      .optional(),
    isFastStart: z.boolean().optional(),
    questions: questionsSchema,
    attachments: z
      .array(attachmentSchema)
      .readonly()
      .optional()
      .openapi({ description: "Left out until it can be told without fetching anything for it." }),
    chapters: z
      .array(chapterSchema)
      .readonly()
      .optional()
      .openapi({ description: "By their start. Left out until they can be told without fetching anything for them." }),
    sidecars: z.array(sidecarSchema).readonly(),
  })
  .openapi("MediaInfo");

export type MediaInfo = z.infer<typeof mediaInfoSchema>;
