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
  readonly #lanes: ReadonlyMap<number, Lane>;
  readonly #lead: Lane | undefined;
  readonly #nextSeconds: number;
  readonly #cutsAtKeyframes: boolean;
  readonly #pendingLimitBytes: number;
  #lengthSeconds: number;
  #sequenceNumber: number;
  #complete: Uint8Array[][] = [];

  constructor(tracks: readonly MuxTrack[], options: FragmenterOptions = {}) {
    const laneOf = (track: MuxTrack) => new Lane(track, options.originTicks?.get(track.coded.number));
    this.#lanes = new Map(tracks.map((track) => [track.coded.number, laneOf(track)]));
    const lanes = [...this.#lanes.values()];
    this.#lead = lanes.find(({ isPicture }) => isPicture) ?? lanes[0];
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
    this.#lanes.get(packet.trackNumber)?.push(packet);
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
    const lanes = [...this.#lanes.values()];
    for (const lane of lanes) lane.finish();
    while (lanes.some(({ hasReady }) => hasReady)) this.#cut(this.#leadEnd() ?? Number.POSITIVE_INFINITY);
    return this.take();
  }

  /** Where the next fragment ends, as time at which samples are shown; undefined while it is not complete. */
  #nextEnd(): number | undefined {
    const lanes = [...this.#lanes.values()];
    if (!lanes.some(({ hasReady }) => hasReady)) return undefined;
    const pendingBytes = lanes.reduce((sum, lane) => sum + lane.pendingBytes, 0);
    if (pendingBytes > this.#pendingLimitBytes) return Number.POSITIVE_INFINITY;
    const furthest = Math.max(...lanes.map(({ reachedSeconds }) => reachedSeconds));
    const leadEnd = this.#leadEnd();
    if (leadEnd !== undefined) {
      const isWaitedFor = lanes.some((lane) => lane !== this.#lead && lane.reachedSeconds < leadEnd);
      return isWaitedFor && furthest < leadEnd + TRACK_SKEW_LIMIT_SECONDS ? undefined : leadEnd;
    }
    const start = Math.min(...lanes.map(({ startSeconds }) => startSeconds));
    const end = start + Math.max(this.#lengthSeconds, SHORTEST_SECONDS);
    return furthest < end + TRACK_SKEW_LIMIT_SECONDS ? undefined : end;
  }

  #leadEnd(): number | undefined {
    return this.#lead?.runEndSeconds(this.#lengthSeconds, this.#cutsAtKeyframes);
  }

  #cut(endSeconds: number): void {
    const runs = [...this.#lanes.values()].map((lane) => ({
      trackId: lane.trackId,
      samples: lane.takeUntil(endSeconds),
    }));
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
