import { damagedMedia } from "../damaged.ts";
import type { ProbeResult } from "../probe-result.ts";
import type { MediaReader } from "../reader.ts";
import { numberTracks, TRACKS_LIMIT, type TrackDraft } from "../track-list.ts";
import { PAGE_HEADER_LIMIT_BYTES, pageHeaderOf } from "./pages.ts";
import { trackOfFirstPacket } from "./streams.ts";

/**
 * Reads the pages that begin the logical streams of an Ogg file: they all come first, and each holds exactly one
 * packet (RFC 3533 §4, §6). The duration is in the last page only, and stays undefined.
 * Throws `MediaError` `damaged_media`.
 */
export async function probeOgg(reader: MediaReader): Promise<ProbeResult> {
  const drafts: TrackDraft[] = [];
  let offset = 0;
  for (let count = 0; count < TRACKS_LIMIT; count += 1) {
    const page = pageHeaderOf(await reader.bytes(offset, PAGE_HEADER_LIMIT_BYTES));
    if (page === undefined || !page.isBeginningOfStream) break;
    if (offset + page.lengthBytes > reader.sizeBytes) throw damagedMedia("its first Ogg page is cut off");
    const whole = await reader.bytes(offset, page.lengthBytes);
    const draft = trackOfFirstPacket(whole.subarray(page.headerLengthBytes));
    if (draft !== undefined) drafts.push(draft);
    offset += page.lengthBytes;
  }
  if (offset === 0) throw damagedMedia("its first Ogg page begins no stream");
  return { durationSeconds: undefined, tracks: numberTracks(drafts), keyIndex: undefined, isFastStart: undefined };
}
