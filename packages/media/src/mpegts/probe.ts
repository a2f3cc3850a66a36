import { damagedMedia } from "../damaged.ts";
import type { ProbeResult } from "../probe-result.ts";
import type { MediaReader } from "../reader.ts";
import { SNIFF_LENGTH_BYTES } from "../sniff-length.ts";
import { numberTracks } from "../track-list.ts";
import { PACKET_LENGTH_BYTES, packetLayoutOf, parsePacket } from "./packets.ts";
import { type ProgramMap, parseProgramAssociation, parseProgramMap, SectionAssembler } from "./sections.ts";
import { tracksOfProgram } from "./streams.ts";

/**
 * Reads a transport stream as far as its first program map (ISO/IEC 13818-1 §2.4.4). Duration, picture size and codec
 * parameters are not in the tables, and stay undefined. Throws `MediaError` `damaged_media`.
 */
export async function probeMpegts(reader: MediaReader): Promise<ProbeResult> {
  const program = await findProgramMap(reader);
  return {
    durationSeconds: undefined,
    tracks: numberTracks(tracksOfProgram(program)),
    keyIndex: undefined,
    isFastStart: undefined,
  };
}

/** Tables come at least twice a second; this is half a second at 32 Mb/s. */
const SCAN_LIMIT_BYTES = 2 * 1024 * 1024;
/** About 16 KiB at a time, so that nothing is read far behind the table. */
const PACKETS_PER_READ = 80;
const PROGRAM_ASSOCIATION_PID = 0;

async function findProgramMap(reader: MediaReader): Promise<ProgramMap> {
  const layout = packetLayoutOf(await reader.bytes(0, SNIFF_LENGTH_BYTES));
  if (layout === undefined) throw damagedMedia("its packets are out of step");
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
