import { finished, type Steps } from "../steps.ts";
import { type CueDraft, settledCues, type TextCue } from "./text-cue.ts";
import { timedBlocks } from "./timed-blocks.ts";
import { safePayload, safeSettings } from "./webvtt-text.ts";

/**
 * The cues of a WebVTT file, by their start. Identifiers, notes, styles and regions are left out, and so are the settings that refer
 * to a region. As tolerant as `parseSrt`, and with the same limits, but a blank line ends a cue (W3C WebVTT §6.1).
 */
export function parseWebVtt(text: string): TextCue[] {
  return finished(webVttSteps(text));
}

export function* webVttSteps(text: string): Steps<TextCue[]> {
  const drafts: CueDraft[] = [];
  for (const block of timedBlocks(text, { endsAtBlankLine: true })) {
    yield;
    if (block === undefined) continue;
    const { startSeconds, endSeconds } = block;
    drafts.push({ startSeconds, endSeconds, text: safePayload(block.text), settings: safeSettings(block.rest) });
  }
  return settledCues(drafts);
}
