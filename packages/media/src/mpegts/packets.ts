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
  return LAYOUTS.find(({ strideBytes, packetOffset }) =>
    Array.from({ length: SYNCS_REQUIRED }, (_, index) => head[packetOffset + index * strideBytes]).every(
      (byte) => byte === SYNC_BYTE,
    ),
  );
}

/** A packet's part of a stream of sections or of a track. */
export interface Packet {
  readonly pid: number;
  /** Whether a section or a PES packet begins in this payload. */
  readonly startsUnit: boolean;
  readonly payload: Uint8Array;
}

/** Parses one packet (§2.4.3.2); undefined if it is out of sync, in error, or has no payload. */
export function parsePacket(bytes: Uint8Array): Packet | undefined {
  const [sync = 0, second = 0, third = 0, fourth = 0, adaptationLength = 0] = bytes;
  const isInError = (second & 0x80) !== 0;
  const hasPayload = (fourth & 0x10) !== 0;
  if (bytes.length < PACKET_LENGTH_BYTES || sync !== SYNC_BYTE || isInError || !hasPayload) return undefined;
  const hasAdaptation = (fourth & 0x20) !== 0;
  const payloadStart = hasAdaptation ? 5 + adaptationLength : 4;
  return {
    pid: ((second & 0x1f) << 8) | third,
    startsUnit: (second & 0x40) !== 0,
    payload: bytes.subarray(payloadStart, PACKET_LENGTH_BYTES),
  };
}
