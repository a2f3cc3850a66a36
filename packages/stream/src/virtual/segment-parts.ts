import { MediaError, rangeLength } from "@riptide/core";
import type { ByteStream } from "@riptide/media";
import { fragmenterOf } from "../film-fragments.ts";
import type { PreparedFilm } from "../film-tracks.ts";
import type { LentReads } from "../lent-reads.ts";
import type { PlacedSegment } from "./film-layout.ts";
import { padFragment } from "./padding.ts";

/** An hour of sound in frames of 20 ms. Each costs some hundred bytes beside its data, and they may hold a byte each. */
const PACKETS_LIMIT = 200_000;

/**
 * The bytes of a segment of a virtual film, as buffers to be sent in order: exactly as many as were set aside for it. They
 * depend on the bytes of the film alone. Data of its packets is held by `reads`, for whoever sends the buffers to release.
 *
 * Rejects with `not_seekable` if it needs more, which only films do that were made to; with what `stream` rejects with.
 */
export async function segmentParts(
  { film, tracks }: PreparedFilm,
  { number, range, stretch }: PlacedSegment,
  { stream, reads }: { readonly stream: ByteStream; readonly reads: LentReads },
): Promise<Uint8Array[]> {
  const budgetBytes = rangeLength(range);
  // Chromium needs the whole of what the index refers to in one fragment: it never ends a seek into several.
  const wholeSegment = {
    firstSeconds: Number.POSITIVE_INFINITY,
    cutsAtKeyframes: false,
    pendingLimitBytes: Number.POSITIVE_INFINITY,
    firstSequenceNumber: number + 1,
  };
  const fragmenter = fragmenterOf(tracks, wholeSegment);
  const wanted = { stretch, tracks: new Set(tracks.map(({ mux }) => mux.coded.number)) };
  let payloadBytes = 0;
  let packetCount = 0;
  for await (const packets of film.demuxer.packets({ ...wanted, open: () => stream })) {
    for (const packet of packets) {
      payloadBytes += packet.data.length;
      packetCount += 1;
      if (payloadBytes > budgetBytes || packetCount > PACKETS_LIMIT) throw overBudget();
      reads.hold(packet.data);
      fragmenter.push(packet);
    }
  }
  const fragment = fragmenter.finish().flat();
  if (fragment.reduce((sum, { length }) => sum + length, 0) > budgetBytes) throw overBudget();
  return padFragment(fragment, budgetBytes);
}

function overBudget(): MediaError {
  return new MediaError(
    "not_seekable",
    "This film has more frames than its header says, so it cannot be a file of fixed length. Play it by remux.mp4.",
  );
}
