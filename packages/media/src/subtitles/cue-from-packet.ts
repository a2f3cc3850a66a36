import { boxAt, boxesOf } from "../isobmff/box.ts";
import type { CodedTrack, Packet } from "../packet.ts";
import { assBlockFields, endSecondsOf, TEXT_PACKET_LIMIT_BYTES } from "./ass-document.ts";
import { type AssStyles, stylesOf } from "./ass-script.ts";
import { assCueText } from "./ass-text.ts";
import { srtCueText } from "./srt-text.ts";
import type { TextCue } from "./text-cue.ts";
import { timedTextPayload } from "./timed-text.ts";
import { safePayload, safeSettings } from "./webvtt-text.ts";

/**
 * The cue that a packet of a text track holds: SRT, WebVTT, ASS or 3GPP timed text. Undefined if there is nothing to read in it, or
 * if it is no text. Without a duration it is shown for DEFAULT_CUE_SECONDS; if that is 0, it is not shown. Never throws.
 */
export function cueFromPacket(track: CodedTrack, packet: Packet): TextCue | undefined {
  const content = contentOf(track, packet);
  const startSeconds = packet.ptsTicks / track.timescale;
  const endSeconds = endSecondsOf(packet, track);
  return content === undefined || content.text === "" || !(endSeconds > startSeconds)
    ? undefined
    : { startSeconds, endSeconds, ...content };
}

type CueContent = Pick<TextCue, "text" | "settings">;

function contentOf({ track, ...coded }: CodedTrack, packet: Packet): CueContent | undefined {
  if (track.kind !== "subtitle" || packet.data.length > TEXT_PACKET_LIMIT_BYTES) return undefined;
  switch (track.codec) {
    case "srt":
      return srtCueText(new TextDecoder().decode(packet.data));
    case "ass":
      return assContent({ track, ...coded }, packet);
    case "webvtt":
      return webVttContent(track.codecTag, packet.data);
    case "mov_text":
      return { text: timedTextPayload(packet.data), settings: "" };
    case "pgs":
    case "vobsub":
    case "dvb":
    case "unknown":
      return undefined;
  }
}

function assContent(track: CodedTrack, packet: Packet): CueContent | undefined {
  const fields = assBlockFields(track, packet);
  return fields && assCueText(fields.at(-1) ?? "", trackStyles(track.configuration).named(fields[2] ?? ""));
}

/** A header is read once for all packets of its track. */
const stylesByHeader = new WeakMap<Uint8Array, AssStyles>();

function trackStyles(header: Uint8Array): AssStyles {
  const known = stylesByHeader.get(header);
  if (known !== undefined) return known;
  const styles = stylesOf(new TextDecoder().decode(header));
  stylesByHeader.set(header, styles);
  return styles;
}

/**
 * Matroska's blocks hold the payload alone (settings are in a BlockAddition, which nobody passes on); those of WebM's older way hold
 * an identifier, settings and payload, a line each; samples of MP4 hold boxes (ISO/IEC 14496-30 §7.5).
 */
function webVttContent(codecTag: string, data: Uint8Array): CueContent {
  if (codecTag === "wvtt") return boxedContent(data);
  const text = new TextDecoder().decode(data);
  if (!codecTag.startsWith("D_WEBVTT/")) return { text: safePayload(text), settings: "" };
  const [, , settings = "", payload = ""] = /^([^\n]*)\n([^\n]*)\n([^]*)$/.exec(text) ?? [];
  return { text: safePayload(payload), settings: safeSettings(settings) };
}

/** All cues of a sample are shown at once, and become one. `vtte`, which says that there is none, holds nothing. */
function boxedContent(sample: Uint8Array): CueContent {
  const cues = [...boxesOf(sample)].filter(({ type }) => type === "vttc");
  const field = (type: string): string[] =>
    cues.map(({ content }) => new TextDecoder().decode(boxAt(content, type) ?? new Uint8Array(0)));
  return { text: safePayload(field("payl").join("\n")), settings: safeSettings(field("sttg")[0] ?? "") };
}
