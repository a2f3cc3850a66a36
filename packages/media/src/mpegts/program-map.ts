import { damagedMedia } from "../damaged.ts";
import type { MediaReader } from "../reader.ts";
import { PACKET_LENGTH_BYTES, type PacketLayout, parsePacket } from "./packets.ts";
import { type ProgramMap, parseProgramAssociation, parseProgramMap, SectionAssembler } from "./sections.ts";

/** Tables come at least twice a second; this is half a second at 32 Mb/s. */
const SCAN_LIMIT_BYTES = 2 * 1024 * 1024;
/** About 16 KiB at a time, so that nothing is read far behind the table. */
const PACKETS_PER_READ = 80;
const PROGRAM_ASSOCIATION_PID = 0;

/** The first program map of a transport stream (ISO/IEC 13818-1 §2.4.4). Throws `MediaError` `damaged_media`. */
export async function findProgramMap(reader: MediaReader, layout: PacketLayout): Promise<ProgramMap> {
  const assemblers = new Map([[PROGRAM_ASSOCIATION_PID, new SectionAssembler()]]);
  const readLengthBytes = layout.strideBytes * PACKETS_PER_READ;
  const end = Math.min(reader.sizeBytes, SCAN_LIMIT_BYTES);
  for (let offset = 0; offset < end; offset += readLengthBytes) {
    const bytes = await reader.bytes(offset, readLengthBytes);
    for (let start = layout.packetOffset; start < bytes.length; start += layout.strideBytes) {
      const program = takePacket(assemblers, bytes.subarray(start, start + PACKET_LENGTH_BYTES));
      if (program !== undefined) return program;
    }
  }
  throw damagedMedia("it does not say which tracks it has");
}

/** Feeds one packet to its PID; the program map that it completes, or undefined. */
function takePacket(assemblers: Map<number, SectionAssembler>, bytes: Uint8Array): ProgramMap | undefined {
  const packet = parsePacket(bytes);
  const section = packet && assemblers.get(packet.pid)?.push(packet);
  if (section === undefined) return undefined;
  for (const pid of parseProgramAssociation(section)) {
    if (!assemblers.has(pid)) assemblers.set(pid, new SectionAssembler());
  }
  return parseProgramMap(section);
}
