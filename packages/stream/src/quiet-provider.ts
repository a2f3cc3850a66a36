import type { ByteRange, Demand, PieceProvider, ReadOptions } from "@riptide/core";
import { UNHURRIED } from "./unhurried-source.ts";

/**
 * The same file for somebody who waits for nothing: his reads and demands are behind all others, until `hasten` says that others
 * wait for what he reads. Results are shared, and whoever comes second must not wait behind everybody else.
 */
export class QuietProvider implements PieceProvider {
  readonly sizeBytes: number;
  readonly #provider: PieceProvider;
  /** What is being read, and the demand that hastens it. */
  readonly #reads = new Map<ByteRange, Disposable | undefined>();
  #isHastened = false;

  constructor(provider: PieceProvider) {
    this.sizeBytes = provider.sizeBytes;
    this.#provider = provider;
  }

  /** From now on reads are as urgent as they say, those under way too. */
  hasten(): void {
    if (this.#isHastened) return;
    this.#isHastened = true;
    for (const range of this.#reads.keys()) this.#reads.set(range, this.#provider.want({ range, urgency: "now" }));
  }

  async readAt(offset: number, length: number, options: ReadOptions): Promise<Uint8Array> {
    if (this.#isHastened) return this.#provider.readAt(offset, length, options);
    const range = { start: offset, end: Math.max(offset, Math.min(this.sizeBytes, offset + length)) };
    this.#reads.set(range, undefined);
    try {
      return await this.#provider.readAt(offset, length, { ...options, urgency: UNHURRIED });
    } finally {
      this.#reads.get(range)?.[Symbol.dispose]();
      this.#reads.delete(range);
    }
  }

  available(range: ByteRange): ByteRange[] {
    return this.#provider.available(range);
  }

  want(demand: Demand): Disposable {
    return this.#provider.want(this.#isHastened ? demand : { ...demand, urgency: UNHURRIED });
  }
}
