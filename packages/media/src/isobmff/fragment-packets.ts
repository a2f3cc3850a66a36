import { MediaError } from "@riptide/core";
import type { Packet } from "../packet.ts";
import { areasOf, type FilmSample } from "../samples/reading-order.ts";
import { isReadable } from "../samples/sample.ts";
import { packetsIn, type StreamReader } from "../samples/stream-reader.ts";
import { BOX_HEADER_LIMIT_BYTES, type BoxHeader, boxHeaderOf } from "./box.ts";
import { type FragmentParser, MOOF_LIMIT_BYTES, type MovieFragment } from "./fragment.ts";

/** Boxes between one fragment and the next: real files have a handful. */
const BOXES_LIMIT = 256;

export interface FragmentRequest {
  readonly parser: FragmentParser;
  readonly tracks: ReadonlySet<number>;
  /** Where the stretch ends. */
  readonly endOffset: number;
}

/**
 * The packets of all fragments (ISO/IEC 14496-12 §8.8) from where `reader` is, at the start of some box, to the end of the stretch:
 * within a fragment in the order of their bytes. It ends at the first box that leads nowhere.
 */
export async function* fragmentPackets(
  reader: StreamReader,
  request: FragmentRequest,
): AsyncGenerator<readonly Packet[], void> {
  let pending: FilmSample[] = [];
  for (let boxes = 0; boxes < BOXES_LIMIT && reader.position < request.endOffset; boxes += 1) {
    const offset = reader.position;
    const header = await nextHeader(reader);
    if (header === undefined) return;
    const endOffset = Math.min(offset + header.lengthBytes, request.endOffset);
    if (header.type === "moof" && endOffset - reader.position <= MOOF_LIMIT_BYTES) {
      const content = await reader.take(endOffset - reader.position);
      if (content === undefined) return;
      pending = wantedSamples({ offset, content }, request);
      boxes = 0;
    } else if (header.type === "mdat") {
      const inside = forwardSamples(pending, { start: reader.position, end: endOffset });
      for (const area of areasOf(inside)) {
        if (!(yield* packetsIn(area, reader))) return;
      }
      pending = pending.filter(({ sample }) => sample.offsetBytes >= endOffset);
    }
    reader.skipTo(endOffset);
  }
}

async function nextHeader(reader: StreamReader): Promise<BoxHeader | undefined> {
  const taken = await reader.take(BOX_HEADER_LIMIT_BYTES / 2);
  if (taken === undefined) return undefined;
  const short = taken.slice(); // its own, for the rest may come in the next chunk
  // A size of 1 announces that the size comes behind the type (§4.2).
  if (new DataView(short.buffer, short.byteOffset).getUint32(0) !== 1) return boxHeaderOf(short);
  const rest = await reader.take(BOX_HEADER_LIMIT_BYTES / 2);
  return rest && boxHeaderOf(Uint8Array.of(...short, ...rest));
}

function wantedSamples(moof: MovieFragment, { parser, tracks, endOffset }: FragmentRequest): FilmSample[] {
  try {
    return parser
      .samplesOf(moof)
      .filter(({ trackNumber, sample }) => tracks.has(trackNumber) && isReadable(sample, endOffset))
      .sort((left, right) => left.sample.offsetBytes - right.sample.offsetBytes);
  } catch (error) {
    if (error instanceof MediaError) return [];
    throw error;
  }
}

/** Those that lie in a range, one behind the other: what overlaps the one before is left out. */
function forwardSamples(sorted: readonly FilmSample[], range: { start: number; end: number }): FilmSample[] {
  let position = range.start;
  return sorted.filter(({ sample }) => {
    const end = sample.offsetBytes + sample.sizeBytes;
    if (sample.offsetBytes < position || end > range.end) return false;
    position = end;
    return true;
  });
}
