/** Hours may be missing; WebVTT and ASS write a dot, SRT a comma, and careless tools a colon or blanks around all of them. */
const CLOCK_TIME = String.raw`(-?)(?:(\d{1,4})\s?:\s?)?(\d{1,3})\s?:\s?(\d{1,2})(?:\s?[.,:]\s?(\d{1,9}))?(?!\d)`;

/** Arrows are also drawn with one dash, or with those that word processors make of two. */
const TIMING = new RegExp(String.raw`^\s*${CLOCK_TIME}\s*[-–—]{1,3}\s?>\s*${CLOCK_TIME}(.*)$`, "u");

const WHOLE_CLOCK_TIME = new RegExp(String.raw`^\s*${CLOCK_TIME}\s*$`, "u");

/** Groups of a clock time: sign, hours, minutes, seconds, fraction. */
const CLOCK_GROUPS = 5;

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
  const match = TIMING.exec(line);
  if (match === null) return undefined;
  const groups = match.slice(1);
  return {
    startSeconds: secondsOf(groups),
    endSeconds: secondsOf(groups.slice(CLOCK_GROUPS)),
    rest: groups[2 * CLOCK_GROUPS] ?? "",
  };
}

/** The seconds of a time like `1:02:03.45`; undefined if it is none. */
export function clockSeconds(text: string): number | undefined {
  const match = text.length <= TIMING_LIMIT_CHARACTERS ? WHOLE_CLOCK_TIME.exec(text) : null;
  return match === null ? undefined : secondsOf(match.slice(1));
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
function secondsOf([sign, hours = "0", minutes, seconds, fraction = "0"]: readonly (string | undefined)[]): number {
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(`${seconds}.${fraction}`);
  return sign === "-" ? -total : total;
}
