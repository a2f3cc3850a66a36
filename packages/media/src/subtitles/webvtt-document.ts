import { finished, type Steps } from "../steps.ts";
import { webVttTime } from "./clock-time.ts";
import type { TextCue } from "./text-cue.ts";
import { safePayload, safeSettings } from "./webvtt-text.ts";

/**
 * A WebVTT file (W3C WebVTT §4.1) of cues, which are put in order of their start; those that are there twice are written once.
 * Whatever the cues hold, each becomes one cue at most: a blank one, or one that ends before 0 or before it starts, none.
 * @param options.timestampMap whether to say that cue times and media times have one origin (RFC 8216 §3.5): segments of HLS need it
 */
export function webVttDocument(cues: readonly TextCue[], options: { readonly timestampMap?: boolean } = {}): string {
  return finished(webVttDocumentSteps(cues, options));
}

export function* webVttDocumentSteps(
  cues: readonly TextCue[],
  options: { readonly timestampMap?: boolean } = {},
): Steps<string> {
  const header = options.timestampMap === true ? `WEBVTT\n${TIMESTAMP_MAP}\n` : "WEBVTT\n";
  const sorted = [...cues].sort((a, b) => a.startSeconds - b.startSeconds);
  const blocks = new Set<string>();
  for (const cue of sorted) {
    const block = cueBlock(cue);
    if (block !== undefined) blocks.add(block);
    yield;
  }
  return [header, ...blocks].join("\n");
}

const TIMESTAMP_MAP = "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000";

function cueBlock({ startSeconds, endSeconds, text, settings }: TextCue): string | undefined {
  const payload = safePayload(text);
  const [start, end] = [webVttTime(startSeconds), webVttTime(endSeconds)];
  const isShown = Number.isFinite(startSeconds) && Number.isFinite(endSeconds) && endSeconds > startSeconds;
  if (payload === "" || !isShown || start === end) return undefined;
  return `${[`${start} --> ${end}`, safeSettings(settings)].join(" ").trimEnd()}\n${payload}\n`;
}
