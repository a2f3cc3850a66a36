import type { CodedTrack, Packet } from "../packet.ts";
import { sectionOf, splitFields } from "./ass-script.ts";
import { assTime } from "./clock-time.ts";
import { linesOf } from "./lines.ts";
import { DEFAULT_CUE_SECONDS } from "./text-cue.ts";

/** ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect, Text (Matroska Codec Specifications §4.5.3, "S_TEXT/ASS"). */
const BLOCK_FIELDS = 9;

/** Lines of effects with a drawing reach some hundred KiB. Longer ones are left out: half a drawing is none. */
export const TEXT_PACKET_LIMIT_BYTES = 1024 * 1024;

/** A thousand styles take a fifth of it. */
const HEADER_LIMIT_BYTES = 1024 * 1024;

/** The fields of a Matroska block of ASS or SSA; undefined if some are missing, or the track is of another kind. */
export function assBlockFields(track: CodedTrack, packet: Packet): string[] | undefined {
  if (track.track.kind !== "subtitle" || track.track.codec !== "ass") return undefined;
  if (packet.data.length > TEXT_PACKET_LIMIT_BYTES) return undefined;
  const fields = splitFields(new TextDecoder().decode(packet.data), BLOCK_FIELDS);
  return fields.length === BLOCK_FIELDS ? fields : undefined;
}

/**
 * The `Dialogue:` line that a Matroska block of ASS or SSA was made of, in the format of `assDocument`; undefined if the packet
 * holds none. One line, whatever the packet holds.
 */
export function assEventLine(packet: Packet, track: CodedTrack): string | undefined {
  const fields = assBlockFields(track, packet);
  if (fields === undefined) return undefined;
  const [, layer = "", ...others] = fields.map(onOneLine);
  const times = [packet.ptsTicks / track.timescale, endSecondsOf(packet, track)].map(assTime);
  return `Dialogue: ${[layer || "0", ...times, ...others].join(",")}`;
}

/** When a packet of text is no longer shown: after DEFAULT_CUE_SECONDS if the container does not say. */
export function endSecondsOf({ ptsTicks, durationTicks }: Packet, { timescale }: CodedTrack): number {
  return (ptsTicks + (durationTicks ?? DEFAULT_CUE_SECONDS * timescale)) / timescale;
}

/**
 * An ASS script of the header that a track keeps (`CodedTrack.configuration`) and the lines of `assEventLine`. Events of the header
 * are left out, and its format of events gives way to that of the lines, in which Matroska puts every script.
 */
export function assDocument(header: Uint8Array, lines: readonly string[]): string {
  const script = new TextDecoder().decode(header.subarray(0, HEADER_LIMIT_BYTES)).replaceAll("\0", "");
  const kept: string[] = [];
  let section: string | undefined;
  for (const line of linesOf(script)) {
    const started = sectionOf(line);
    section = started ?? section;
    if (section === "events" || line.trim() === "") continue;
    if (started !== undefined && kept.length > 0) kept.push("");
    kept.push(line);
  }
  return [...kept, "", "[Events]", EVENT_FORMAT, ...lines, ""].join("\n");
}

const EVENT_FORMAT = "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text";

function onOneLine(field: string): string {
  return field
    .replaceAll("\0", "")
    .replace(/[\r\n]+$/, "")
    .replace(/\r\n?|\n/g, "\\N");
}
