import { BOX_HEADER_BYTES } from "./boxes.ts";
import { NON_SYNC_SAMPLE, SYNC_SAMPLE } from "./sample-flags.ts";
import type { TimedSample } from "./timed-sample.ts";

/** Samples of one track that follow each other in decoding order. */
export interface TrackRun {
  readonly trackId: number;
  readonly samples: readonly TimedSample[];
}

/**
 * One fragment (ISO/IEC 14496-12 §8.8): `moof` and the header of `mdat` in one buffer, then the samples of each run as they
 * were given, not copied. A sample lasts until the next of its run is decoded, the last one as long as it says. Runs without
 * samples are left out; without any, there is no fragment. The samples together are shorter than 2 GiB.
 */
export function fragment(sequenceNumber: number, runs: readonly TrackRun[]): Uint8Array[] {
  const trafs = trafsOf(runs);
  if (trafs.length === 0) return [];
  const moofLengthBytes = moofLength(trafs);
  const header = new HeaderWriter(moofLengthBytes + BOX_HEADER_BYTES);
  header.box(moofLengthBytes, "moof").box(MFHD_BYTES, "mfhd").u32(0).u32(sequenceNumber);
  let dataOffset = moofLengthBytes + BOX_HEADER_BYTES;
  for (const traf of trafs) {
    writeTraf(header, traf, dataOffset);
    dataOffset += traf.dataLengthBytes;
  }
  header.box(dataOffset - moofLengthBytes, "mdat");
  return [header.bytes, ...trafs.flatMap(({ samples }) => samples.map(({ data }) => data))];
}

/** How long `fragment` of these runs is. */
export function fragmentLengthBytes(runs: readonly TrackRun[]): number {
  const trafs = trafsOf(runs);
  if (trafs.length === 0) return 0;
  return trafs.reduce((sum, { dataLengthBytes }) => sum + dataLengthBytes, moofLength(trafs) + BOX_HEADER_BYTES);
}

/** A run, and how few fields per sample it can be written with. */
interface Traf {
  readonly trackId: number;
  readonly samples: readonly TimedSample[];
  readonly dataLengthBytes: number;
  /** What all samples have in common; undefined: it is written for each. */
  readonly durationTicks: number | undefined;
  readonly sizeBytes: number | undefined;
  /** Of all samples but the first; undefined: flags are written for each. */
  readonly flags: number | undefined;
  readonly isFirstDifferent: boolean;
  readonly hasOffsets: boolean;
}

const MFHD_BYTES = 16;
const TFDT_BYTES = 20;
/** Box header, version and flags, track ID; box header, version and flags, sample count, data offset. */
const TFHD_FIXED_BYTES = 16;
const TRUN_FIXED_BYTES = 20;
const FIELD_BYTES = 4;

/** tf_flags (§8.8.7.1) and tr_flags (§8.8.8.1). */
const DEFAULT_DURATION = 0x08;
const DEFAULT_SIZE = 0x10;
const DEFAULT_FLAGS = 0x20;
const DEFAULT_BASE_IS_MOOF = 0x020000;
const DATA_OFFSET = 0x01;
const FIRST_SAMPLE_FLAGS = 0x04;
const SAMPLE_DURATION = 0x100;
const SAMPLE_SIZE = 0x200;
const SAMPLE_FLAGS = 0x400;
const SAMPLE_OFFSET = 0x800;
/** Composition offsets are signed. */
const VERSION_1 = 0x01000000;

function trafsOf(runs: readonly TrackRun[]): Traf[] {
  return runs.filter(({ samples }) => samples.length > 0).map(trafOf);
}

function trafOf({ trackId, samples }: TrackRun): Traf {
  const flags = samples.map(flagsOf);
  const commonFlags = common(flags.length > 1 ? flags.slice(1) : flags);
  return {
    trackId,
    samples,
    dataLengthBytes: samples.reduce((sum, { data }) => sum + data.length, 0),
    durationTicks: common(samples.map((_, index) => durationOf(samples, index))),
    sizeBytes: common(samples.map(({ data }) => data.length)),
    flags: commonFlags,
    isFirstDifferent: commonFlags !== undefined && commonFlags !== flags[0],
    hasOffsets: samples.some(({ ptsTicks, dtsTicks }) => ptsTicks !== dtsTicks),
  };
}

function common(values: readonly number[]): number | undefined {
  return values.every((value) => value === values[0]) ? values[0] : undefined;
}

