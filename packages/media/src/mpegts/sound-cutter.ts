import { concatenate } from "../reader.ts";
import { CLOCK_HZ } from "./clock.ts";
import type { SoundFrame, SoundFrameParser } from "./sound-frames.ts";
import type { PesUnit } from "./unit-assembler.ts";

/** A frame of sound, and when it is heard. */
export interface CutFrame {
  readonly frame: SoundFrame;
  /** As PTS counts, but not turned back to 0, and not whole. */
  readonly ptsTicks: number;
  /** What of it goes into a packet. */
  readonly data: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/**
 * Cuts the payloads of PES packets into frames of sound, which may go on from one into the next (ISO/IEC 13818-1 §2.4.3.7: the
 * time is that of the first frame that begins there). A frame belongs to the PES packet in which it begins.
 */
export class SoundCutter {
  readonly #parse: SoundFrameParser;
  /** The start of a frame whose end is in the next PES packet. */
  #rest: Uint8Array = NOTHING;
  #nextTicks: number | undefined;
  #isInStep = false;

  constructor(parse: SoundFrameParser) {
    this.#parse = parse;
  }

  get hasRest(): boolean {
    return this.#rest.length > 0;
  }

  /** The frames that the next PES packet completes. */
  push(unit: PesUnit): CutFrame[] {
    return this.#cut(unit, Number.POSITIVE_INFINITY);
  }

  /** The frame that began before the PES packet, if that completes it. The others are left out, and nothing is kept. */
  complete(unit: PesUnit): CutFrame[] {
    const frames = this.#cut(unit, this.#rest.length);
    this.#reset();
    return frames;
  }

  #cut(unit: PesUnit, startLimit: number): CutFrame[] {
    if (unit.followsLoss) this.#reset();
    const boundary = this.#rest.length;
    const stream = boundary === 0 ? unit.data : concatenate([this.#rest, unit.data]);
    this.#rest = NOTHING;
    let toldTicks = unit.ptsTicks;
    const frames: CutFrame[] = [];
    for (let position = 0; position < Math.min(stream.length, startLimit); ) {
      const frame = this.#frameAt(stream, position);
      const end = position + (frame?.lengthBytes ?? HEADER_BYTES);
      const isCut = end > stream.length;
      if (position >= boundary && (frame !== undefined || isCut)) {
        this.#nextTicks = toldTicks ?? this.#nextTicks;
        toldTicks = undefined;
      }
      if (isCut) {
        this.#rest = stream.slice(position);
        break;
      }
      this.#isInStep = frame !== undefined;
      if (frame !== undefined) frames.push(...this.#timed(frame, stream.slice(position + frame.skippedBytes, end)));
      position = frame === undefined ? position + 1 : end;
    }
    return frames;
  }

  #timed(frame: SoundFrame, data: Uint8Array): CutFrame[] {
    const ptsTicks = this.#nextTicks;
    if (ptsTicks === undefined) return [];
    this.#nextTicks = ptsTicks + (frame.samples * CLOCK_HZ) / frame.sampleRateHz;
    return [{ frame, ptsTicks, data }];
  }

  #reset(): void {
    this.#rest = NOTHING;
    this.#nextTicks = undefined;
    this.#isInStep = false;
  }

  /** Out of step, a frame counts only if another one follows it, or nothing does. */
  #frameAt(stream: Uint8Array, position: number): SoundFrame | undefined {
    const frame = this.#parse(stream, position);
    if (frame === undefined || frame.lengthBytes > FRAME_LIMIT_BYTES) return undefined;
    if (this.#isInStep) return frame;
    const next = position + frame.lengthBytes;
    const isFollowed = stream.length - next < HEADER_BYTES || this.#parse(stream, next) !== undefined;
    return isFollowed ? frame : undefined;
  }
}

/** Less of a frame than this tells nothing of it: the longest header is that of Dolby and of DTS. */
const HEADER_BYTES = 16;
/** Four times the longest frames, those of DTS-HD. */
const FRAME_LIMIT_BYTES = 128 * 1024;
