import {
  isInStep,
  nextInStep,
  PACKET_LENGTH_BYTES,
  type PacketLayout,
  parsePacket,
  RESYNCS_REQUIRED,
} from "./packets.ts";
import { parsePesHeader } from "./pes.ts";

/** When a PES packet is shown, and where it starts. */
export interface PesTime {
  readonly pid: number;
  /** Of its first transport packet, counted from the start of the bytes. */
  readonly position: number;
  /** 33 bits of 1/90 000 s. */
  readonly ptsTicks: number;
}

/** The times of the PES packets that begin in some bytes from the middle of a file, in order. */
export function* pesTimesIn(bytes: Uint8Array, layout: PacketLayout): Generator<PesTime> {
  const lastStart = bytes.length - layout.strideBytes;
  const lastSearched = bytes.length - RESYNCS_REQUIRED * layout.strideBytes;
  for (let at = nextInStep(bytes, layout, 0, lastSearched); at <= lastStart; at += layout.strideBytes) {
    if (!isInStep(bytes, layout, at, 1)) at = nextInStep(bytes, layout, at, lastSearched);
    const start = at + layout.packetOffset;
    const packet = parsePacket(bytes.subarray(start, start + PACKET_LENGTH_BYTES));
    const ptsTicks = packet?.startsUnit === true ? parsePesHeader(packet.payload)?.ptsTicks : undefined;
    if (packet !== undefined && ptsTicks !== undefined) yield { pid: packet.pid, position: at, ptsTicks };
  }
}
