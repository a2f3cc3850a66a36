import { planDeadlines, ReadingPlaces } from "../../src/download/index.ts";
import type { SimulatedStorage } from "./simulated-storage.ts";
import type { SimulatedSwarm } from "./simulated-swarm.ts";

const READ_BYTES = 64 * 1024;
/** How much of the film lies in a player's buffer at most, and how much it wants before it begins or goes on. */
const BUFFER_SECONDS = 30;
const RESUME_SECONDS = 1;
/** What a stream keeps ready in front of its read head: `READAHEAD_SECONDS` of core. */
const WINDOW_SECONDS = 20;
const TICK_MS = 100;

/** Somebody who watches: plays at the film's rate, reads ahead of that as far as the buffer goes, and counts stalls. */
export class FilmPlayer {
  /** Times at which the picture stood still for want of bytes; the start is none. */
  readonly stallsAtMs: number[] = [];
  startedAtMs: number | undefined;
  readonly #swarm: SimulatedSwarm;
  readonly #storage: SimulatedStorage | undefined;
  readonly #id: number;
  readonly #bytesPerSecond: number;
  readonly #places = new ReadingPlaces();
  #playedBytes: number;
  #readBytes: number;
  #isPlaying = false;
  #waitingSinceMs: number;

  /** `storage`: where not all of the film can be kept. */
  constructor(
    swarm: SimulatedSwarm,
    options: { id: number; bytesPerSecond: number; offset: number; storage?: SimulatedStorage },
  ) {
    const { id, bytesPerSecond, offset, storage } = options;
    this.#swarm = swarm;
    this.#storage = storage;
    this.#id = id;
    this.#bytesPerSecond = bytesPerSecond;
    this.#playedBytes = offset;
    this.#readBytes = offset;
    this.#waitingSinceMs = swarm.nowMs;
    this.#tick();
  }

  /** Seconds of the film in front of the picture. */
  get bufferSeconds(): number {
    return (this.#readBytes - this.#playedBytes) / this.#bytesPerSecond;
  }

  #tick(): void {
    this.#readOn();
    this.#play(TICK_MS / 1000);
    this.#demand();
    this.#swarm.clock.setTimer(TICK_MS, () => this.#tick());
  }

  #readOn(): void {
    const { geometry, nowMs } = this.#swarm;
    const end = Math.min(geometry.sizeBytes, this.#playedBytes + BUFFER_SECONDS * this.#bytesPerSecond);
    while (this.#readBytes < end && this.#canRead(Math.floor(this.#readBytes / geometry.pieceLengthBytes))) {
      this.#readBytes = Math.min(end, this.#readBytes + READ_BYTES);
      this.#waitingSinceMs = nowMs;
    }
  }

  #canRead(piece: number): boolean {
    if (this.#storage === undefined) return this.#swarm.stored.has(piece);
    if (!this.#storage.record.has(piece)) return false;
    this.#storage.read(piece, piece)?.[Symbol.dispose]();
    return true;
  }

  #play(seconds: number): void {
    if (!this.#isPlaying && this.bufferSeconds >= RESUME_SECONDS) {
      this.#isPlaying = true;
      this.startedAtMs ??= this.#swarm.nowMs;
    }
    if (!this.#isPlaying) return;
    this.#playedBytes += seconds * this.#bytesPerSecond;
    if (this.#playedBytes < this.#readBytes) return;
    this.#playedBytes = this.#readBytes;
    if (this.#playedBytes >= this.#swarm.geometry.sizeBytes) return;
    this.#isPlaying = false;
    this.stallsAtMs.push(this.#swarm.nowMs);
  }

  #demand(): void {
    const { geometry, nowMs, stored, downloader } = this.#swarm;
    const start = this.#readBytes;
    const isStored = (piece: number): boolean => stored.has(piece);
    const continues = this.#places.arrive(start, nowMs);
    const bytesPerSecond = this.#bytesPerSecond;
    const isBlocked = !isStored(Math.floor(start / geometry.pieceLengthBytes)) && this.bufferSeconds < BUFFER_SECONDS;
    const range = (bytes: number) => ({ start, end: Math.min(geometry.sizeBytes, start + bytes) });
    const demands = [
      { range: range(WINDOW_SECONDS * bytesPerSecond), urgency: "soon" as const, sinceMs: nowMs, bytesPerSecond },
      ...(isBlocked
        ? [{ range: range(READ_BYTES), urgency: "now" as const, sinceMs: this.#waitingSinceMs, continues }]
        : []),
    ];
    if (this.#storage !== undefined) this.#storage.setDemands(this.#id, demands);
    else downloader.setDeadlines(this.#id, planDeadlines(demands, geometry, nowMs, isStored), nowMs);
  }
}
