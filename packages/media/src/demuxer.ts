import type { ByteRange } from "@riptide/core";
import type { ByteStream } from "./byte-stream.ts";
import type { KeyIndex, KeyIndexEntry } from "./key-index.ts";
import type { Container } from "./media-info.ts";
import type { CodedTrack, Packet } from "./packet.ts";

/**
 * The part of a film between two places of its key index, or from or to its ends. Every packet of the film is in exactly one of
 * the stretches that the entries of an index cut it into.
 */
export interface Stretch {
  /** Undefined: the first packet of the film. */
  readonly from: KeyIndexEntry | undefined;
  /** Undefined: to the last packet of the film. */
  readonly to: KeyIndexEntry | undefined;
}

export interface PacketRequest {
  readonly stretch: Stretch;
  /** Numbers of the tracks whose packets are wanted. */
  readonly tracks: ReadonlySet<number>;
  /** Opens the bytes that the stretch needs, in the order in which they are read. */
  readonly open: (ranges: readonly ByteRange[]) => ByteStream;
  /** Ends what has to be read first, if anything: where a film has not been opened since the last start. */
  readonly signal?: AbortSignal;
}

export interface FramesBeforeRequest {
  /** How far to look back. */
  readonly lengthBytes: number;
  /** Number of the track. */
  readonly track: number;
  /** As in `PacketRequest`. */
  readonly open: (ranges: readonly ByteRange[]) => ByteStream;
  /** As in `PacketRequest`. */
  readonly signal?: AbortSignal;
}

/** A place that is met when a film is read from an entry, or from its start, on. */
export interface WalkedPlace extends KeyIndexEntry {
  /**
   * - `keyframe`: decoding can start there; its time is that of the keyframe.
   * - `clean`: decoding cannot, but nothing from there on is shown before what lies in front of it. A player that comes from
   *   there goes on without a seam.
   * - `passed`: neither; it only tells how far the film has been read.
   * - `end`: of the film; its time is when the last packet ends.
   */
  readonly kind: "keyframe" | "clean" | "passed" | "end";
}

/** One opened file, whatever its container: its tracks, where it can be entered, and its packets. */
export interface Demuxer {
  readonly container: Container;
  readonly durationSeconds: number | undefined;
  readonly tracks: readonly CodedTrack[];
  /**
   * Where the head ends that any demuxer must be fed before it can be fed the film from an entry on, as if what lies between
   * had never been. Containers that cannot be read so lack this.
   */
  readonly headEndBytes?: number;
  /**
   * The places where this film can be entered; undefined if it does not tell. Read once, from the end of the file in many
   * containers. Rejects with what the source rejects with.
   */
  keyIndex(options: { readonly signal: AbortSignal }): Promise<KeyIndex | undefined>;
  /**
   * Where to enter the film to play at a time: at `listed`, what the key index says, if the film can really be entered there,
   * or else at a place that is found by searching the film, in a bounded number of reads. Undefined if there is none.
   * Containers whose index is part of what their packets are found by lack this. Rejects with what the source rejects with.
   */
  findEntry?(
    timeSeconds: number,
    listed: KeyIndexEntry | undefined,
    options: { readonly signal: AbortSignal },
  ): Promise<KeyIndexEntry | undefined>;
  /**
   * Reads a film that has no key index from an entry on (undefined: from its start), and tells the places where stretches may begin
   * as soon as their bytes are there, in the order of the file; last comes its `end`. They are a function of the bytes from there
   * on: whoever goes on from a `keyframe` or a `clean` place is told what he would have been told without a break. The stream that
   * `open` gives may end early: then so does the film. Containers that always have an index lack this. Rejects with what the
   * stream rejects with.
   */
  walkPlaces?(from: KeyIndexEntry | undefined, open: PacketRequest["open"]): AsyncGenerator<WalkedPlace, void>;
  /**
   * The packets of a stretch in decoding order, track by track as they are interleaved in the file: what each piece of data
   * completes is passed on at once, and nothing empty is. Damage is stepped over: what cannot be read is left out.
   */
  packets(request: PacketRequest): AsyncGenerator<readonly Packet[], void>;
  /**
   * The data of the last frames of a track in front of an entry, in order: those that lie whole in the bytes right before it.
   * Decoders that are started at the entry hear them first, and how many are needed is all that tells their times. Empty if
   * no frame can be found that is certain. Containers whose stretches begin where decoding can do without it lack this.
   */
  framesBefore?(entry: KeyIndexEntry, request: FramesBeforeRequest): Promise<readonly Uint8Array[]>;
}
