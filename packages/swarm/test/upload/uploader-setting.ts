import type { BlockRequest } from "../../src/types.ts";
import { Uploader, type UploaderOptions } from "../../src/upload/index.ts";
import { BLOCK_HEADER_BYTES } from "../../src/wire/messages.ts";
import { patternBytes } from "../wire/message-samples.ts";

export const KIB = 1024;
export const BLOCK_BYTES = 16 * KIB;
/** Three pieces of 1 MiB, the last cut to 100,000 bytes. */
export const GEOMETRY = { pieceCount: 3, pieceLengthBytes: KIB * KIB, sizeBytes: 2 * KIB * KIB + 100_000 };
export const CONTENT = patternBytes(GEOMETRY.sizeBytes, 1);

/** Lets everything that can go on go on. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function block(piece: number, index: number, length = BLOCK_BYTES): BlockRequest {
  return { piece, offset: index * BLOCK_BYTES, length };
}

/** Of the first two pieces, as if they were one, and again. */
export function blockAt(index: number): BlockRequest {
  return block(Math.floor(index / 64) % 2, index % 64);
}

export function blocks(piece: number, count: number): BlockRequest[] {
  return Array.from({ length: count }, (_, index) => block(piece, index));
}

/** What a peer asks in one burst. */
export async function ask(uploader: Uploader, requests: readonly BlockRequest[]): Promise<void> {
  for (const request of requests) uploader.request(request);
  await settle();
}

class FakeWire {
  readonly sent: BlockRequest[] = [];
  readonly rejected: BlockRequest[] = [];
  readonly closeReasons: string[] = [];
  wrongBytes = 0;
  queuedBytes = 0;
  /** The peer takes all at once. */
  isFast = false;
  #drained: (() => void)[] = [];

  get isClosed(): boolean {
    return this.closeReasons.length > 0;
  }
  block(piece: number, offset: number, data: Uint8Array): void {
    this.sent.push({ piece, offset, length: data.length });
    if (!this.isFast) this.queuedBytes += BLOCK_HEADER_BYTES + data.length;
    const start = piece * GEOMETRY.pieceLengthBytes + offset;
    if (Buffer.compare(data, CONTENT.subarray(start, start + data.length)) !== 0) this.wrongBytes += data.length;
  }
  reject(rejected: BlockRequest): void {
    this.rejected.push(rejected);
  }
  close(reason: string): void {
    this.closeReasons.push(reason);
  }
  drained(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#drained.push(resolve);
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  }
  get drainWaits(): number {
    return this.#drained.length;
  }
  drain(): void {
    this.queuedBytes = 0;
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}

/** An uploader whose reads answer when the test says so. */
export function setUp(options: Partial<UploaderOptions> = {}) {
  const wire = new FakeWire();
  const reads: {
    offset: number;
    length: number;
    signal: AbortSignal;
    answer: (bytes?: Uint8Array) => void;
    fail: () => void;
  }[] = [];
  let uploadedBytes = 0;
  const uploader = new Uploader({
    wire,
    geometry: GEOMETRY,
    hasPiece: () => true,
    nowMs: () => 0,
    read: (offset, length, { signal }) =>
      new Promise((resolve, reject) => {
        const answer = (bytes = CONTENT.subarray(offset, offset + length)): void => resolve(bytes);
        reads.push({ offset, length, signal, answer, fail: () => reject(new Error("The disk is gone")) });
      }),
    onUploaded: (bytes) => {
      uploadedBytes += bytes;
    },
    ...options,
  });
  uploader.setChoking(false);
  return { wire, reads, uploader, uploadedBytes: () => uploadedBytes };
}

/** The same for a peer that has taken 30 blocks as soon as they were there. */
export async function setUpFast() {
  const set = setUp();
  await ask(set.uploader, blocks(1, 30));
  for (let turn = 0; turn < 4; turn += 1) {
    set.reads.at(-1)!.answer();
    await settle();
    set.wire.drain();
    await settle();
  }
  for (const list of [set.reads, set.wire.sent]) list.length = 0;
  return set;
}
