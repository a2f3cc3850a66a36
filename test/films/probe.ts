import { execFile } from "node:child_process";
import { promisify } from "node:util";

interface ProbedStream {
  readonly codec_type: "video" | "audio" | "subtitle";
  readonly codec_name: string;
  readonly codec_tag_string: string;
  readonly width?: number;
  readonly height?: number;
  readonly has_b_frames?: number;
  readonly channels?: number;
  readonly avg_frame_rate: string;
  readonly tags?: { readonly language?: string; readonly title?: string };
}

export interface Probed {
  readonly streams: readonly ProbedStream[];
  readonly format: { readonly format_name: string; readonly duration?: string; readonly size: string };
}

/** What ffprobe says of a file. */
export async function probe(path: string): Promise<Probed> {
  const wanted = ["-show_streams", "-show_format", "-of", "json"];
  const { stdout } = await promisify(execFile)("ffprobe", ["-v", "error", ...wanted, path]);
  return JSON.parse(stdout);
}
