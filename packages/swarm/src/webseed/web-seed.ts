import type { ByteRange, Clock } from "@riptide/core";
import { bitsByteLength, setBit } from "../bits.ts";
import type { Downloader, PeerKey } from "../download/index.ts";
import type { HttpAgents } from "../metainfo/http-get.ts";
import type { Metainfo } from "../metainfo/index.ts";
import type { Reach } from "../metainfo/resolve-host.ts";
import type { Network } from "../network/network.ts";
import { pieceRange, spansOf } from "../storage/file-layout.ts";
import { type BlockRequest, torrentOffset } from "../types.ts";
import { BlockRun, takeRun } from "./block-run.ts";
import { webSeedFileUrl } from "./file-url.ts";
import { readRange } from "./range-request.ts";
import { retryDelayMs } from "./retry-policy.ts";
import { WebSeedError } from "./web-seed-error.ts";

/** Ranges under way at once: the next one is asked for while the last one comes, so that no round trip is lost. */
const MAX_RUNS = 2;
/** 4 MiB: larger ranges save nothing, and a seek would have more to throw away. */
const MAX_RUN_BLOCKS = 256;
/** The rest of a range that nobody wants is read to its end if it is no more than this: a new connection costs more. */
const MAX_UNWANTED_BYTES = 64 * 1024;
/** Nothing limits what is queued here but the downloader's own depth. */
const QUEUE_LIMIT = 1_000;

/** The part of the downloader that a source of blocks talks to. */
type BlockSink = Pick<
  Downloader,
  | "addPeer"
  | "removePeer"
  | "peerBitfield"
  | "peerQueueLimit"
  | "peerChoked"
  | "peerUnchoked"
  | "rejected"
  | "blockTarget"
  | "blockArrived"
  | "readEnded"
>;

export interface WebSeedOptions {
  /** Its name as a peer of the downloader. */
  readonly key: PeerKey;
  /** http or https (BEP 19). */
  readonly url: string;
  readonly metainfo: Metainfo;
  readonly sink: BlockSink;
  readonly clock: Clock;
  readonly network: Network;
  readonly agents: HttpAgents | undefined;
  readonly reach: () => Reach;
  /** Payload that came, whether somebody still wanted it or not. */
  readonly onReceived: (bytes: number) => void;
}

/**
 * A web seed as one more peer of the downloader: it has every piece whose files it has, and chokes us only while it rests after an error.
 * Requests for blocks that lie end to end become one range request.
 */
export class WebSeed {
  /** What it is banned by: everything of one server. */
  readonly host: string;
  readonly #options: WebSeedOptions;
  readonly #absentFiles = new Set<number>();
  /** Where files were found behind redirects. */
  readonly #locations = new Map<number, { readonly url: string; readonly reach: Reach }>();
  readonly #runs = new Set<BlockRun>();
  #queue: BlockRequest[] = [];
  #failures = 0;
  #rest: Disposable | undefined;
  #isClosed = false;

  constructor(options: WebSeedOptions) {
    this.#options = options;
    this.host = new URL(options.url).origin;
  }

  /** Offers what it has: requests come at once. */
  start(): void {
    const { key, sink, clock } = this.#options;
    sink.addPeer(key, this.host, clock.nowMs());
    sink.peerQueueLimit(key, QUEUE_LIMIT);
    this.#tellPieces();
    sink.peerUnchoked(key, clock.nowMs());
  }

  request(blocks: readonly BlockRequest[]): void {
    this.#queue.push(...blocks);
    this.#startRuns();
  }

