/** One sample (ISO/IEC 14496-12 §3.1.14) and where its bytes lie. Times are in ticks of its track. */
export interface Sample {
  /** Untrusted: may lie beyond the end of the file. */
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly dtsTicks: number;
  readonly ptsTicks: number;
  readonly durationTicks: number;
  readonly isKeyframe: boolean;
}

/** The samples of one track in decoding order, numbered from 0. */
export interface SampleList {
  readonly count: number;
  /** How long a sample lasts where all are alike, or all but the last. */
  readonly packetTicks: number | undefined;
  /** Numbers of those where decoding can start, ascending; undefined if it can start at all of them. */
  readonly syncNumbers: Uint32Array | undefined;
  /** When a sample is decoded: never earlier than the one before. For numbers below `count`. */
  dtsTicksOf(number: number): number;
  /** The samples with these numbers, which ascend. It ends at the first number that is not below `count`. */
  samples(numbers: Iterable<number>): Generator<Sample, void>;
}

/** The largest frame that is read: ProRes at 8K takes about 20 MiB. Larger ones are left out. */
const SAMPLE_LIMIT_BYTES = 32 * 1024 * 1024;

/** Whether a sample has bytes that can be read from a file of `fileSizeBytes`. */
export function isReadable(sample: Pick<Sample, "offsetBytes" | "sizeBytes">, fileSizeBytes: number): boolean {
  const { offsetBytes, sizeBytes } = sample;
  return sizeBytes > 0 && sizeBytes <= SAMPLE_LIMIT_BYTES && offsetBytes + sizeBytes <= fileSizeBytes;
}
