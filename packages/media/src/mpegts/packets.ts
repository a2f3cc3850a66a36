/** How packets of a transport stream follow each other. */
export interface PacketLayout {
  /** 188 (ISO/IEC 13818-1 §2.4.3), or 192 with a timestamp before each packet (Blu-ray, AVCHD). */
  readonly strideBytes: number;
  /** Where in the stride the packet itself starts. */
  readonly packetOffset: number;
}

export const PACKET_LENGTH_BYTES = 188;
const SYNC_BYTE = 0x47;
/** Five sync bytes at the right distance: no other file starts that way by chance. */
const SYNCS_REQUIRED = 5;

const LAYOUTS: readonly PacketLayout[] = [
  { strideBytes: 188, packetOffset: 0 },
  { strideBytes: 192, packetOffset: 4 },
];

/** The layout that the first packets of a file follow, or undefined if they are no transport stream. */
export function packetLayoutOf(head: Uint8Array): PacketLayout | undefined {
  return LAYOUTS.find((layout) => isInStep(head, layout, 0, SYNCS_REQUIRED));
}

/** A packet's part of a stream of sections or of a track. */
export interface TransportPacket {
  readonly pid: number;
  /** Whether a section or a PES packet begins in this payload. */
  readonly startsUnit: boolean;
  readonly payload: Uint8Array;
  /** continuity_counter: one more than in the packet of this PID before, from 15 on to 0. */
  readonly continuity: number;
  /** discontinuity_indicator: the counter may leap here. */
  readonly isDiscontinuity: boolean;
  /** random_access_indicator. */
  readonly isRandomAccess: boolean;
}

/** The PID of the packet that starts at a position. */
export function pidAt(bytes: Uint8Array, position: number): number {
  return (((bytes[position + 1] ?? 0) & 0x1f) << 8) | (bytes[position + 2] ?? 0);
}

/** Parses one packet (§2.4.3.2); undefined if it is out of sync, in error, scrambled, or has no payload. */
export function parsePacket(bytes: Uint8Array): TransportPacket | undefined {
  const [sync = 0, second = 0, , fourth = 0, adaptationLength = 0, adaptationFlags = 0] = bytes;
  const isInError = (second & 0x80) !== 0;
  const isScrambled = (fourth & 0xc0) !== 0;
  const hasPayload = (fourth & 0x10) !== 0;
  if (bytes.length < PACKET_LENGTH_BYTES || sync !== SYNC_BYTE) return undefined;
  if (isInError || isScrambled || !hasPayload) return undefined;
  const hasAdaptation = (fourth & 0x20) !== 0;
  const flags = hasAdaptation && adaptationLength > 0 ? adaptationFlags : 0;
  return {
    pid: pidAt(bytes, 0),
    startsUnit: (second & 0x40) !== 0,
    payload: bytes.subarray(hasAdaptation ? 5 + adaptationLength : 4, PACKET_LENGTH_BYTES),
    continuity: fourth & 0x0f,
    isDiscontinuity: (flags & 0x80) !== 0,
    isRandomAccess: (flags & 0x40) !== 0,
  };
}

/** Where the first stride in `[from, to)` starts that is followed by others in step; `to` if there is none. */
export function nextInStep(bytes: Uint8Array, layout: PacketLayout, from: number, to: number): number {
  for (let start = from; start < to; start += 1) {
    const sync = bytes.indexOf(SYNC_BYTE, start + layout.packetOffset);
    start = sync - layout.packetOffset;
    if (sync < 0 || start >= to) break;
    if (isInStep(bytes, layout, start, RESYNCS_REQUIRED)) return start;
  }
  return to;
}

/** Sync bytes in a row that end a search for the next packet in the middle of a file: three agree once in 16 million places. */
export const RESYNCS_REQUIRED = 3;

/** Whether `count` packets follow each other from a stride on. */
export function isInStep(bytes: Uint8Array, layout: PacketLayout, start: number, count: number): boolean {
  for (let index = 0; index < count; index += 1) {
    if (bytes[start + layout.packetOffset + index * layout.strideBytes] !== SYNC_BYTE) return false;
  }
  return true;
}
