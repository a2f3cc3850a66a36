import type { FastStartLayout } from "../../src/index.ts";
import { bytes } from "./build.ts";

/** The rearranged file as a whole. */
export function assemble({ parts }: Pick<FastStartLayout, "parts">, file: Uint8Array): Uint8Array {
  return bytes(
    ...parts.map((part) => (part.kind === "bytes" ? part.bytes : file.subarray(part.range.start, part.range.end))),
  );
}
