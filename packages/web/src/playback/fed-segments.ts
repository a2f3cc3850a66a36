import { download, downloadText, withQuery } from "../api/client.ts";
import { mediaSource } from "./abilities.ts";
import { playFed } from "./fed-film.ts";
import type { OpenMedia } from "./media-feed.ts";
import { type MasterPlaylist, type MediaPlaylist, type PlaylistSegment, parseMaster, parseMedia } from "./playlist.ts";
import type { StreamOptions } from "./stream.ts";

/**
 * Plays a film in segments, each sought at once: a player of all kinds of HLS looks ten times a second what to do, and reads what it
 * hands on. False if its playlists do not tell enough for that. Rejects with an `Error` whose message is a sentence.
 */
export async function feedSegments(options: StreamOptions): Promise<boolean> {
  const { url, audio, signal } = options;
  const Source = mediaSource();
  const address = new URL(url, location.href).href;
  const master = parseMaster(await downloadText(address, signal), address);
  if (master === undefined || Source === undefined) return false;
  const tracks = await Promise.all(playedUrls(master, audio).map((each) => openTrack(each, master, signal)));
  const streams = tracks.filter((track) => track !== undefined);
  if (streams.length < tracks.length || !streams.every(({ type }) => Source.isTypeSupported(type))) return false;
  signal.throwIfAborted();
  playFed(options, { source: new Source(), streams });
  return true;
}

/** The picture, and the sound that is wanted or plays by itself. */
function playedUrls({ mainUrl, sounds }: MasterPlaylist, audio: number | undefined): string[] {
  const wanted = sounds.find(({ url }) => url !== undefined && new URL(url).pathname.includes(`/audio/${audio}/`));
  const sound = wanted ?? sounds.find(({ isDefault }) => isDefault);
  const isMainSound = new URL(mainUrl).pathname.includes("/audio/");
  if (isMainSound) return [wanted?.url ?? mainUrl];
  return sound?.url === undefined ? [mainUrl] : [mainUrl, sound.url];
}

interface SegmentedTrack {
  readonly type: string;
  readonly open: OpenMedia;
  readonly endSeconds: number;
}

/** Undefined if nothing tells how it is coded. */
async function openTrack(
  url: string,
  { codecs }: MasterPlaylist,
  signal: AbortSignal,
): Promise<SegmentedTrack | undefined> {
  const playlist = parseMedia(await downloadText(url, signal), url);
  const last = playlist.segments.at(-1);
  if (playlist.initUrl === undefined || last === undefined) return undefined;
  const initialization = await downloadWhole(playlist.initUrl, signal);
  const codec = codecIn(initialization, codecs);
  if (codec === undefined) return undefined;
  const { pathname, searchParams } = new URL(url);
  const kind = pathname.includes("/audio/") ? "audio" : "video";
  const isEntered = kind === "audio" && searchParams.has("aac");
  const open = segmentsFrom(playlist, { initialization, isEntered });
  return { type: `${kind}/mp4; codecs="${codec}"`, open, endSeconds: last.endSeconds };
}

/** The one whose sample entry (ISO/IEC 14496-12 §8.5.2) is in an initialization. */
function codecIn(initialization: Uint8Array, codecs: readonly string[]): string | undefined {
  const text = new TextDecoder("latin1").decode(initialization);
  return codecs.find((codec) => text.includes(codec.slice(0, 4)));
}

interface Entry {
  readonly initialization: Uint8Array<ArrayBuffer>;
  /** Whether a segment may be had from its middle on. */
  readonly isEntered: boolean;
}

function segmentsFrom({ segments }: MediaPlaylist, { initialization, isEntered }: Entry): OpenMedia {
  return async function* (fromSeconds, signal) {
    const found = segments.findIndex(({ endSeconds }) => endSeconds > fromSeconds + ROUNDED_SECONDS);
    const [first, ...others] = segments.slice(found < 0 ? -1 : found);
    if (first === undefined) return;
    // The request goes out first.
    const media = download(isEntered ? entered(first, fromSeconds) : first.url, signal);
    const ahead = media.next();
    ahead.catch(() => {}); // told below
    yield initialization;
    const { value } = await ahead;
    if (value !== undefined) yield value;
    yield* media;
    for (const { url } of others) yield* download(url, signal);
  };
}

/** What lies before would have to be encoded first. */
function entered({ url, startSeconds }: PlaylistSegment, fromSeconds: number): string {
  const leftOutSeconds = fromSeconds - startSeconds - LEAD_SECONDS;
  return leftOutSeconds <= 0 ? url : withQuery(url, "from", (startSeconds + leftOutSeconds).toFixed(3));
}

/** A decoder has to hear a little before what it is to play. */
const LEAD_SECONDS = 0.1;
/** Playlists round times, and what ends now has nothing more to show. */
const ROUNDED_SECONDS = 0.02;

async function downloadWhole(url: string, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of download(url, signal)) chunks.push(chunk);
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
