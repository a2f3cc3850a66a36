import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** As ffprobe names and spells things, which it does in text except for the index. */
export interface ProbedPacket {
  readonly stream_index: number;
  readonly pts_time: string;
  readonly dts_time: string;
  readonly size: string;
  readonly flags: string;
  /** `MD5:` and hexadecimal digits. */
  readonly data_hash: string;
}

/** A film can have some hundred thousand packets, each of two hundred bytes of JSON. */
const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;

/** The packets of a file as ffprobe reads them off the container, in the order of the file. */
export async function probePackets(path: string): Promise<readonly ProbedPacket[]> {
  const entries = ["-show_entries", "packet=stream_index,pts_time,dts_time,size,flags,data_hash", "-of", "json"];
  const flags = ["-v", "error", "-fflags", "nofillin+noparse", "-show_data_hash", "MD5"];
  const { stdout } = await promisify(execFile)("ffprobe", [...flags, ...entries, path], {
    maxBuffer: OUTPUT_LIMIT_BYTES,
  });
  const probed: { packets: readonly ProbedPacket[] } = JSON.parse(stdout);
  return probed.packets;
}
