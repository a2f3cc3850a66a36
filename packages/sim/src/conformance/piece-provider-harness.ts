import {
  type ByteRange,
  mergeRanges,
  type PieceProvider,
  type StreamError,
  subtractRanges,
  type Urgency,
} from "@riptide/core";
import { expect } from "vitest";
import { createRandom } from "../random.ts";

export interface PieceProviderHarness {
  /** Creates a provider of one file of which nothing has arrived yet. The file is the last of its torrent. */
  create(file: {
    readonly bytes: Uint8Array;
    /** A power of two, at least 16 KiB. */
    readonly pieceLengthBytes: number;
    /** Where the file begins in its torrent, whose pieces are counted from the torrent's start. Default 0. */
    readonly fileOffsetBytes?: number;
  }): Promise<PieceProviderUnderTest>;
}

export interface PieceProviderUnderTest {
  readonly provider: PieceProvider;
  /** Lets a piece of the torrent arrive and be verified; resolves when it is there. */
  deliver(piece: number): Promise<void>;
  /** Lets what is waiting fail, once. */
  fail(error: StreamError): Promise<void>;
  /**
   * File offsets demanded at this moment, waiting reads included. Ranges may be cut to what is missing and rounded
   * outwards to whole pieces.
   */
  demands(): readonly { readonly range: ByteRange; readonly urgency: Urgency }[];
  /** Resolves when everything has happened that can happen without another call. */
  settle(): Promise<void>;
  dispose(): Promise<void>;
}

export const PIECE = 16 * 1024;
/** The last piece is short, as it is in nearly every torrent. */
export const FILE_LENGTH = 4 * PIECE + 1000;
export const TRUTH = createRandom(1).bytes(FILE_LENGTH);
/** A read so long that its memory may be lent (`ChunkPool`), and a file that holds it at two places. */
export const LONG_READ = 40 * PIECE;
export const LONG_TRUTH = createRandom(2).bytes(LONG_READ + 8 * PIECE);
export const NEVER = new AbortController().signal;

/** Follows a promise, and keeps its rejection from being reported as unhandled before a test looks at it. */
export function watch<T>(promise: Promise<T>): {
  readonly promise: Promise<T>;
  state: "waiting" | "resolved" | "rejected";
} {
  const watched: ReturnType<typeof watch<T>> = { promise, state: "waiting" };
  const end = (state: "resolved" | "rejected") => (): void => {
    watched.state = state;
  };
  promise.then(end("resolved"), end("rejected"));
  return watched;
}

export function expectPrefix(bytes: Uint8Array, offset: number, atMost: number, truth = TRUTH): void {
  expect(bytes.length).toBeGreaterThan(0);
  expect(bytes.length).toBeLessThanOrEqual(atMost);
  expectBytes(bytes, truth.subarray(offset, offset + bytes.length));
}

/** Compares without the matcher, which takes a tenth of a second for a file. */
export function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  expect(actual.findIndex((byte, index) => byte !== expected[index])).toBe(-1);
}

/** Demands of this urgency cover the range, and pass it by less than a piece on either side. */
export function expectDemanded(under: PieceProviderUnderTest, range: ByteRange, urgency: Urgency): void {
  const demanded = mergeRanges(under.demands().flatMap((demand) => (demand.urgency === urgency ? [demand.range] : [])));
  const rounded = { start: Math.max(0, range.start - PIECE + 1), end: Math.min(FILE_LENGTH, range.end + PIECE - 1) };
  expect(subtractRanges(range, demanded)).toEqual([]);
  expect(demanded.flatMap((part) => subtractRanges(part, [rounded]))).toEqual([]);
}

export function fileRange(piece: number, fileOffsetBytes: number): ByteRange {
  const start = piece * PIECE - fileOffsetBytes;
  return { start: Math.max(0, start), end: Math.min(FILE_LENGTH, start + PIECE) };
}

export async function readAll(provider: PieceProvider, readLength: number): Promise<Uint8Array> {
  const file = new Uint8Array(FILE_LENGTH);
  let offset = 0;
  for (;;) {
    const bytes = await provider.readAt(offset, readLength, { signal: NEVER });
    if (bytes.length === 0) return file;
    file.set(bytes, offset);
    offset += bytes.length;
  }
}