  cancel(blocks: readonly BlockRequest[]): void {
    const { metainfo } = this.#options;
    const cancelled = new Set(blocks.map((block) => torrentOffset(block, metainfo)));
    this.#queue = this.#queue.filter((block) => !cancelled.has(torrentOffset(block, metainfo)));
    for (const run of this.#runs) {
      for (const block of blocks) run.cancel(block);
      this.#stopUnwanted(run);
    }
    this.#startRuns();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#rest?.[Symbol.dispose]();
    this.#queue = [];
    for (const run of this.#runs) this.#stop(run, "The web seed is closed");
    this.#options.sink.removePeer(this.#options.key, this.#nowMs());
  }

  #startRuns(): void {
    while (!this.#isClosed && this.#queue.length > 0 && this.#mayStart()) {
      const run = new BlockRun(takeRun(this.#queue, this.#options.metainfo, MAX_RUN_BLOCKS), this.#options.metainfo);
      this.#runs.add(run);
      void this.#fetch(run);
    }
  }

  /** One range after the other, the next in time; what lies elsewhere (a seek) is not kept waiting. */
  #mayStart(): boolean {
    if (this.#runs.size >= MAX_RUNS) return false;
    const [next] = this.#queue;
    return [...this.#runs].every((run) => {
      const goesOn = next !== undefined && torrentOffset(next, this.#options.metainfo) === run.range.end;
      return !goesOn || !run.isWanted || run.leftBytes * 2 <= run.range.end - run.range.start;
    });
  }

  async #fetch(run: BlockRun): Promise<void> {
    try {
      for (const { file, position, lengthBytes } of spansOf(this.#options.metainfo, run.range)) {
        if (lengthBytes === 0) continue;
        const range = { start: position, end: position + lengthBytes };
        for await (const chunk of file.isPadding ? zeros(lengthBytes) : this.#read(file.index, range, run)) {
          this.#received(run, chunk);
          run.signal.throwIfAborted();
        }
      }
      this.#failures = 0;
    } catch (error) {
      if (!run.signal.aborted) this.#failed(error);
    } finally {
      this.#runs.delete(run);
      this.#startRuns();
    }
  }

  /** Throws `WebSeedError` of kind `absent` after it has been noted that the file is not there. */
  async *#read(index: number, range: ByteRange, run: BlockRun): AsyncGenerator<Uint8Array, void> {
    const { url: seedUrl, metainfo, clock, network, agents, reach } = this.#options;
    const file = metainfo.files[index];
    const url = file && webSeedFileUrl(seedUrl, metainfo, file);
    const known = this.#locations.get(index);
    try {
      if (file === undefined || url === undefined) throw new WebSeedError("absent", "No URL can name the file");
      const place = known ?? { url, reach: "anywhere" };
      yield* readRange({
        url: place.url,
        range,
        fileLengthBytes: file.lengthBytes,
        reach: place.reach === "public" ? "public" : reach(),
        network,
        agents,
        clock,
        signal: run.signal,
        onSkipping: (bytes) => {
          run.skip(bytes);
          this.#stopUnwanted(run);
        },
        onLocated: (location) => location.url !== url && this.#locations.set(index, location),
      });
    } catch (error) {
      this.#locations.delete(index);
      // Where it was found once may be gone, and not the file.
      if (isAbsence(error) && known === undefined) this.#absentFiles.add(index);
      throw error;
    }
  }

  #received(run: BlockRun, chunk: Uint8Array): void {
    const { key, sink, onReceived } = this.#options;
    run.feed(chunk, (block, bytes) => {
      onReceived(block.length);
      const target = sink.blockTarget(key, block);
      target?.buffer.set(bytes, target.at);
      sink.blockArrived(key, block, target !== null, this.#nowMs());
    });
    sink.readEnded(key, this.#nowMs());
    this.#startRuns();
  }

  #failed(error: unknown): void {
    const { key, sink, clock } = this.#options;
    const unanswered = [...[...this.#runs].flatMap((run) => [...run.wanted]), ...this.#queue];
    for (const run of this.#runs) this.#stop(run, "The web seed failed");
    this.#queue = [];
    if (isAbsence(error)) {
      this.#tellPieces();
      for (const block of unanswered) sink.rejected(key, block, this.#nowMs());
      return;
    }
    this.#failures += 1;
    sink.peerChoked(key, this.#nowMs());
    const retryAfterMs = error instanceof WebSeedError ? error.retryAfterMs : undefined;
    this.#rest?.[Symbol.dispose]();
    this.#rest = clock.setTimer(retryDelayMs(this.#failures, retryAfterMs), () => {
      sink.peerUnchoked(key, this.#nowMs());
    });
  }

  #stopUnwanted(run: BlockRun): void {
    if (!run.isWanted && run.leftBytes > MAX_UNWANTED_BYTES) this.#stop(run, "Nobody wants this range any more");
  }

  #stop(run: BlockRun, reason: string): void {
    this.#runs.delete(run);
    run.abort(new WebSeedError("failed", reason));
  }

  /** It has the pieces all of whose bytes lie in files that are not known to be missing. */
  #tellPieces(): void {
    const { key, metainfo, sink } = this.#options;
    const bits = new Uint8Array(bitsByteLength(metainfo.pieceCount));
    for (let piece = 0; piece < metainfo.pieceCount; piece += 1) {
      const spans = this.#absentFiles.size === 0 ? [] : spansOf(metainfo, pieceRange(metainfo, piece));
      const isThere = spans.every(({ file, lengthBytes }) => lengthBytes === 0 || !this.#absentFiles.has(file.index));
      if (isThere) setBit(bits, piece);
    }
    sink.peerBitfield(key, bits, this.#nowMs());
  }

  #nowMs(): number {
    return this.#options.clock.nowMs();
  }
}

function isAbsence(error: unknown): boolean {
  return error instanceof WebSeedError && error.kind === "absent";
}

/** BEP 47: padding files are zeros, and no server has them. */
async function* zeros(lengthBytes: number): AsyncGenerator<Uint8Array, void> {
  const chunk = new Uint8Array(Math.min(lengthBytes, 64 * 1024));
  for (let left = lengthBytes; left > 0; left -= chunk.length) yield chunk.subarray(0, left);
}
