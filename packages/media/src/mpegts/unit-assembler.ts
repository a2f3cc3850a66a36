import { startsWithStartCode } from "../codecs/annex-b.ts";
import type { TransportPacket } from "./packets.ts";
import { PES_FIXED_BYTES, PES_HEADER_LIMIT_BYTES, type PesHeader, parsePesHeader } from "./pes.ts";

/** What a PES packet carried, whole: a picture, or frames of sound. */
export interface PesUnit {
  readonly pid: number;
  /** Where in the file its first transport packet starts. */
  readonly offsetBytes: number;
  readonly isRandomAccess: boolean;
  /** As in `PesHeader`. */
  readonly ptsTicks: number | undefined;
  readonly dtsTicks: number | undefined;
  /** Whether anything of the track was lost right before it. */
  readonly followsLoss: boolean;
  readonly data: Uint8Array;
}

/** The largest pictures of films (8K, intra only) have half of it. */
const PICTURE_LIMIT_BYTES = 16 * 1024 * 1024;
/** A PES packet of sound has 64 KiB at most (§2.4.3.7: only those of pictures may leave out their length). */
const SOUND_LIMIT_BYTES = 128 * 1024;

type Draft = Omit<PesUnit, "data">;

/**
 * Puts the PES packets of one PID together again. What a lost or damaged packet tears a hole into is left out. A picture that
 * goes on in a PES packet without a time and without a start code stays one.
 */
export class UnitAssembler {
  readonly #pid: number;
  readonly #isPicture: boolean;
  /** Header and payload of a PES packet whose header is not there in full: nothing, in nearly all. */
  #opening: { readonly draft: Draft; readonly bytes: GrowingBytes } | undefined;
  #current: { readonly draft: Draft; readonly bytes: GrowingBytes; leftBytes: number } | undefined;
  #continuity: number | undefined;
  #hasLoss = false;

  constructor(pid: number, isPicture: boolean) {
    this.#pid = pid;
    this.#isPicture = isPicture;
  }

  /** Where the PES packet starts that is put together; undefined between two. */
  get openOffsetBytes(): number | undefined {
    return (this.#current ?? this.#opening)?.draft.offsetBytes;
  }

  /** Takes the next packet of the PID, from `offsetBytes` in the file, and gives the units that it completes. */
  push(packet: TransportPacket, offsetBytes: number): PesUnit[] {
    const expected = this.#continuity === undefined ? packet.continuity : (this.#continuity + 1) & 0x0f;
    // §2.4.3.3: a packet may be sent twice in a row.
    if (packet.continuity === this.#continuity && !packet.isDiscontinuity) return [];
    if (packet.continuity !== expected && !packet.isDiscontinuity) this.#lose();
    this.#continuity = packet.continuity;
    const units: PesUnit[] = [];
    if (packet.startsUnit) this.#open(packet, offsetBytes, units);
    else if (this.#opening !== undefined) this.#append(this.#opening.bytes, packet.payload);
    else if (this.#current !== undefined) this.#append(this.#current.bytes, this.#wanted(packet.payload));
    if (this.#opening !== undefined) this.#begin(units);
    this.#completeTold(units);
    return units;
  }

  /** No packet follows. */
  finish(): PesUnit[] {
    const units: PesUnit[] = [];
    this.#opening = undefined;
    this.#complete(units);
    return units;
  }

  #open({ payload, isRandomAccess }: TransportPacket, offsetBytes: number, units: PesUnit[]): void {
    if (this.#opening !== undefined) this.#lose();
    // Sound that says how long it is and is not is torn; a picture may go on.
    if (!this.#isPicture) this.#complete(units);
    const draft = { pid: this.#pid, offsetBytes, isRandomAccess, ptsTicks: undefined, dtsTicks: undefined };
    this.#opening = { draft: { ...draft, followsLoss: false }, bytes: new GrowingBytes() };
    this.#append(this.#opening.bytes, payload);
  }

  /** Turns what has been opened into what is current, as soon as its header is there. */
  #begin(units: PesUnit[]): void {
    const { draft, bytes } = this.#opening!;
    const header = parsePesHeader(bytes.view);
    if (header === undefined && isPrefixOfHeader(bytes.view)) return;
    this.#opening = undefined;
    if (header === undefined) {
      this.#complete(units);
      this.#lose();
      return;
    }
    const payload = bytes.view.subarray(header.headerLengthBytes);
    const current = this.#current;
    if (current !== undefined && this.#isPicture && header.ptsTicks === undefined && !startsWithStartCode(payload)) {
      current.leftBytes += header.payloadLengthBytes;
      this.#append(current.bytes, this.#wanted(payload));
      return;
    }
    this.#complete(units);
    this.#start(draft, header, payload);
  }

  #start(draft: Draft, header: PesHeader, payload: Uint8Array): void {
    const { ptsTicks, dtsTicks, payloadLengthBytes } = header;
    const bytes = new GrowingBytes();
    this.#current = {
      draft: { ...draft, ptsTicks, dtsTicks, followsLoss: this.#hasLoss },
      bytes,
      leftBytes: payloadLengthBytes,
    };
    this.#hasLoss = false;
    this.#append(bytes, this.#wanted(payload));
  }

  /** As much of a payload as belongs to the current unit, which says how long it is. */
  #wanted(payload: Uint8Array): Uint8Array {
    const current = this.#current!;
    const wanted = payload.length > current.leftBytes ? payload.subarray(0, current.leftBytes) : payload;
    current.leftBytes -= wanted.length;
    return wanted;
  }

  #append(bytes: GrowingBytes, part: Uint8Array): void {
    const limitBytes = this.#isPicture ? PICTURE_LIMIT_BYTES : SOUND_LIMIT_BYTES;
    if (bytes.length + part.length > limitBytes) this.#lose();
    else bytes.append(part);
  }

  /** Sound is complete as soon as its last byte is there; a picture may go on in another PES packet. */
  #completeTold(units: PesUnit[]): void {
    if (!this.#isPicture && this.#current?.leftBytes === 0) this.#complete(units);
  }

  #complete(units: PesUnit[]): void {
    const current = this.#current;
    if (current === undefined) return;
    const isWhole = current.leftBytes === 0 || current.leftBytes === Number.POSITIVE_INFINITY;
    if (isWhole) units.push({ ...current.draft, data: current.bytes.view.slice() });
    else this.#hasLoss = true;
    this.#current = undefined;
  }

  #lose(): void {
    this.#opening = undefined;
    this.#current = undefined;
    this.#hasLoss = true;
  }
}

/** Whether bytes are the start of a PES header whose end is missing. */
function isPrefixOfHeader(bytes: Uint8Array): boolean {
  if (bytes.length < PES_FIXED_BYTES) return true;
  const isStart = bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 1 && (bytes[6] ?? 0) >> 6 === 2;
  return isStart && bytes.length < PES_FIXED_BYTES + (bytes[8] ?? 0) && bytes.length < PES_HEADER_LIMIT_BYTES;
}

const FIRST_CAPACITY_BYTES = 4096;

/** Bytes that more are put behind, without copying all of them each time. */
class GrowingBytes {
  #bytes = new Uint8Array(FIRST_CAPACITY_BYTES);
  length = 0;

  /** What is there; only until more is. */
  get view(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  append(part: Uint8Array): void {
    const length = this.length + part.length;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, length));
      grown.set(this.view);
      this.#bytes = grown;
    }
    this.#bytes.set(part, this.length);
    this.length = length;
  }
}
