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

/** `MediaInfo` of `media`, as JSON: what is unknown is left out. And what a player has to be asked to choose how it plays it. */
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
  })
  .openapi("MediaInfo");

export type MediaInfo = z.infer<typeof mediaInfoSchema>;
