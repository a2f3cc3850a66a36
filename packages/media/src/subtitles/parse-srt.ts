import { finished, type Steps } from "../steps.ts";
import { srtCueText } from "./srt-text.ts";
import { type CueDraft, settledCues, type TextCue } from "./text-cue.ts";
import { timedBlocks } from "./timed-blocks.ts";

/**
 * The cues of an SRT file, by their start. Reads whatever players read: any line ends, counters that are missing or wrong, dots for
 * commas, hours left out, blank lines inside a text, junk before the first cue. Never throws; what is no cue is left out.
 * At most CUES_LIMIT cues, and SUBTITLE_FILE_LIMIT_BYTES characters are looked at.
 */
export function parseSrt(text: string): TextCue[] {
  return finished(srtSteps(text));
}

export function* srtSteps(text: string): Steps<TextCue[]> {
  const drafts: CueDraft[] = [];
  for (const block of timedBlocks(text, { endsAtBlankLine: false })) {
    yield;
    if (block === undefined) continue;
    drafts.push({ startSeconds: block.startSeconds, endSeconds: block.endSeconds, ...srtCueText(block.text) });
  }
  return settledCues(drafts);
}
