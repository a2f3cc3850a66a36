import { type Timing, timingOf } from "./clock-time.ts";
import { linesOf } from "./lines.ts";
import { CUE_TEXT_LIMIT_CHARACTERS, CUES_LIMIT } from "./text-cue.ts";

export interface TimedBlock extends Timing {
  /** What stands under the times, without blank lines, joined by `\n`. */
  readonly text: string;
}

interface OpenBlock {
  readonly timing: Timing;
  readonly lines: string[];
  lengthCharacters: number;
}

/** Lines that are looked at in one step. */
const LINES_PER_STEP = 256;

/**
 * The cues of a file in which a line of times stands over each text: SRT and WebVTT. What comes before the first of these
 * lines is stepped over: byte order marks, headers, junk. Undefined says that some lines have passed without a cue.
 * @param options.endsAtBlankLine whether a blank line ends a text, so that notes and styles may follow. Where it need not
 * (in SRT files of careless tools), a text goes on to the next line of times, without the counter over that.
 */
export function* timedBlocks(
  text: string,
  options: { readonly endsAtBlankLine: boolean },
): Generator<TimedBlock | undefined, void> {
  let block: OpenBlock | undefined;
  let previousCounter = Number.NaN;
  let [beforePrevious, previous] = ["", ""];
  let count = 0;
  let lineCount = 0;
  for (const line of linesOf(text)) {
    lineCount += 1;
    if (lineCount % LINES_PER_STEP === 0) yield undefined;
    const timing = timingOf(line);
    const isBlank = line.trim() === "";
    if (timing !== undefined) {
      const counter = counterOf(previous);
      const isCounter = counter !== undefined && (beforePrevious.trim() === "" || counter === previousCounter + 1);
      if (isCounter) {
        previousCounter = counter;
        block?.lines.pop();
      }
      if (block !== undefined) yield closedBlock(block);
      count += 1;
      block = count <= CUES_LIMIT ? { timing, lines: [], lengthCharacters: 0 } : undefined;
      if (block === undefined) return;
    } else if (!isBlank) {
      if (block !== undefined) addLine(block, line);
    } else if (options.endsAtBlankLine && block !== undefined) {
      yield closedBlock(block);
      block = undefined;
    }
    [beforePrevious, previous] = [previous, line];
  }
  if (block !== undefined) yield closedBlock(block);
}

/** The number that SRT puts over the times of each cue. */
function counterOf(line: string): number | undefined {
  return /^\s*\d{1,9}\s*$/.test(line) ? Number(line) : undefined;
}

function addLine(block: OpenBlock, line: string): void {
  // One line goes in whatever is full: it may be the counter of the next cue, which is taken off again.
  if (block.lengthCharacters > CUE_TEXT_LIMIT_CHARACTERS) block.lines.pop();
  block.lines.push(line.slice(0, CUE_TEXT_LIMIT_CHARACTERS));
  block.lengthCharacters += line.length;
}

function closedBlock({ timing, lines }: OpenBlock): TimedBlock {
  return { ...timing, text: lines.join("\n") };
}
