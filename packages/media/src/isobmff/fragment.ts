import { ByteCursor } from "../byte-cursor.ts";
import type { FilmSample } from "../samples/reading-order.ts";
import type { Sample } from "../samples/sample.ts";
import { boxAt, boxesOf } from "./box.ts";
import type { FilmTrack } from "./film-tracks.ts";

/** A `moof` box (ISO/IEC 14496-12 §8.8.4) and where it lies in the file. */
export interface MovieFragment {
  readonly offset: number;
  readonly content: Uint8Array;
}

/** What samples are like that do not say it themselves. */
interface Defaults {
  readonly durationTicks: number;
  readonly sizeBytes: number;
  readonly flags: number;
}

/** A moof takes up to 16 bytes per sample: this is more than an hour of video and audio. */
export const MOOF_LIMIT_BYTES = 4 * 1024 * 1024;
/** Samples in one moof. Those that say nothing of themselves take no room in it, and must not make more work than others. */
const SAMPLES_LIMIT = 200_000;
/** Runs in one track of a moof: some writers start one for each change between tracks. */
const RUNS_LIMIT = 20_000;

/** §8.8.7 and §8.8.8: flags of `tfhd` and `trun`, "what is there". */
const TfhdFlag = { baseOffset: 1, description: 2, duration: 8, size: 0x10, flags: 0x20, baseIsMoof: 0x20000 } as const;
const TrunFlag = { offset: 1, firstFlags: 4, duration: 0x100, size: 0x200, flags: 0x400, composition: 0x800 } as const;
/** §8.8.3.1: the bit of the sample flags that means "decoding cannot start here". */
const IS_NON_SYNC_SAMPLE = 0x10000;

const NO_DEFAULTS: Defaults = { durationTicks: 0, sizeBytes: 0, flags: 0 };

/** Reads the movie fragments of one film, one after the other. */
export class FragmentParser {
  readonly #tracks: ReadonlyMap<number, FilmTrack>;
  /** By track, from the moov. */
  readonly #defaults: ReadonlyMap<number, Defaults>;
  /** By track: when the next fragment starts that does not say it, in ticks of the media. */
  readonly #nextTicks: Map<number, number>;

  /**
   * @param startSeconds when the first fragment starts if it does not say it, in the time of the film; by default where the
   *   samples end that the moov lists
   */
  constructor(moov: Uint8Array, tracks: readonly FilmTrack[], startSeconds?: number) {
    this.#tracks = new Map(tracks.map((track) => [track.coded.number, track]));
    this.#defaults = defaultsByTrack(moov);
    this.#nextTicks = new Map(tracks.map((track) => [track.coded.number, startTicksOf(track, startSeconds)]));
  }

  /**
   * The samples of a fragment in the order of its tracks. Throws `damaged_media` where a box is shorter than its fields.
   */
  samplesOf(moof: MovieFragment): FilmSample[] {
    const draft: Draft = { samples: [], left: SAMPLES_LIMIT };
    // §8.8.7.1: without a base of its own a track starts where the data of the one before ends, the first at the moof.
    let dataOffset = moof.offset;
    for (const { type, content } of boxesOf(moof.content)) {
      if (type === "traf") dataOffset = this.#readTrack(content, { moofOffset: moof.offset, dataOffset }, draft);
    }
    return draft.samples;
  }

  /** Returns where the data of the track ends. */
  #readTrack(traf: Uint8Array, base: { moofOffset: number; dataOffset: number }, draft: Draft): number {
    const header = this.#readHeader(traf, base);
    if (header === undefined) return base.dataOffset;
    const track = this.#tracks.get(header.trackNumber);
    let { baseOffset: offsetBytes } = header;
    let ticks = startTicks(traf) ?? this.#nextTicks.get(header.trackNumber) ?? 0;
    for (const { type, content } of boxesOf(traf, RUNS_LIMIT)) {
      if (type !== "trun") continue;
      for (const sample of readRun(content, { ...header, offsetBytes, ticks })) {
        offsetBytes = sample.offsetBytes + sample.sizeBytes;
        ticks = sample.dtsTicks + sample.durationTicks;
        if (draft.left === 0) break;
        draft.left -= 1;
        if (track !== undefined)
          draft.samples.push({ trackNumber: header.trackNumber, sample: shifted(sample, track) });
      }
    }
    this.#nextTicks.set(header.trackNumber, ticks);
    return offsetBytes;
  }

  /** §8.8.7. */
  #readHeader(traf: Uint8Array, base: { moofOffset: number; dataOffset: number }) {
    const tfhd = boxAt(traf, "tfhd");
    if (tfhd === undefined) return undefined;
    const cursor = new ByteCursor(tfhd, "fragment header");
    const flags = cursor.skip(1).u24();
    const trackNumber = cursor.u32();
    const trackDefaults = this.#defaults.get(trackNumber) ?? NO_DEFAULTS;
    const impliedOffset = (flags & TfhdFlag.baseIsMoof) === 0 ? base.dataOffset : base.moofOffset;
    const baseOffset = (flags & TfhdFlag.baseOffset) === 0 ? impliedOffset : cursor.u64();
    if ((flags & TfhdFlag.description) !== 0) cursor.skip(4);
    const defaults: Defaults = {
      durationTicks: (flags & TfhdFlag.duration) === 0 ? trackDefaults.durationTicks : cursor.u32(),
      sizeBytes: (flags & TfhdFlag.size) === 0 ? trackDefaults.sizeBytes : cursor.u32(),
      flags: (flags & TfhdFlag.flags) === 0 ? trackDefaults.flags : cursor.u32(),
    };
    return { trackNumber, baseOffset, defaults };
  }
}

