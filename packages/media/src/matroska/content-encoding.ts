import { inflate } from "../codecs/inflate.ts";
import { elementsOf, fieldsOf, unsignedInteger } from "./ebml.ts";
import { ElementId } from "./element-ids.ts";

/** What was done to the frames of a track before they were stored (RFC 9559 §5.1.4.1.31). */
export type FrameEncoding =
  | { readonly kind: "plain" }
  /** All frames start with these bytes, which are left out of the file. */
  | { readonly kind: "stripped"; readonly prefix: Uint8Array }
  | { readonly kind: "zlib" }
  /** Encrypted, or packed in a way that no muxer of today writes. */
  | { readonly kind: "unreadable" };

/** Muxers strip start codes and sync words. A long prefix in front of a million tiny frames would only eat memory. */
const PREFIX_LIMIT_BYTES = 256;
/** The largest picture of a subtitle, a whole screen of Blu-ray, takes 2 MiB when it hardly compresses. */
const INFLATED_FRAME_LIMIT_BYTES = 4 * 1024 * 1024;

/** ContentCompAlgo values, §5.1.4.1.31.6. */
const ZLIB = 0;
const HEADER_STRIPPING = 3;
/** ContentEncodingScope, §5.1.4.1.31.3: the frames, and nothing else. */
const FRAMES_ONLY = 1;
/** ContentEncodingType, §5.1.4.1.31.4. */
const COMPRESSION = 0;

/** Parses the content of ContentEncodings, or its absence. */
export function parseContentEncodings(content: Uint8Array | undefined): FrameEncoding {
  if (content === undefined) return { kind: "plain" };
  const encodings = [...elementsOf(content)].filter(({ id }) => id === ElementId.contentEncoding);
  const [encoding] = encodings;
  if (encoding === undefined) return { kind: "plain" };
  // Several in a row are allowed and unheard of.
  if (encodings.length > 1) return { kind: "unreadable" };
  const fields = fieldsOf(encoding.content);
  const scope = unsignedInteger(fields.get(ElementId.contentEncodingScope)) || FRAMES_ONLY;
  const type = unsignedInteger(fields.get(ElementId.contentEncodingType)) ?? COMPRESSION;
  const compression = fields.get(ElementId.contentCompression);
  if (scope !== FRAMES_ONLY || type !== COMPRESSION || compression === undefined) return { kind: "unreadable" };
  return parseCompression(fieldsOf(compression));
}

/** A frame as its codec wants it; undefined if it is damaged, or would become larger than any honest one. */
export async function decodeFrame(stored: Uint8Array, encoding: FrameEncoding): Promise<Uint8Array | undefined> {
  return encoding.kind === "zlib" ? inflate(stored, INFLATED_FRAME_LIMIT_BYTES) : withPrefix(stored, encoding);
}

/** A frame with the bytes in front that its track leaves out, if it does. */
export function withPrefix(stored: Uint8Array, encoding: FrameEncoding): Uint8Array {
  if (encoding.kind !== "stripped") return stored;
  const whole = new Uint8Array(encoding.prefix.length + stored.length);
  whole.set(encoding.prefix);
  whole.set(stored, encoding.prefix.length);
  return whole;
}

function parseCompression(fields: ReadonlyMap<number, Uint8Array>): FrameEncoding {
  const algorithm = unsignedInteger(fields.get(ElementId.contentCompAlgo)) ?? ZLIB;
  if (algorithm === ZLIB) return { kind: "zlib" };
  const prefix = fields.get(ElementId.contentCompSettings) ?? new Uint8Array(0);
  return algorithm === HEADER_STRIPPING && prefix.length <= PREFIX_LIMIT_BYTES
    ? { kind: "stripped", prefix }
    : { kind: "unreadable" };
}
