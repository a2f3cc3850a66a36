import type { StreamError } from "@riptide/core";

interface WaitingRead {
  wake(): void;
  fail(reason: unknown): void;
}

/** Reads that wait for a piece, found by piece: a piece that arrives costs nothing to the reads of other pieces. */
export class WaitingReads {
  readonly #byPiece = new Map<number, Set<WaitingRead>>();

  /**
   * Resolves when the piece is there; rejects with the signal's reason, or with what `fail` is told.
   * `ended` is called before that, in the very moment that ends the wait.
   */
  wait(piece: number, options: { signal: AbortSignal; ended: () => void }): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#remove(piece, read);
        options.signal.removeEventListener("abort", abort);
        options.ended();
      };
      const read: WaitingRead = {
        wake: () => {
          end();
          resolve();
        },
        fail: (reason) => {
          end();
          reject(reason);
        },
      };
      const abort = (): void => read.fail(options.signal.reason);
      options.signal.addEventListener("abort", abort, { once: true });
      this.#add(piece, read);
    });
  }

  wake(piece: number): void {
    for (const read of this.#byPiece.get(piece) ?? []) read.wake();
  }

  fail(error: StreamError): void {
    for (const reads of this.#byPiece.values()) for (const read of reads) read.fail(error);
  }

  #add(piece: number, read: WaitingRead): void {
    const reads = this.#byPiece.get(piece);
    if (reads === undefined) this.#byPiece.set(piece, new Set([read]));
    else reads.add(read);
  }

  #remove(piece: number, read: WaitingRead): void {
    const reads = this.#byPiece.get(piece);
    reads?.delete(read);
    if (reads?.size === 0) this.#byPiece.delete(piece);
  }
}
