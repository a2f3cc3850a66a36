/** Hours may be missing; WebVTT and ASS write a dot, SRT a comma, and careless tools a colon or blanks around all of them. */
const CLOCK_TIME = String.raw`-?(?:\d{1,4}\s?:\s?)?\d{1,3}\s?:\s?\d{1,2}(?:\s?[.,:]\s?\d{1,9})?`;

/** Arrows are also drawn with one dash, or with those that word processors make of two. */
const TIMING = new RegExp(String.raw`^\s*(${CLOCK_TIME})\s*[-–—]{1,3}\s?>\s*(${CLOCK_TIME})(.*)$`, "u");

const WHOLE_CLOCK_TIME = new RegExp(String.raw`^\s*${CLOCK_TIME}\s*$`, "u");

/** A timing line in all its spellings is far shorter, its settings included. */
const TIMING_LIMIT_CHARACTERS = 1000;

export interface Timing {
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** What follows the times: the settings of WebVTT, the coordinates of some SRT files. */
  readonly rest: string;
}

/** The two times of a line of SRT or WebVTT, as `00:01:02,500 --> 00:01:04,000`; undefined for any other line. */
export function timingOf(line: string): Timing | undefined {
  if (!line.includes(">") || line.length > TIMING_LIMIT_CHARACTERS) return undefined;
  const [, start, end, rest = ""] = TIMING.exec(line) ?? [];
  if (start === undefined || end === undefined) return undefined;
  return { startSeconds: secondsOf(start), endSeconds: secondsOf(end), rest };
}

/** The seconds of a time like `1:02:03.45`; undefined if it is none. */
export function clockSeconds(text: string): number | undefined {
  return text.length <= TIMING_LIMIT_CHARACTERS && WHOLE_CLOCK_TIME.test(text) ? secondsOf(text) : undefined;
}

/** `HH:MM:SS.mmm`, as WebVTT writes times (W3C WebVTT §4.1); a time before 0 is 0. */
export function webVttTime(seconds: number): string {
  return clockTime(seconds, { hourDigits: 2, fractionDigits: 3 });
}

/** `H:MM:SS.cc`, as ASS writes them; a time before 0 is 0. */
export function assTime(seconds: number): string {
  return clockTime(seconds, { hourDigits: 1, fractionDigits: 2 });
}

function clockTime(seconds: number, digits: { hourDigits: number; fractionDigits: number }): string {
  const unitsPerSecond = 10 ** digits.fractionDigits;
  const units = Math.max(0, Math.round(seconds * unitsPerSecond));
  const whole = Math.floor(units / unitsPerSecond);
  const parts = [
    padded(Math.floor(whole / 3600), digits.hourDigits),
    padded(Math.floor(whole / 60) % 60, 2),
    padded(whole % 60, 2),
  ];
  return `${parts.join(":")}.${padded(units % unitsPerSecond, digits.fractionDigits)}`;
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}

/** The fraction is one: `,5` is half a second, and not the 5 ms that some players read. */
function secondsOf(clock: string): number {
  const isNegative = clock.trimStart().startsWith("-");
  const numbers = clock.match(/\d+/g) ?? [];
  const hasFraction = /[.,]\s?\d+\s*$/.test(clock) || numbers.length === 4;
  const fraction = hasFraction ? Number(`0.${numbers.at(-1) ?? 0}`) : 0;
  const whole = hasFraction ? numbers.slice(0, -1) : numbers;
  const seconds = whole.reduce((sum, number) => sum * 60 + Number(number), 0) + fraction;
  return isNegative ? -seconds : seconds;
}
