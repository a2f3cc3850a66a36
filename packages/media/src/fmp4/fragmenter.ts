import type { Packet } from "../packet.ts";
import { fragment } from "./fragment.ts";
import { Lane } from "./lane.ts";
import type { MuxTrack } from "./mux-track.ts";

export interface FragmenterOptions {
  /** How much the first fragment holds, about. Default 0.2 s: players start sooner. */
  readonly firstSeconds?: number;
  /** How much the others hold, about. Default 0.5 s. Infinity: all there is. */
  readonly nextSeconds?: number;
  /** Whether a keyframe begins a fragment, however short the one before it. Default true. */
  readonly cutsAtKeyframes?: boolean;
  /** By `CodedTrack.number`: when the first frame of a sound begins in the whole film, in ticks; see `SoundTimeline`. */
  readonly originTicks?: ReadonlyMap<number, number>;
  /** Of the first fragment. Default 1. */
  readonly firstSequenceNumber?: number;
  /** What is kept at most, beside one packet and the reorder window: then a fragment is cut early. Default 32 MiB. */
  readonly pendingLimitBytes?: number;
}

/**
 * Cuts the packets of one stretch of a film into fragments. They are a function of these packets in this order and of the
 * options alone, whatever was asked before and whenever fragments are taken. The pictures of the first picture track say where
 * to cut, without pictures the first track; the other tracks go along as far as they are shown meanwhile. Nobody is waited for
 * longer than `TRACK_SKEW_LIMIT_SECONDS` of the others.
 */
export class Fragmenter {
  readonly #lanes: readonly Lane[];
  /** By the number of its track. */
  readonly #laneOf: ReadonlyMap<number, Lane>;
  readonly #lead: Lane | undefined;
  readonly #nextSeconds: number;
  readonly #cutsAtKeyframes: boolean;
  readonly #pendingLimitBytes: number;
  #lengthSeconds: number;
  #sequenceNumber: number;
  #complete: Uint8Array[][] = [];

  constructor(tracks: readonly MuxTrack[], options: FragmenterOptions = {}) {
    const laneOf = (track: MuxTrack) => new Lane(track, options.originTicks?.get(track.coded.number));
    this.#laneOf = new Map(tracks.map((track) => [track.coded.number, laneOf(track)]));
    this.#lanes = [...this.#laneOf.values()];
    this.#lead = this.#lanes.find(({ isPicture }) => isPicture) ?? this.#lanes[0];
    this.#lengthSeconds = options.firstSeconds ?? 0.2;
    this.#nextSeconds = options.nextSeconds ?? 0.5;
    this.#cutsAtKeyframes = options.cutsAtKeyframes ?? true;
    this.#sequenceNumber = options.firstSequenceNumber ?? 1;
    this.#pendingLimitBytes = options.pendingLimitBytes ?? PENDING_LIMIT_BYTES;
  }

  /** Of the fragment that comes next. */
  get sequenceNumber(): number {
    return this.#sequenceNumber;
  }

  /** Takes the next packet in the order of the file. Those of other tracks are left out. */
  push(packet: Packet): void {
    this.#laneOf.get(packet.trackNumber)?.push(packet);
    for (let end = this.#nextEnd(); end !== undefined; end = this.#nextEnd()) this.#cut(end);
  }

  /** The fragments that have become complete since the last call, each as buffers to be sent in order. */
  take(): Uint8Array[][] {
    const complete = this.#complete;
    this.#complete = [];
    return complete;
  }

  /** No packet follows: what is left becomes complete. Returns like `take`. */
  finish(): Uint8Array[][] {
    for (const lane of this.#lanes) lane.finish();
    while (this.#lanes.some(({ hasReady }) => hasReady)) this.#cut(this.#leadEnd() ?? Number.POSITIVE_INFINITY);
    return this.take();
  }

  /** Where the next fragment ends, as time at which samples are shown; undefined while it is not complete. Asked after each packet. */
  #nextEnd(): number | undefined {
    let isAnyReady = false;
    let pendingBytes = 0;
    let [start, furthest, nearest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const lane of this.#lanes) {
      isAnyReady ||= lane.hasReady;
      pendingBytes += lane.pendingBytes;
      start = Math.min(start, lane.startSeconds);
      furthest = Math.max(furthest, lane.reachedSeconds);
      if (lane !== this.#lead) nearest = Math.min(nearest, lane.reachedSeconds);
    }
    if (!isAnyReady) return undefined;
    if (pendingBytes > this.#pendingLimitBytes) return Number.POSITIVE_INFINITY;
    const leadEnd = this.#leadEnd();
    if (leadEnd !== undefined) {
      const isWaitedFor = nearest < leadEnd;
      return isWaitedFor && furthest < leadEnd + TRACK_SKEW_LIMIT_SECONDS ? undefined : leadEnd;
    }
    const end = start + Math.max(this.#lengthSeconds, SHORTEST_SECONDS);
    return furthest < end + TRACK_SKEW_LIMIT_SECONDS ? undefined : end;
  }

  #leadEnd(): number | undefined {
    return this.#lead?.runEndSeconds(this.#lengthSeconds, this.#cutsAtKeyframes);
  }

  #cut(endSeconds: number): void {
    const runs = this.#lanes.map((lane) => ({ trackId: lane.trackId, samples: lane.takeUntil(endSeconds) }));
    this.#complete.push(fragment(this.#sequenceNumber, runs));
    this.#sequenceNumber += 1;
    this.#lengthSeconds = this.#nextSeconds;
  }
}

/** Half a second at 500 Mb/s. */
const PENDING_LIMIT_BYTES = 32 * 1024 * 1024;

/** How far one track may lag behind the others before it is no longer waited for: files interleave by less. */
export const TRACK_SKEW_LIMIT_SECONDS = 0.5;

/** A fragment holds at least something. */
const SHORTEST_SECONDS = 0.01;
