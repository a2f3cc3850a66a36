import { z } from "@hono/zod-openapi";
import { secondsMapSchema, type Viewing } from "./viewing-schemas.ts";

/**
 * The shapes of every JSON body, once: handlers are typed by them, `/openapi.json` is generated from them, and the
 * web page imports their types. Text that comes from a torrent is untrusted and only ever text.
 */

const bytes = z.number().int().nonnegative();
const bytesPerSecond = z.number().nonnegative();
const count = z.number().int().nonnegative();

export const problemSchema = z
  .strictObject({
    type: z.literal("about:blank"),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().openapi({ description: "A sentence for people: what happened and what to do." }),
    code: z.string().openapi({ description: "Stable and machine-readable.", example: "metadata_pending" }),
    retryAfterSeconds: z.number().optional(),
  })
  .openapi("Problem");

export const torrentFileSchema = z
  .strictObject({
    index: count,
    path: z.string(),
    length: bytes,
    verifiedBytes: bytes,
    mediaType: z.string().openapi({ description: "A guess from the name; streaming looks at the bytes." }),
  })
  .openapi("TorrentFile");

export const torrentSchema = z
  .strictObject({
    infoHash: z.string().regex(/^[0-9a-f]{40}$/),
    name: z.string(),
    state: z.enum(["metadata", "ready", "failed"]),
    addedAt: z.iso.datetime().optional().openapi({ description: "When it was first added. Always there." }),
    files: z.array(torrentFileSchema),
    sizeBytes: bytes,
    pieceLengthBytes: bytes,
    verifiedBytes: bytes,
    progress: z.number().min(0).max(1),
    downloadedBytes: bytes,
    uploadedBytes: bytes,
    downloadBytesPerSecond: bytesPerSecond,
    uploadBytesPerSecond: bytesPerSecond,
    connectedPeers: count,
    knownPeers: count,
    activeDemands: count,
    error: z.strictObject({ code: z.string(), message: z.string() }).optional(),
  })
  .openapi("Torrent");

export const torrentListSchema = z.strictObject({ torrents: z.array(torrentSchema) }).openapi("TorrentList");

export const addTorrentSchema = z
  .strictObject({
    source: z
      .string()
      .min(1)
      .openapi({ description: "A magnet URI, an http(s) URL of a .torrent file or an info hash." }),
  })
  .openapi("AddTorrent");

const byteRangeSchema = z.strictObject({ start: bytes, end: bytes }).openapi("ByteRange");

export const fileMapSchema = z
  .strictObject({
    available: z.array(byteRangeSchema).readonly(),
    wanted: z.array(byteRangeSchema).readonly(),
    reading: z.array(byteRangeSchema).readonly(),
    seconds: secondsMapSchema.optional().openapi({
      description: "With ?unit=seconds, if the index of the film is known already.",
    }),
  })
  .openapi("FileMap", { description: "Half-open byte ranges [start, end) of the file." });

/** Longer than any media type that we ask for. */
const mediaType = z.string().max(200, "A media type is short.");
/** As many as the tracks of a file that are looked at lead to. */
const mediaTypes = z.array(mediaType).max(512, "These are more media types than a file asks for.");

const clientAbilitiesSchema = z
  .strictObject({
    mse: mediaTypes.openapi({ description: "Of `questions.mse`, those that MediaSource.isTypeSupported affirms." }),
    file: mediaTypes.openapi({ description: "Of `questions.file`, those that canPlayType does not deny." }),
    nativeHls: z.boolean().openapi({ description: "Whether a <video> takes an HLS playlist by its address." }),
    maxAudioChannels: z.number().int().min(1).max(64).optional(),
    isChromium: z.boolean().optional(),
    isFirefox: z.boolean().optional(),
  })
  .openapi("ClientAbilities");

export const playbackRequestSchema = z
  .strictObject({
    can: clientAbilitiesSchema,
    audio: z.number().int().min(0).max(999).optional().openapi({ description: "Index among the audio tracks." }),
  })
  .openapi("PlaybackRequest");

