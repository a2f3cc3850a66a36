import { writeSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
// The global of that name is a getter, which costs something where it is asked for each block.
import { performance } from "node:perf_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import { taken, writeFully } from "./file-io.ts";

/**
 * Linux takes memory for as much as is written in one call in one piece, up to eight pages of it from what each core keeps at hand (the kernel's
 * PAGE_ALLOC_COSTLY_ORDER). For more it goes to what has been free for long: a virtual machine may have given that back to its host, and
 * copying into it takes ten times as long. Smaller parts only cost calls.
 */
const PART_BYTES = 32 * 1024;
/** The system's memory takes a part in a hundredth of that; a disk that is waited for does not. */
const SLOW_MS = 5;
/**
 * So many times as long as a slow write nothing is written here after it: waiting takes a twentieth of the time at most, be it for a disk
 * (Linux makes writers wait up to 200 ms: four seconds of rest) or for a core that another process has.
 */
const REST_FACTOR = 20;
/** Written in one go, which takes a millisecond: sockets and timers wait for it. */
const TURN_BYTES = 1024 * 1024;

/**
 * Writes pieces in this thread for as long as the system takes them into its memory at once, and in those of libuv when it does not.
 * To hand a part over to another thread and to hear back takes longer than to write it: a third of what a fast download costs.
 */
export class PieceWriter {
  readonly #nowMs: () => number;
  #restsUntilMs = Number.NEGATIVE_INFINITY;

  constructor(nowMs = (): number => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Writes all of `bytes` at `position` of the file. */
  async write(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
    let turnBytes = 0;
    for (let done = 0; done < bytes.length; ) {
      if (this.#nowMs() < this.#restsUntilMs) return await writeFully(handle, bytes.subarray(done), position + done);
      if (turnBytes >= TURN_BYTES) {
        await nextTurn();
        turnBytes = 0;
      }
      const writtenBytes = this.#writePart(handle.fd, bytes.subarray(done, done + PART_BYTES), position + done);
      done += writtenBytes;
      turnBytes += writtenBytes;
    }
  }

  /** How many bytes were taken: fewer than offered if the disk gets full, and the next write then says so. */
  #writePart(descriptor: number, part: Uint8Array, position: number): number {
    const startedMs = this.#nowMs();
    const writtenBytes = taken(writeSync(descriptor, part, 0, part.length, position));
    const endedMs = this.#nowMs();
    const tookMs = endedMs - startedMs;
    if (tookMs > SLOW_MS) this.#restsUntilMs = endedMs + REST_FACTOR * tookMs;
    return writtenBytes;
  }
}
