/** One cue for every second s: `SRT cue s`, shown from s.1 to s.9. */
export function srtOf(durationSeconds: number): string {
  return secondsOf(durationSeconds)
    .map((second) => `${second + 1}\n${clockTime(second)},100 --> ${clockTime(second)},900\nSRT cue ${second}\n`)
    .join("\n");
}

/**
 * The same as ASS. Cues of even seconds move and those of odd ones are turned: a renderer that only knows plain text
 * shows neither.
 */
export function assOf(durationSeconds: number, widthPixels: number, heightPixels: number): string {
  const events = secondsOf(durationSeconds).map((second) => {
    const [left, right, y] = [widthPixels * 0.3, widthPixels * 0.7, heightPixels * 0.9];
    const effect = second % 2 === 0 ? `{\\move(${left},${y},${right},${y})}` : "{\\frz10}";
    const time = clockTime(second).slice(1);
    return `Dialogue: 0,${time}.10,${time}.90,Default,,0,0,0,,${effect}ASS cue ${second}`;
  });
  return `[Script Info]
ScriptType: v4.00+
PlayResX: ${widthPixels}
PlayResY: ${heightPixels}
ScaledBorderAndShadow: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,DejaVu Sans,${Math.round(heightPixels / 14)},&H0000FFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,0,2,20,20,30,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
${events.join("\n")}
`;
}

function secondsOf(durationSeconds: number): number[] {
  return Array.from({ length: durationSeconds }, (_, second) => second);
}

/** `hh:mm:ss` */
function clockTime(second: number): string {
  return [second / 3600, (second / 60) % 60, second % 60]
    .map((part) => String(Math.floor(part)).padStart(2, "0"))
    .join(":");
}