export const playbackSchema = z
  .strictObject({
    mode: z.enum(["direct", "virtual", "hls", "remux", "transcode", "unsupported"]),
    url: z.string().optional().openapi({ description: "Relative to the server; none if nothing can be played." }),
    streamType: z.string().optional().openapi({
      description:
        "Media type of one stream that begins at ?t=, for a SourceBuffer; none if it cannot be had from there.",
    }),
    reasons: z
      .array(z.strictObject({ code: z.string(), message: z.string() }))
      .openapi({ description: "Why it is no cheaper mode comes first." }),
  })
  .openapi("Playback");

export const linkRequestSchema = z
  .strictObject({
    stream: z.enum(["direct", "virtual.mp4", "remux.mp4", "hls/master.m3u8"]).default("direct").openapi({
      description: "What the player is to get: the original bytes, MP4 of fixed or of unknown length, HLS.",
    }),
  })
  .openapi("LinkRequest");

export const linkSchema = z
  .strictObject({
    url: z
      .string()
      .openapi({ description: "Path and query on this server; all that its playlists name is open, too." }),
    expiresAt: z.iso.datetime().optional().openapi({ description: "Until when it is open. Absent without a token." }),
  })
  .openapi("Link");

export const engineHealthSchema = z
  .strictObject({
    state: z.enum(["running", "restarting", "closed"]),
    restarts: count,
    problem: z.string().optional().openapi({ description: "Why nothing that is fetched is kept. Usually absent." }),
  })
  .openapi("EngineHealth");

export const livenessSchema = z.strictObject({ status: z.literal("ok") }).openapi("Liveness");

const readinessStatus = z.enum(["ready", "not_ready"]);

/** What everybody is told. */
export const readinessStatusSchema = z.strictObject({ status: readinessStatus }).openapi("ReadinessStatus");

export const readinessSchema = z
  .strictObject({
    status: readinessStatus,
    version: z.string(),
    engine: engineHealthSchema,
    ffmpeg: z
      .strictObject({
        version: z.string(),
        active: count,
        limit: count,
        isolation: z
          .enum(["network and files", "network", "nothing"])
          .optional()
          .openapi({ description: "What of this machine is out of its reach." }),
      })
      .optional(),
    reasons: z.array(z.string()).openapi({ description: "What is missing or degraded, and what to do about it." }),
  })
  .openapi("Readiness");

export type Problem = z.infer<typeof problemSchema>;
export type TorrentFile = z.infer<typeof torrentFileSchema>;
export type Torrent = z.infer<typeof torrentSchema>;
export type TorrentList = z.infer<typeof torrentListSchema>;
export type AddTorrent = z.infer<typeof addTorrentSchema>;
export type FileMap = z.infer<typeof fileMapSchema>;
export type ClientAbilities = z.infer<typeof clientAbilitiesSchema>;
export type PlaybackRequest = z.infer<typeof playbackRequestSchema>;
export type Playback = z.infer<typeof playbackSchema>;
export type Link = z.infer<typeof linkSchema>;
export type EngineHealth = z.infer<typeof engineHealthSchema>;
export type Readiness = z.infer<typeof readinessSchema>;

/** What `/api/events` sends: the name of each event and the JSON in its data. */
export interface ServerEvents {
  /** The first event of every connection, and sent again if a slow client missed too many others. */
  readonly snapshot: { readonly torrents: readonly Torrent[]; readonly engine: EngineHealth };
  readonly added: Torrent;
  /** `files` holds only those that are new or have changed since the client was last told; the others are as they were. */
  readonly updated: Torrent;
  readonly removed: { readonly infoHash: string };
  readonly engine: EngineHealth;
  /** A stream of the file begins to be sent. */
  readonly streamStarted: FileReference;
  /** A stream of the file has waited for bytes for some seconds. */
  readonly streamStalled: FileReference;
  /** Somebody has watched on, here or on another device. After a snapshot, `/api/viewings` tells all of them. */
  readonly viewing: Viewing;
  readonly viewingRemoved: FileReference;
}

/** One file of one torrent. */
export interface FileReference {
  readonly infoHash: string;
  readonly index: number;
}
