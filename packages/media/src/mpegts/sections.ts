import { ByteCursor } from "../byte-cursor.ts";
import type { TransportPacket } from "./packets.ts";

/** A stream that a program map lists. */
export interface ElementaryStream {
  /** ISO/IEC 13818-1 table 2-34. */
  readonly streamType: number;
  /** Of the packets that carry it. */
  readonly pid: number;
  /** Descriptors by tag, in order (§2.6). */
  readonly descriptors: readonly Descriptor[];
}

export interface Descriptor {
  readonly tag: number;
  readonly content: Uint8Array;
}

export interface ProgramMap {
  readonly descriptors: readonly Descriptor[];
  readonly streams: readonly ElementaryStream[];
}

/** §2.4.4.1: table id and length of a section; of PAT and PMT the length is at most 1021. */
const SECTION_HEADER_LENGTH_BYTES = 3;
const CRC_LENGTH_BYTES = 4;
const PROGRAM_ASSOCIATION_TABLE = 0x00;
const PROGRAM_MAP_TABLE = 0x02;

/** Puts the sections of one PID together again: a long one spans several packets. */
export class SectionAssembler {
  /** At most one section, 4 KiB: the length field has twelve bits. */
  #pending: number[] | undefined;

  /** Takes the next packet of the PID; the section that it completes, or undefined. */
  push(packet: Pick<TransportPacket, "startsUnit" | "payload">): Uint8Array | undefined {
    if (packet.startsUnit) {
      // §2.4.4.2: pointer_field counts the bytes of the section before.
      const pointer = packet.payload[0] ?? 0;
      this.#pending = [...packet.payload.subarray(1 + pointer)];
    } else {
      this.#pending?.push(...packet.payload);
    }
    const [, high = 0, low = 0] = this.#pending ?? [];
    const lengthBytes = SECTION_HEADER_LENGTH_BYTES + (((high & 0x0f) << 8) | low);
    if (this.#pending === undefined || this.#pending.length < Math.max(lengthBytes, SECTION_HEADER_LENGTH_BYTES + 1)) {
      return undefined;
    }
    const section = Uint8Array.from(this.#pending.slice(0, lengthBytes));
    this.#pending = undefined;
    return section;
  }
}

/** §2.4.4.3: the PIDs of the program maps that a program association section lists; empty for other sections. */
export function parseProgramAssociation(section: Uint8Array): number[] {
  const cursor = sectionBody(section, PROGRAM_ASSOCIATION_TABLE);
  if (cursor === undefined) return [];
  const pids: number[] = [];
  while (cursor.remaining >= 4) {
    const programNumber = cursor.u16();
    const pid = cursor.u16() & 0x1fff;
    // Program 0 is the network information table.
    if (programNumber !== 0) pids.push(pid);
  }
  return pids;
}

/** §2.4.4.8: a program map section; undefined for other sections. Throws `damaged_media` if it is inconsistent. */
export function parseProgramMap(section: Uint8Array): ProgramMap | undefined {
  const cursor = sectionBody(section, PROGRAM_MAP_TABLE);
  if (cursor === undefined) return undefined;
  const descriptors = parseDescriptors(cursor.skip(2).bytes(cursor.u16() & 0x0fff));
  const streams: ElementaryStream[] = [];
  while (cursor.remaining >= 5) {
    const streamType = cursor.u8();
    const pid = cursor.u16() & 0x1fff;
    streams.push({ streamType, pid, descriptors: parseDescriptors(cursor.bytes(cursor.u16() & 0x0fff)) });
  }
  return { descriptors, streams };
}

/** What lies between the common section header and the CRC. */
function sectionBody(section: Uint8Array, tableId: number): ByteCursor | undefined {
  const bodyEnd = section.length - CRC_LENGTH_BYTES;
  return section[0] === tableId && bodyEnd > 8
    ? new ByteCursor(section.subarray(8, bodyEnd), "program table")
    : undefined;
}

function parseDescriptors(bytes: Uint8Array): Descriptor[] {
  const cursor = new ByteCursor(bytes, "program table");
  const descriptors: Descriptor[] = [];
  while (cursor.remaining >= 2) {
    const tag = cursor.u8();
    descriptors.push({ tag, content: cursor.bytes(cursor.u8()) });
  }
  return descriptors;
}
