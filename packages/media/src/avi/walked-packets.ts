import type { PacketRequest } from "../demuxer.ts";
import type { Packet } from "../packet.ts";
import { StreamCursor } from "../stream-cursor.ts";
import { type MediaChunk, MoviWalk } from "./movi-walk.ts";
import type { PacketMaker } from "./packet-maker.ts";
import type { AviTrack } from "./tracks.ts";

/** Players take what lies within a second or two; lumps of sound are half a second, and sound may start that much early. */
const LEAD_LIMIT_SECONDS = 5;

export interface WalkedFilm {
  /** Those that are wanted. */
  readonly tracks: readonly AviTrack[];
  readonly streamCount: number;
  readonly fileSizeBytes: number;
  readonly maker: PacketMaker;
}

/** The packets of a film as it lies in the file, and how far each track has come. */
export class WalkedPackets {
  /** In the file. */
  offsetBytes: number;
  /** Of the next chunk (`StreamClock`). */
  readonly positions: ReadonlyMap<AviTrack, number>;
  readonly #positions: Map<AviTrack, number>;
  readonly #film: WalkedFilm;
  readonly #byNumber: ReadonlyMap<number, AviTrack>;

  /** @param offsetBytes of the first chunk */
  constructor(film: WalkedFilm, offsetBytes: number) {
    this.#film = film;
    this.#byNumber = new Map(film.tracks.map((track) => [track.streamNumber, track]));
    this.#positions = new Map(film.tracks.map((track) => [track, 0]));
    this.positions = this.#positions;
    this.offsetBytes = offsetBytes;
  }

  /** Whether pictures and sound have come apart: whoever plays would have to hold what lies between them. */
  get isApart(): boolean {
    const seconds = this.#film.tracks
      .filter(({ coded }) => coded.track.kind !== "subtitle")
      .map((track) => track.clock.secondsAt(this.#positions.get(track) ?? 0));
    return Math.max(...seconds) - Math.min(...seconds) > LEAD_LIMIT_SECONDS;
  }

  /** From where it was left, to the end of the bytes. Returns whether all of them came. */
  async *read(open: PacketRequest["open"]): AsyncGenerator<readonly Packet[], boolean> {
    const { fileSizeBytes, streamCount } = this.#film;
    const cursor = new StreamCursor(open([{ start: this.offsetBytes, end: fileSizeBytes }]));
    const walk = new MoviWalk(cursor, fileSizeBytes, { streamCount, wanted: new Set(this.#byNumber.keys()) });
    for (;;) {
      const neededBytes = walk.run();
      const packets = walk.takeChunks().flatMap((chunk) => this.#packetsOf(chunk));
      this.offsetBytes = cursor.offsetBytes;
      if (packets.length > 0) yield packets;
      if (neededBytes === 0) return true;
      if (!(await cursor.fill(neededBytes))) return false;
    }
  }

  #packetsOf({ streamNumber, data }: MediaChunk): Packet[] {
    const track = this.#byNumber.get(streamNumber);
    const position = track && this.#positions.get(track);
    if (track === undefined || position === undefined) return [];
    this.#positions.set(track, position + track.clock.advanceOf(data.length));
    return this.#film.maker.take(track, { position, data, isKeyframe: undefined });
  }
}
