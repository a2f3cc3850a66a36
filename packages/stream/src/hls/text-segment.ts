import type { StreamContext } from "@riptide/core";
import { type CodedTrack, cueFromPacket, type Segment, type TextCue, webVttDocument } from "@riptide/media";
import { type ReadPacketsOptions, readPackets } from "../film-packets.ts";
import type { Presentation } from "./presentation.ts";

/** A screen full of text each second for an hour: more is no text of a film. */
const TEXT_LIMIT_CHARACTERS = 4 * 1024 * 1024;

/**
 * The text of a segment as WebVTT. A line that begins in the segment before and is still shown is repeated (RFC 8216 §3.5), but
 * only as far as the bytes of that segment are there already: nothing is fetched for it. Rejects with what the provider rejects with.
 */
export async function textSegment(
  { film, plan }: Pick<Presentation, "film" | "plan">,
  coded: CodedTrack,
  segment: Segment,
  { provider, signal }: StreamContext,
): Promise<string> {
  const cuesOf = async (part: Segment, options: Omit<ReadPacketsOptions, "signal"> = {}): Promise<TextCue[]> => {
    const wanted = { stretch: part.stretch, tracks: new Set([coded.number]) };
    return collectCues(coded, readPackets(film.demuxer, wanted, provider, { signal, ...options }));
  };
  const before = plan[segment.number - 1];
  const earlier = before === undefined ? [] : await cuesOf(before, { isAvailableOnly: true });
  const stillShown = earlier.filter(({ endSeconds }) => endSeconds > segment.startSeconds);
  return webVttDocument([...stillShown, ...(await cuesOf(segment))], { timestampMap: true });
}

async function collectCues(coded: CodedTrack, packets: ReturnType<typeof readPackets>): Promise<TextCue[]> {
  const cues: TextCue[] = [];
  let characters = 0;
  for await (const packet of packets) {
    const found = packet.flatMap((each) => cueFromPacket(coded, each) ?? []);
    characters += found.reduce((sum, { text }) => sum + text.length, 0);
    if (characters > TEXT_LIMIT_CHARACTERS) break;
    cues.push(...found);
  }
  return cues;
}
