import type { Packet } from "../packet.ts";
import { concatenate } from "../reader.ts";
import type { SoundFrame, SoundFraming } from "./sound-framing.ts";
import type { AviTrack } from "./tracks.ts";

const NOTHING = new Uint8Array(0);

/** Where, in the bytes at hand, a chunk begins. */
interface Mark {
  readonly place: number;
  /** Its position (`StreamClock`). */
  readonly position: number;
}

/**
 * Makes frames of the chunks of a sound: chunks of a constant rate end anywhere in a frame. A frame has the time of its first
 * byte, or, where chunks are what counts, that of the chunk in which it begins, later by the frames before it there.
 *
 * Where it enters a stream, and behind damage, a frame counts if one of its kind follows it: so frames are the same wherever it
 * enters.
 */
export class SoundFramer {
  readonly #track: AviTrack;
  readonly #framing: SoundFraming;
  readonly #endPosition: number;
  #held: Uint8Array = NOTHING;
  /** Of the chunks that the bytes at hand come from, in order. */
  #marks: Mark[] = [];
  /** Of the frames that began in the chunk of the first mark. */
  #secondsSinceMark = 0;
  #isInStep = false;

  /** @param endPosition frames that begin there or later are left out */
  constructor(track: AviTrack, framing: SoundFraming, endPosition: number) {
    this.#track = track;
    this.#framing = framing;
    this.#endPosition = endPosition;
  }

  /** How many bytes behind `endPosition` complete the last frame: 0 if it is complete. */
  get missingBytes(): number {
    const heldBytes = this.#held.length;
    if (heldBytes === 0 || this.#enter(0) >= this.#endPosition) return 0;
    const { headBytes, lookAheadBytes, limitBytes } = this.#framing;
    const isTold = this.#isInStep && heldBytes >= headBytes;
    const frame = isTold ? this.#framing.frameAt(this.#held, 0) : undefined;
    // Out of step, the frame behind it must be seen too.
    return (frame?.lengthBytes ?? limitBytes + headBytes) + lookAheadBytes - (frame === undefined ? 0 : heldBytes);
  }

  /** The frames that are complete with the next chunk, or the part of one that begins at `position`. */
  push(data: Uint8Array, position: number): Packet[] {
    if (this.#track.clock.countsBytes && this.#held.length > 0 && this.#nextPosition !== position) {
      // What lies between is missing: nothing that has begun will end.
      this.#drop();
      this.#isInStep = false;
    }
    this.#marks.push({ place: this.#held.length, position });
    this.#held = this.#held.length === 0 ? data : concatenate([this.#held, data]);
    return this.#cut(false);
  }

  /** Nothing comes any more: returns the frames that were waiting for what follows them. */
  finish(): Packet[] {
    return this.#cut(true);
  }

  #cut(isAtEnd: boolean): Packet[] {
    const packets: Packet[] = [];
    let place = 0;
    while (place < this.#held.length) {
      const position = this.#enter(place);
      if (position >= this.#endPosition) {
        this.#drop();
        return packets;
      }
      const frame = this.#frameAt(place, position, isAtEnd);
      if (frame === undefined) break;
      if (frame.isFrame) packets.push(this.#packet(place, position, frame));
      this.#isInStep = frame.isFrame;
      place += frame.lengthBytes;
    }
    this.#consume(Math.min(place, this.#held.length));
    return packets;
  }

  /** What to do with the bytes at a place: take a frame, or pass over some that are none. Undefined: wait for more. */
  #frameAt(place: number, position: number, isAtEnd: boolean): (SoundFrame & { isFrame: boolean }) | undefined {
    const { headBytes, lookAheadBytes, limitBytes, syncByte } = this.#framing;
    const leftBytes = this.#held.length - place;
    if (syncByte === undefined) return this.#plainFrameAt(place, position, isAtEnd);
    if (!this.#isInStep && this.#held[place] !== syncByte) return passedOver(this.#distanceTo(syncByte, place));
    if (leftBytes < headBytes) return isAtEnd ? passedOver(leftBytes) : undefined;
    const frame = this.#framing.frameAt(this.#held, place);
    if (frame === undefined || frame.lengthBytes > limitBytes) return passedOver(1);
    const behindBytes = leftBytes - frame.lengthBytes;
    const neededBytes = this.#isInStep ? lookAheadBytes : Math.max(headBytes, lookAheadBytes);
    if (behindBytes < neededBytes && !isAtEnd) return undefined;
    if (behindBytes < 0) return passedOver(this.#isInStep ? leftBytes : 1);
    const next = behindBytes < headBytes ? frame : this.#framing.frameAt(this.#held, place + frame.lengthBytes);
    const isFollowed = next?.sampleRateHz === frame.sampleRateHz && next.samples === frame.samples;
    return this.#isInStep || isFollowed ? { ...frame, isFrame: true } : passedOver(1);
  }

  #plainFrameAt(place: number, position: number, isAtEnd: boolean): (SoundFrame & { isFrame: boolean }) | undefined {
    const frame = this.#framing.frameAt(this.#held, place)!;
    const beyondBytes = position % frame.lengthBytes;
    if (beyondBytes > 0) return passedOver(frame.lengthBytes - beyondBytes);
    const lengthBytes = Math.min(frame.lengthBytes, this.#held.length - place);
    if (lengthBytes < frame.lengthBytes && !isAtEnd) return undefined;
    return { ...frame, lengthBytes, samples: (frame.samples * lengthBytes) / frame.lengthBytes, isFrame: true };
  }

  #distanceTo(byte: number, place: number): number {
    const next = this.#held.indexOf(byte, place);
    return (next === -1 ? this.#held.length : next) - place;
  }

  #packet(place: number, position: number, frame: SoundFrame): Packet {
    const { coded, clock } = this.#track;
    const seconds = frame.samples / frame.sampleRateHz;
    const laterTicks = clock.countsBytes ? 0 : Math.round(this.#secondsSinceMark * coded.timescale);
    const ptsTicks = clock.ticksAt(position) + laterTicks;
    this.#secondsSinceMark += seconds;
    return {
      trackNumber: coded.number,
      ptsTicks,
      dtsTicks: ptsTicks,
      durationTicks: Math.round(seconds * coded.timescale),
      isKeyframe: true,
      data: this.#held.subarray(place, place + frame.lengthBytes),
    };
  }

  /** Passes the marks in front of a place, and tells its position. */
  #enter(place: number): number {
    while (this.#marks[1] !== undefined && this.#marks[1].place <= place) {
      this.#marks.shift();
      this.#secondsSinceMark = 0;
    }
    const [mark = { place, position: 0 }] = this.#marks;
    return mark.position + (this.#track.clock.countsBytes ? place - mark.place : 0);
  }

  get #nextPosition(): number {
    const mark = this.#marks.at(-1);
    return mark === undefined ? 0 : mark.position + this.#held.length - mark.place;
  }

  #consume(lengthBytes: number): void {
    // What waits for the next chunk is copied: the memory of this one is only lent (`ByteStream.next`).
    this.#held = this.#held.slice(lengthBytes);
    this.#marks = this.#marks.map(({ place, position }) => ({ place: place - lengthBytes, position }));
    if (this.#held.length === 0) this.#drop();
  }

  #drop(): void {
    this.#held = NOTHING;
    this.#marks = [];
    this.#secondsSinceMark = 0;
  }
}

function passedOver(lengthBytes: number): SoundFrame & { isFrame: boolean } {
  return { lengthBytes, samples: 0, sampleRateHz: 1, isFrame: false };
}
