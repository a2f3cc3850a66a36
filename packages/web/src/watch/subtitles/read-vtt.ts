import type { Line, TextRun } from "./lines.ts";

/** The lines of a WebVTT document, as the browser reads them: markup in it becomes runs of text, and nothing else. */
export function readVtt(vtt: string, signal: AbortSignal): Promise<Line[]> {
  const reader = document.createElement("video");
  const track = document.createElement("track");
  const url = URL.createObjectURL(new Blob([vtt], { type: "text/vtt" }));
  const read = new Promise<Line[]>((resolve, reject) => {
    track.addEventListener("load", () => resolve(Array.from(track.track.cues ?? []).flatMap(lineOf)));
    track.addEventListener("error", () => reject(new Error("These are no subtitles that a browser can read.")));
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  track.kind = "metadata";
  track.src = url;
  reader.append(track);
  track.track.mode = "hidden"; // loads it
  return read.finally(() => URL.revokeObjectURL(url));
}

function lineOf(cue: TextTrackCue): Line[] {
  if (!(cue instanceof VTTCue)) return [];
  const { startTime: startSeconds, endTime: endSeconds } = cue;
  return [{ startSeconds, endSeconds, isTop: isAtTop(cue), runs: runsOf(cue.getCueAsHTML()) }];
}

/** In rows from the top, or in percent of the height. */
function isAtTop({ line, snapToLines }: VTTCue): boolean {
  if (typeof line !== "number") return false;
  return snapToLines ? line >= 0 && line < TOP_ROWS : line < TOP_PERCENT;
}

const TOP_ROWS = 5;
const TOP_PERCENT = 40;

const PLAIN = { isItalic: false, isBold: false, isUnderlined: false };

function runsOf(node: Node, look: Omit<TextRun, "text"> = PLAIN): TextRun[] {
  return Array.from(node.childNodes).flatMap((child) => {
    if (child.nodeType === Node.TEXT_NODE) return [{ ...look, text: child.textContent ?? "" }];
    const name = child.nodeName.toLowerCase();
    if (name === "br") return [{ ...look, text: "\n" }];
    const isItalic = look.isItalic || name === "i";
    const isBold = look.isBold || name === "b";
    return runsOf(child, { isItalic, isBold, isUnderlined: look.isUnderlined || name === "u" });
  });
}
