import type { Clock, PieceProvider, ReadOptions } from "@riptide/core";

/** By then a player has used up what it had at a start, and a viewer wonders. */
const STALL_MS = 2_000;

/** What happens to the streams of one file: one begins to be sent, or one waits for bytes that no peer has sent yet. */
export interface StreamEvent {
  readonly type: "streamStarted" | "streamStalled";
  readonly infoHash: string;
  readonly index: number;
}

/** Hears of streams, and tells those who listen. */
export class StreamActivity {
  readonly #clock: Clock;
  readonly #listeners = new Set<(event: StreamEvent) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `listener` on every event until disposed. */
  subscribe(listener: (event: StreamEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  tell(event: StreamEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** The same provider, but each read that waits for long is told of, once. */
  watch(provider: PieceProvider, file: { readonly infoHash: string; readonly index: number }): PieceProvider {
    const { infoHash, index } = file;
    const readAt = async (offset: number, length: number, options: ReadOptions): Promise<Uint8Array> => {
      using _stall = this.#clock.setTimer(STALL_MS, () => this.tell({ type: "streamStalled", infoHash, index }));
      return await provider.readAt(offset, length, options);
    };
    return {
      sizeBytes: provider.sizeBytes,
      available: (range) => provider.available(range),
      want: (demand) => provider.want(demand),
      readAt,
    };
  }
}