/** The samples of a fragment, and how many more it may have. */
interface Draft {
  readonly samples: FilmSample[];
  left: number;
}

interface RunStart {
  readonly baseOffset: number;
  readonly defaults: Defaults;
  /** Where the run starts if it does not say it: behind the one before. */
  readonly offsetBytes: number;
  readonly ticks: number;
}

/** §8.8.8. */
function* readRun(trun: Uint8Array, start: RunStart): Generator<Sample, void> {
  const { baseOffset, defaults } = start;
  const cursor = new ByteCursor(trun, "fragment run");
  const flags = cursor.skip(1).u24();
  const count = cursor.u32();
  let offsetBytes = (flags & TrunFlag.offset) === 0 ? start.offsetBytes : baseOffset + (cursor.u32() | 0);
  const firstFlags = (flags & TrunFlag.firstFlags) === 0 ? undefined : cursor.u32();
  let dtsTicks = start.ticks;
  for (let index = 0; index < count; index += 1) {
    const durationTicks = (flags & TrunFlag.duration) === 0 ? defaults.durationTicks : cursor.u32();
    const sizeBytes = (flags & TrunFlag.size) === 0 ? defaults.sizeBytes : cursor.u32();
    const ownFlags = (flags & TrunFlag.flags) === 0 ? defaults.flags : cursor.u32();
    const sampleFlags = index === 0 ? (firstFlags ?? ownFlags) : ownFlags;
    // Signed in version 1; and in version 0, where no film has offsets that tell them apart.
    const ptsTicks = dtsTicks + ((flags & TrunFlag.composition) === 0 ? 0 : cursor.u32() | 0);
    const isKeyframe = (sampleFlags & IS_NON_SYNC_SAMPLE) === 0;
    yield { offsetBytes, sizeBytes, dtsTicks, ptsTicks, durationTicks, isKeyframe };
    offsetBytes += sizeBytes;
    dtsTicks += durationTicks;
  }
}

function startTicksOf({ coded, shiftTicks, list }: FilmTrack, startSeconds: number | undefined): number {
  if (startSeconds !== undefined) return Math.round(startSeconds * coded.timescale) - shiftTicks;
  const [last] = list.samples(list.count === 0 ? [] : [list.count - 1]);
  return last === undefined ? 0 : last.dtsTicks + last.durationTicks - shiftTicks;
}

function shifted(sample: Sample, { coded, shiftTicks }: FilmTrack): Sample {
  return {
    ...sample,
    dtsTicks: sample.dtsTicks + shiftTicks,
    ptsTicks: sample.ptsTicks + shiftTicks,
    isKeyframe: sample.isKeyframe || coded.track.kind !== "video",
  };
}

/** §8.8.12: the decoding time of the first sample; undefined where it is missing or no number. */
function startTicks(traf: Uint8Array): number | undefined {
  const tfdt = boxAt(traf, "tfdt");
  if (tfdt === undefined) return undefined;
  const cursor = new ByteCursor(tfdt, "fragment time");
  const isLong = cursor.u8() === 1;
  const ticks = isLong ? cursor.skip(3).u64() : cursor.skip(3).u32();
  return Number.isSafeInteger(ticks) ? ticks : undefined;
}

/** §8.8.3. */
function defaultsByTrack(moov: Uint8Array): Map<number, Defaults> {
  const byTrack = new Map<number, Defaults>();
  for (const { type, content } of boxesOf(boxAt(moov, "mvex") ?? new Uint8Array(0))) {
    if (type !== "trex") continue;
    const cursor = new ByteCursor(content, "fragment defaults").skip(4);
    const trackNumber = cursor.u32();
    const [durationTicks, sizeBytes, flags] = [cursor.skip(4).u32(), cursor.u32(), cursor.u32()];
    byTrack.set(trackNumber, { durationTicks, sizeBytes, flags });
  }
  return byTrack;
}
