import { type ByteRange, byteRange } from "@riptide/core";
import { damagedMedia } from "../damaged.ts";
import type { Demuxer, FramesBeforeRequest, PacketRequest, WalkedPlace } from "../demuxer.ts";
import type { KeyIndexEntry } from "../key-index.ts";
import type { CodedTrack, Packet } from "../packet.ts";
import { type ByteSource, MediaReader } from "../reader.ts";
import { SNIFF_LENGTH_BYTES, sniffContainer } from "../sniff.ts";
import { StreamCursor } from "../stream-cursor.ts";
import { FilmStart } from "./film-start.ts";
import { EntrySearch } from "./find-entry.ts";
import { PacketWalk } from "./packet-walk.ts";
import { readTransportFilm, type TransportFilm } from "./transport-film.ts";
import { walkPlaces } from "./walk-places.ts";

/**
 * Opens an MPEG transport stream (ISO/IEC 13818-1), of 188 or 192 bytes a packet: reads how all of its tracks begin, and its end.
 *
 * Times count from the earliest PTS that a track begins with, whatever the clock of the stream says, and go on where that turns
 * back to 0. The film begins with the first picture of each track that decoding can start with: earlier ones are left out, and
 * those that are shown before it. There is no index: `findEntry` searches for a keyframe of the first picture track. H.264 and
 * HEVC come as MP4 holds them, AAC without its ADTS headers, other sound frame by frame.
 *
 * A stretch has the PES packets that start in it; the end of the last of them is read from beyond it. Those into which damage tore
 * a hole are left out.
 *
 * Rejects with `MediaError` `damaged_media` if it is no such stream or does not say which tracks it has, with the signal's
 * reason once that is aborted, and with whatever `source.readAt` rejects with.
 */
export async function openMpegts(source: ByteSource, options: { readonly signal: AbortSignal }): Promise<Demuxer> {
  const reader = new MediaReader(source, options);
  const container = sniffContainer(await reader.bytes(0, SNIFF_LENGTH_BYTES));
  if (container !== "mpegts") throw damagedMedia("it does not begin as transport streams do");
  return new MpegtsDemuxer(source, await readTransportFilm(reader));
}

/** Read behind a stretch to complete what began in it: sound is interleaved by less. */
const BEYOND_LIMIT_BYTES = 1024 * 1024;

/** Bytes in front of an entry that are searched for frames at most: some seconds of a film of high rate. */
const FRAMES_BEFORE_LIMIT_BYTES = 4 * 1024 * 1024;

class MpegtsDemuxer implements Demuxer {
  readonly container = "mpegts";
  readonly durationSeconds: number | undefined;
  readonly tracks: readonly CodedTrack[];
  readonly #source: ByteSource;
  readonly #film: TransportFilm;
  readonly #entries: EntrySearch;

  constructor(source: ByteSource, film: TransportFilm) {
    this.#source = source;
    this.#film = film;
    this.#entries = new EntrySearch(film);
    this.durationSeconds = film.durationSeconds;
    this.tracks = film.tracks.map(({ coded }) => coded);
  }

  /** A transport stream has none. */
  async keyIndex(options: { readonly signal: AbortSignal }): Promise<undefined> {
    options.signal.throwIfAborted();
  }

  async findEntry(
    timeSeconds: number,
    _listed: KeyIndexEntry | undefined,
    options: { readonly signal: AbortSignal },
  ): Promise<KeyIndexEntry | undefined> {
    return this.#entries.find(new MediaReader(this.#source, options), timeSeconds);
  }

  walkPlaces(from: KeyIndexEntry | undefined, open: PacketRequest["open"]): AsyncGenerator<WalkedPlace, void> {
    const { sizeBytes } = this.#source;
    const range = byteRange(Math.min(from?.offsetBytes ?? 0, sizeBytes), sizeBytes);
    return walkPlaces(this.#film, open([range]), sizeBytes);
  }

  /** Frames whose times follow one another up to the entry: one that is missing would make the others earlier. */
  async framesBefore(entry: KeyIndexEntry, request: FramesBeforeRequest): Promise<readonly Uint8Array[]> {
    const lengthBytes = Math.min(request.lengthBytes, FRAMES_BEFORE_LIMIT_BYTES);
    const from = { timeSeconds: 0, offsetBytes: Math.max(0, entry.offsetBytes - lengthBytes) };
    const wanted = { stretch: { from, to: entry }, tracks: new Set([request.track]), open: request.open };
    let frames: Packet[] = [];
    for await (const packets of this.packets(wanted)) {
      for (const packet of packets) {
        if (!follows(frames.at(-1), packet)) frames = [];
        frames.push(packet);
      }
    }
    return frames.map(({ data }) => data);
  }

  async *packets(request: PacketRequest): AsyncGenerator<readonly Packet[], void> {
    const { from, to } = request.stretch;
    const { sizeBytes } = this.#source;
    const [start, end] = [from?.offsetBytes ?? 0, Math.min(to?.offsetBytes ?? sizeBytes, sizeBytes)];
    const tracks = this.#film.tracks.filter(({ coded }) => request.tracks.has(coded.number));
    if (start >= end || tracks.length === 0) return;
    const walk = new PacketWalk({ ...this.#film, tracks }, end);
    const filmStart = from === undefined ? new FilmStart(tracks) : undefined;
    const inFilm = (packets: readonly Packet[]): readonly Packet[] => filmStart?.filter(packets) ?? packets;
    if (!(yield* walked(walk, request, byteRange(start, end), inFilm))) return;
    if (end === sizeBytes) walk.finishAll();
    // An entry is where a picture of the leading track begins.
    else walk.finishLead();
    const beyond = byteRange(end, Math.min(end + BEYOND_LIMIT_BYTES, sizeBytes));
    if (walk.isOpen && end < sizeBytes) yield* walked(walk, request, beyond, inFilm);
    const last = inFilm(walk.takePackets());
    if (last.length > 0) yield last;
  }
}

/** Whether a frame of sound begins where the one before it ends, but for what rounding does. */
function follows(before: Packet | undefined, { ptsTicks }: Packet): boolean {
  if (before?.durationTicks === undefined) return false;
  return Math.abs(ptsTicks - before.ptsTicks - before.durationTicks) <= before.durationTicks / 2;
}

/** Returns whether all bytes of the range came. Ends early where nothing is open any more beyond the end of the stretch. */
async function* walked(
  walk: PacketWalk,
  { open }: PacketRequest,
  range: ByteRange,
  inFilm: (packets: readonly Packet[]) => readonly Packet[],
): AsyncGenerator<readonly Packet[], boolean> {
  const cursor = new StreamCursor(open([range]));
  for (let isOpen = true; isOpen; ) {
    const neededBytes = walk.run(cursor);
    const packets = inFilm(walk.takePackets());
    if (packets.length > 0) yield packets;
    if (walk.isBeyond(cursor.offsetBytes) && !walk.isOpen) return true;
    isOpen = await cursor.fill(neededBytes);
  }
  // What is left is too short to be searched, but may be in step.
  walk.run(cursor);
  const packets = inFilm(walk.takePackets());
  if (packets.length > 0) yield packets;
  return cursor.offsetBytes + cursor.heldBytes >= range.end;
}
