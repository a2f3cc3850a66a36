import { type StreamContext, StreamError, type StreamProducer } from "@riptide/core";
import {
  externalSubtitles,
  type PlaybackChoice,
  type Preparation,
  type PreparedPart,
  type StreamFactory,
} from "@riptide/stream";

/** What `playback` of the fake factory answers, until a test wants another choice. */
export const PLAYBACK: PlaybackChoice = {
  mode: "hls",
  reasons: [{ code: "repackaged", message: "The film is repackaged." }],
  video: { index: 0, treatment: "copy" },
  audio: [{ index: 0, treatment: "copy" }],
};

/** What `mediaInfo` of the fake factory answers. */
export const MEDIA_INFO: Awaited<ReturnType<StreamFactory["mediaInfo"]>> = {
  container: "matroska",
  durationSeconds: 60,
  tracks: [
    {
      kind: "video",
      index: 0,
      codec: "h264",
      codecTag: "V_MPEG4/ISO/AVC",
      codecString: "avc1.640028",
      language: undefined,
      title: undefined,
      isDefault: true,
      widthPixels: 1280,
      heightPixels: 720,
      framesPerSecond: 24,
      profile: "High",
      level: 4,
      bitDepth: 8,
      chromaSubsampling: "4:2:0",
      colour: { primaries: 1, transfer: 1, matrix: 1, isFullRange: undefined },
      dynamicRange: "sdr",
      pixelAspectRatio: { width: 1, height: 1 },
      rotationDegrees: 0,
    },
    {
      kind: "audio",
      index: 0,
      codec: "ac3",
      codecTag: "A_AC3",
      codecString: undefined,
      language: "de",
      title: "Kino",
      isDefault: false,
      channels: 6,
      channelLayout: "5.1",
      sampleRateHz: 48_000,
    },
    {
      kind: "subtitle",
      index: 0,
      codec: "srt",
      codecTag: "S_TEXT/UTF8",
      language: "en",
      title: undefined,
      isDefault: false,
      isForced: false,
      isForHearingImpaired: true,
    },
  ],
  keyIndex: { kind: "cues", startByte: 4096 },
  isFastStart: undefined,
};

/** What `attachments` of the fake factory answers. */
export const ATTACHMENTS: Awaited<ReturnType<StreamFactory["attachments"]>> = [
  { index: 0, name: "<b>.ttf", mediaType: "font/ttf", offsetBytes: 5000, lengthBytes: 60_000 },
];

/** What `chapters` of the fake factory answers. */
export const CHAPTERS: Awaited<ReturnType<StreamFactory["chapters"]>> = [
  { startSeconds: 0, endSeconds: 30.5, title: "<i>Eins" },
  { startSeconds: 30.5, endSeconds: undefined, title: undefined },
];

/** What `thumbnail` of the fake factory answers. */
export const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xd9);

export interface FakeStreams extends StreamFactory {
  ffmpeg: StreamFactory["ffmpeg"];
  /** What the next `mediaInfo`, `playback` or `produce` rejects with. */
  failure: unknown;
  /** What the next `playback` answers. */
  choice: PlaybackChoice;
  /** Every `playback` so far: what it was told. */
  readonly asked: { readonly can: unknown; readonly audioIndex: number | undefined }[];
  /** Every `thumbnail` so far. */
  readonly pictured: { readonly context: StreamContext; readonly wish: unknown }[];
  /** Every `prepare` so far, and how to end the last one. */
  readonly prepared: { readonly context: StreamContext; readonly part: unknown; isHastened: boolean }[];
  endPreparation: () => void;
  /** Whether `knownAttachments`, `knownChapters`, `knownTimes` and `thumbnail` know any. */
  isListKnown: boolean;
  /** Every `produce` so far: which producer, and with what. */
  readonly produced: { readonly by: string; readonly request: Request; readonly context: StreamContext }[];
}

/** A factory whose producers stream the bytes of the file as they come, and remember what they were asked. */
export function createFakeStreams(): FakeStreams {
  const self = (): FakeStreams => streams;
  const streams: FakeStreams = {
    failure: undefined,
    isListKnown: true,
    ffmpeg: {
      version: "5.1.9",
      active: 0,
      limit: 2,
      exits: { finished: 0, stopped: 0, failed: 0, crashed: 0, stalled: 0 },
    },
    produced: [],
    prepared: [],
    pictured: [],
    endPreparation: () => undefined,
    choice: PLAYBACK,
    asked: [],
    async playback(_context, can, audioIndex) {
      streams.asked.push({ can, audioIndex });
      if (streams.failure !== undefined) throw streams.failure;
      return streams.choice;
    },
    async mediaInfo() {
      if (streams.failure !== undefined) throw streams.failure;
      return MEDIA_INFO;
    },
    async choose() {
      return { mode: "direct", reasons: [] };
    },
    default: producer("default", self),
    direct: producer("direct", self),
    remux: producer("remux", self),
    virtual: producer("virtual", self),
    hls: producer("hls", self),
    subtitles: producer("subtitles", self),
    externalSubtitles,
    async attachments() {
      if (streams.failure !== undefined) throw streams.failure;
      return ATTACHMENTS;
    },
    async knownAttachments() {
      return streams.isListKnown ? ATTACHMENTS : undefined;
    },
    async chapters() {
      if (streams.failure !== undefined) throw streams.failure;
      return CHAPTERS;
    },
    async knownChapters() {
      return streams.isListKnown ? CHAPTERS : undefined;
    },
    async thumbnail(context, wish) {
      streams.pictured.push({ context, wish });
      if (streams.failure !== undefined) throw streams.failure;
      return streams.isListKnown ? { jpeg: JPEG, timeSeconds: 8.25 } : undefined;
    },
    prepare: (context, part) => prepare(streams, context, part),
    async knownTimes() {
      // A second for each kilobyte.
      return streams.isListKnown
        ? (ranges) => ranges.map(({ start, end }) => ({ startSeconds: start / 1000, endSeconds: end / 1000 }))
        : undefined;
    },
    [Symbol.asyncDispose]: async () => {},
  };
  return streams;
}

function producer(by: string, streams: () => FakeStreams): StreamProducer {
  return {
    async produce(request, context) {
      streams().produced.push({ by, request, context });
      const { failure } = streams();
      if (failure !== undefined) throw failure;
      const headers = { "content-type": "video/mp4", "content-length": String(context.provider.sizeBytes) };
      return new Response(request.method === "HEAD" ? null : fileBody(context), { headers });
    },
  };
}

function prepare(streams: FakeStreams, context: StreamContext, part: PreparedPart | undefined): Preparation {
  const preparation = { context, part, isHastened: false };
  streams.prepared.push(preparation);
  const end = new Promise<void>((resolve, reject) => {
    streams.endPreparation = resolve;
    context.signal.addEventListener("abort", () => reject(context.signal.reason));
  });
  const done = end.then(() => {
    if (streams.failure !== undefined) throw streams.failure;
  });
  const hasten = (): void => {
    preparation.isHastened = true;
  };
  return { done, hasten };
}

function fileBody({ provider, signal }: StreamContext): ReadableStream<Uint8Array> {
  const cancelled = new AbortController();
  signal.addEventListener("abort", () => cancelled.abort(signal.reason));
  let offset = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await provider.readAt(offset, 256 * 1024, { signal: cancelled.signal });
        offset += chunk.length;
        if (chunk.length > 0) controller.enqueue(chunk);
        if (offset === provider.sizeBytes) controller.close();
      },
      cancel: () => cancelled.abort(new StreamError("torrent_removed", "The body was cancelled.")),
    },
    { highWaterMark: 0 },
  );
}
