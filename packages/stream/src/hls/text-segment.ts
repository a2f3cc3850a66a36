import type { StreamContext } from "@riptide/core";
import { type CodedTrack, cueFromPacket, type Segment, type TextCue, webVttDocument } from "@riptide/media";
import { readPackets } from "../film-packets.ts";
import type { Presentation } from "./presentation.ts";

/**
 * The text of a segment as WebVTT. A line that begins in the segment before and is still shown is repeated (RFC 8216 §3.5), but
 * only if the bytes of that segment are there already: nothing is fetched for it.
 */
export async function textSegment(
  presentation: Presentation,
  coded: CodedTrack,
  number: number,
  context: StreamContext,
): Promise<string> {
  const { plan } = presentation;
  const segment = plan[number];
  const before = plan[number - 1];
  const isThere = before !== undefined && isAvailable(before, context);
  const cues = await Promise.all([
    isThere ? cuesOf(presentation, before, coded, context) : [],
    segment === undefined ? [] : cuesOf(presentation, segment, coded, context),
  ]);
  const [earlier, own] = cues;
  const stillShown = earlier.filter(({ endSeconds }) => endSeconds > (segment?.startSeconds ?? 0));
  return webVttDocument([...stillShown, ...own], { timestampMap: true });
}

async function cuesOf(
  { film }: Presentation,
  { stretch }: Segment,
  coded: CodedTrack,
  { provider, signal }: StreamContext,
): Promise<TextCue[]> {
  const cues: TextCue[] = [];
  const wanted = { stretch, tracks: new Set([coded.number]) };
  for await (const packets of readPackets(film.demuxer, wanted, provider, { signal })) {
    for (const packet of packets) cues.push(...[cueFromPacket(coded, packet) ?? []].flat());
  }
  return cues;
}

function isAvailable({ stretch }: Segment, { provider }: StreamContext): boolean {
  const range = { start: stretch.from?.offsetBytes ?? 0, end: stretch.to?.offsetBytes ?? provider.sizeBytes };
  const [first] = provider.available(range);
  return first !== undefined && first.start === range.start && first.end === range.end;
}
