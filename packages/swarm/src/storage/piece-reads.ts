/** Reads under way, by the pieces that they touch. */
export class PieceReads {
  readonly #reads = new Map<Promise<unknown>, readonly number[]>();

  run<T>(pieces: readonly number[], read: () => Promise<T>): Promise<T> {
    const result = read();
    this.#reads.set(result, pieces);
    const end = (): void => void this.#reads.delete(result);
    result.then(end, end);
    return result;
  }

  /** Resolves when the reads of these pieces that are under way now have ended. */
  async ended(pieces: ReadonlySet<number>): Promise<void> {
    const touching = [...this.#reads].filter(([, read]) => read.some((piece) => pieces.has(piece)));
    await Promise.allSettled(touching.map(([read]) => read));
  }
}
