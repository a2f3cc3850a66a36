import { readaheadWindow } from "@riptide/core";
import type { SimulatedSession } from "./simulated-session.ts";

const READ_BYTES = 64 * 1024;

/** Somebody who reads the file through the session as a stream does, as fast as its bytes come or as fast as it plays. */
export class SessionReader {
  readonly #world: SimulatedSession;
  readonly #id: number;
  readonly #bytesPerSecond: number | undefined;
  #offset = 0;
  #sequentialBytes = 0;
  #arrivedMs = 0;
  #isReading = false;
  /** The longest time in which nothing could be read, since the last seek; the wait for its first bytes is not counted. */
  longestGapMs = 0;

  constructor(world: SimulatedSession, id: number, bytesPerSecond?: number) {
    this.#world = world;
    this.#id = id;
    this.#bytesPerSecond = bytesPerSecond;
    world.onStored(() => this.#readOn());
  }

  /** How much has been read in one go. */
  get sequentialBytes(): number {
    return this.#sequentialBytes;
  }

  /** Begins to read there: the start of a stream, or a seek. */
  read(offset: number): void {
    this.#offset = offset;
    this.#sequentialBytes = 0;
    this.longestGapMs = 0;
    this.#isReading = true;
    this.#readOn(true);
  }

  stop(): void {
    this.#isReading = false;
    this.#world.setDemand(2 * this.#id, undefined);
    this.#world.setDemand(2 * this.#id + 1, undefined);
  }

  #readOn(isNew = false): void {
    if (!this.#isReading) return;
    const { geometry, nowMs, stored } = this.#world;
    const startOffset = this.#offset;
    while (this.#offset < geometry.sizeBytes && stored.has(Math.floor(this.#offset / geometry.pieceLengthBytes))) {
      const bytes = Math.min(READ_BYTES, geometry.sizeBytes - this.#offset);
      this.#offset += bytes;
      this.#sequentialBytes += bytes;
    }
    if (this.#offset === startOffset && !isNew) return;
    if (startOffset > 0 && !isNew && this.#sequentialBytes > this.#offset - startOffset) {
      this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.#arrivedMs);
    }
    this.#arrivedMs = nowMs;
    this.#demand();
  }

  #demand(): void {
    const { sizeBytes } = this.#world.geometry;
    if (this.#offset >= sizeBytes) return this.stop();
    const pace = this.#bytesPerSecond === undefined ? {} : { bytesPerSecond: this.#bytesPerSecond };
    const read = { start: this.#offset, end: Math.min(sizeBytes, this.#offset + READ_BYTES) };
    const window = readaheadWindow({
      readHead: this.#offset,
      end: sizeBytes,
      sequentialBytes: this.#sequentialBytes,
      ...pace,
    });
    this.#world.setDemand(2 * this.#id, { range: read, urgency: "now", ...pace });
    this.#world.setDemand(2 * this.#id + 1, { range: window, urgency: "soon", ...pace });
  }
}