function flagsOf({ isKeyframe }: TimedSample): number {
  return isKeyframe ? SYNC_SAMPLE : NON_SYNC_SAMPLE;
}

function durationOf(samples: readonly TimedSample[], index: number): number {
  const sample = samples[index]!;
  const next = samples[index + 1];
  return Math.min(next === undefined ? sample.durationTicks : next.dtsTicks - sample.dtsTicks, U32_LIMIT);
}

const U32_LIMIT = 0xffffffff;

function moofLength(trafs: readonly Traf[]): number {
  return trafs.reduce((sum, traf) => sum + trafLength(traf), BOX_HEADER_BYTES + MFHD_BYTES);
}

function trafLength(traf: Traf): number {
  return BOX_HEADER_BYTES + tfhdLength(traf) + TFDT_BYTES + trunLength(traf);
}

function tfhdLength({ durationTicks, sizeBytes, flags }: Traf): number {
  const defaults = [durationTicks, sizeBytes, flags].filter((value) => value !== undefined);
  return TFHD_FIXED_BYTES + defaults.length * FIELD_BYTES;
}

function trunLength(traf: Traf): number {
  const { durationTicks, sizeBytes, flags, hasOffsets, isFirstDifferent, samples } = traf;
  const fields = [durationTicks, sizeBytes, flags].filter((value) => value === undefined).length + Number(hasOffsets);
  return TRUN_FIXED_BYTES + FIELD_BYTES * (Number(isFirstDifferent) + fields * samples.length);
}

function writeTraf(header: HeaderWriter, traf: Traf, dataOffset: number): void {
  const { durationTicks, sizeBytes, flags, samples } = traf;
  header.box(trafLength(traf), "traf").box(tfhdLength(traf), "tfhd");
  const defaultDuration = durationTicks === undefined ? 0 : DEFAULT_DURATION;
  const defaultSize = sizeBytes === undefined ? 0 : DEFAULT_SIZE;
  const defaultFlags = flags === undefined ? 0 : DEFAULT_FLAGS;
  header.u32(DEFAULT_BASE_IS_MOOF | defaultDuration | defaultSize | defaultFlags).u32(traf.trackId);
  for (const value of [durationTicks, sizeBytes, flags]) if (value !== undefined) header.u32(value);
  header.box(TFDT_BYTES, "tfdt").u32(VERSION_1).u64(samples[0]!.dtsTicks);
  writeTrun(header, traf, dataOffset);
}

function writeTrun(header: HeaderWriter, traf: Traf, dataOffset: number): void {
  const { durationTicks, sizeBytes, flags, hasOffsets, isFirstDifferent, samples } = traf;
  const first = isFirstDifferent ? FIRST_SAMPLE_FLAGS : 0;
  const duration = durationTicks === undefined ? SAMPLE_DURATION : 0;
  const size = sizeBytes === undefined ? SAMPLE_SIZE : 0;
  const perSample = duration | size | (flags === undefined ? SAMPLE_FLAGS : 0) | (hasOffsets ? SAMPLE_OFFSET : 0);
  header.box(trunLength(traf), "trun").u32(VERSION_1 | DATA_OFFSET | first | perSample);
  header.u32(samples.length).u32(dataOffset);
  if (isFirstDifferent) header.u32(flagsOf(samples[0]!));
  for (const [index, sample] of samples.entries()) {
    if (durationTicks === undefined) header.u32(durationOf(samples, index));
    if (sizeBytes === undefined) header.u32(sample.data.length);
    if (flags === undefined) header.u32(flagsOf(sample));
    if (hasOffsets) header.i32(sample.ptsTicks - sample.dtsTicks);
  }
}

/** Writes boxes into a buffer whose length is known. */
class HeaderWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(lengthBytes: number) {
    this.bytes = new Uint8Array(lengthBytes);
    this.#view = new DataView(this.bytes.buffer);
  }

  box(lengthBytes: number, type: string): this {
    this.u32(lengthBytes);
    for (let index = 0; index < 4; index += 1) this.bytes[this.#position++] = type.charCodeAt(index);
    return this;
  }

  u32(value: number): this {
    this.#view.setUint32(this.#position, value);
    this.#position += 4;
    return this;
  }

  /** What does not fit is as large as it can be. */
  i32(value: number): this {
    return this.u32(Math.max(-(2 ** 31), Math.min(value, 2 ** 31 - 1)));
  }

  u64(value: number): this {
    this.#view.setBigUint64(this.#position, BigInt(value));
    this.#position += 8;
    return this;
  }
}
