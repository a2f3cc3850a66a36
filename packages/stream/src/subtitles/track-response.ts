import type { ByteRange, MediaError, StreamContext } from "@riptide/core";
import { type CodedTrack, endSecondsOf, type Packet, type Stretch, type SubtitleTrack } from "@riptide/media";
import { CONTENT_SAFETY_HEADERS, contentDisposition } from "../file-headers.ts";
import type { Film, FilmLibrary } from "../film-library.ts";
import { readPackets } from "../film-packets.ts";
import { codedTrackOf } from "../film-tracks.ts";
import { generatedBody } from "../generated-body.ts";
import type { MediaLibrary } from "../media-library.ts";
import type { SubtitleResource, TrackForm } from "./resources.ts";
import { noSuchSubtitles, unsupportedSubtitles } from "./subtitle-errors.ts";
import { TRACK_FORMATS } from "./track-writers.ts";
import { type FilmWindow, windowOf } from "./window.ts";

/** A line is hardly shown for longer. Those that began earlier than this in front of a window are missed. */
const LOOK_BACK_SECONDS = 10;
/** Text is sent on once so many bytes of packets have become some; a stretch of a film holds a few hundred. */
const WRITTEN_AT_ONCE_BYTES = 256 * 1024;
/** As long as HLS says: what a film holds never changes. */
const WHOLE_CACHE_CONTROL = "private, max-age=86400";

/**
 * One track of subtitles of a film, as far as its bytes are there: from the start of each stretch of the window to the first byte
 * that is missing. Nothing is fetched but the headers and the index.
 */
export async function produceTrack(
  request: Request,
  { index, form }: Extract<SubtitleResource, { kind: "track" }>,
  context: StreamContext,
  { library, films }: { readonly library: MediaLibrary; readonly films: FilmLibrary },
): Promise<Response> {
  const window = windowOf(new URL(request.url).searchParams);
  const { film, coded } = await openTrack(index, form, context, { library, films });
  const stretches = await stretchesOf(film, window, films, context);
  const headers = {
    ...CONTENT_SAFETY_HEADERS,
    "cache-control": isAvailable(film, stretches, context) ? WHOLE_CACHE_CONTROL : "no-store",
    "content-type": TRACK_FORMATS[form].mediaType,
    "content-disposition": contentDisposition("inline", `${context.file.name}.${index}.${form}`),
  };
  const chunks = (signal: AbortSignal): AsyncGenerator<Uint8Array, void> =>
    writtenTrack({ film, coded, form, window, stretches }, context, signal);
  return new Response(request.method === "HEAD" ? null : await generatedBody(chunks, context), { headers });
}

interface TrackPart {
  readonly film: Film;
  readonly coded: CodedTrack;
  readonly form: TrackForm;
  readonly window: FilmWindow;
  readonly stretches: readonly Stretch[];
}

async function openTrack(
  index: number,
  form: TrackForm,
  context: StreamContext,
  { library, films }: { readonly library: MediaLibrary; readonly films: FilmLibrary },
): Promise<Pick<TrackPart, "film" | "coded">> {
  const info = await library.mediaInfo(context);
  const track = info.tracks.filter(({ kind }) => kind === "subtitle").find((subtitles) => subtitles.index === index);
  if (track?.kind !== "subtitle") throw noSuchSubtitles();
  const film = await films.film(info.container, context);
  const coded = film && codedTrackOf(film, track);
  if (film === undefined || coded === undefined)
    throw unsupportedSubtitles("These subtitles cannot be taken out of their film.");
  if (!TRACK_FORMATS[form].codecs.has(track.codec)) throw otherForm(track);
  return { film, coded };
}

function otherForm({ codec }: SubtitleTrack): MediaError {
  const [form] = Object.entries(TRACK_FORMATS).find(([, { codecs }]) => codecs.has(codec)) ?? [];
  if (form === undefined) return unsupportedSubtitles("These subtitles are of a kind that Riptide cannot hand out.");
  return unsupportedSubtitles(`These subtitles are not of that kind. Ask for them as .${form}.`);
}

/** All stretches that are shown in the window, and those right before it, in the order of the film. */
async function stretchesOf(
  film: Film,
  { fromSeconds, toSeconds }: FilmWindow,
  films: FilmLibrary,
  context: StreamContext,
): Promise<readonly Stretch[]> {
  const plan = await films.segments(film, context);
  if (plan === undefined) return [{ from: undefined, to: undefined }];
  return plan
    .filter(({ startSeconds, endSeconds, stretch }) => {
      // The last stretch holds whatever comes after the time at which the film says that it ends.
      const isBefore = stretch.to !== undefined && endSeconds <= fromSeconds - LOOK_BACK_SECONDS;
      return !isBefore && startSeconds < toSeconds;
    })
    .map(({ stretch }) => stretch);
}

/** Whether all of the stretches is there. In an MP4 the samples of a track may lie anywhere in the file. */
function isAvailable({ demuxer }: Film, stretches: readonly Stretch[], { provider }: StreamContext): boolean {
  const whole = { start: 0, end: provider.sizeBytes };
  const hull = { start: stretches[0]?.from?.offsetBytes, end: stretches.at(-1)?.to?.offsetBytes };
  const range: ByteRange =
    demuxer.container === "mp4" ? whole : { start: hull.start ?? whole.start, end: hull.end ?? whole.end };
  const [first] = provider.available(range);
  return first?.start === range.start && first.end === range.end;
}

async function* writtenTrack(
  { film, coded, form, window, stretches }: TrackPart,
  { provider }: StreamContext,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const writer = TRACK_FORMATS[form].open(coded);
  if (writer.head.length > 0) yield writer.head;
  for (const stretch of stretches) {
    const wanted = { stretch, tracks: new Set([coded.number]) };
    let pushedBytes = 0;
    for await (const packets of readPackets(film.demuxer, wanted, provider, { signal, isAvailableOnly: true })) {
      for (const packet of packets.filter((shown) => isShownIn(window, coded, shown))) {
        writer.push(packet);
        pushedBytes += packet.data.length;
      }
      if (pushedBytes < WRITTEN_AT_ONCE_BYTES) continue;
      yield writer.take();
      pushedBytes = 0;
    }
    const rest = writer.take();
    if (rest.length > 0) yield rest;
  }
}

function isShownIn({ fromSeconds, toSeconds }: FilmWindow, coded: CodedTrack, packet: Packet): boolean {
  const startSeconds = packet.ptsTicks / coded.timescale;
  return startSeconds < toSeconds && (startSeconds >= fromSeconds || endSecondsOf(packet, coded) > fromSeconds);
}
