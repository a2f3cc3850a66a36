import { z } from "@hono/zod-openapi";

const track = {
  index: z.number().int().nonnegative().openapi({ description: "Among the tracks of its kind; what ?audio= counts." }),
  codecTag: z.string(),
  language: z.string().optional(),
  title: z.string().optional(),
  isDefault: z.boolean(),
};

const codecString = z.string().optional().openapi({ description: "RFC 6381", example: "avc1.640028" });

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
    sampleRateHz: z.number().optional(),
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
    sidecars: z.array(sidecarSchema).readonly(),
  })
  .openapi("MediaInfo");

export type MediaInfo = z.infer<typeof mediaInfoSchema>;
