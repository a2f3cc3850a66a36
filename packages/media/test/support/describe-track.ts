import type { MediaInfo, Track } from "../../src/index.ts";

/** A track in one line, so that tables of expectations stay readable: what it says, unknowns left out. */
function describeTrack(track: Track): string {
  const parts = [`${track.kind} ${track.index}:`, track.codec, `(${track.codecTag})`, ...describeFormat(track)];
  if (track.language !== undefined) parts.push(`[${track.language}]`);
  if (track.title !== undefined) parts.push(JSON.stringify(track.title));
  if (track.isDefault) parts.push("default");
  if (track.kind === "subtitle" && track.isForced) parts.push("forced");
  if (track.kind === "subtitle" && track.isForHearingImpaired) parts.push("for the hearing impaired");
  return parts.join(" ");
}

export function describeTracks(info: Pick<MediaInfo, "tracks">): string[] {
  return info.tracks.map(describeTrack);
}

function describeFormat(track: Track): string[] {
  if (track.kind === "subtitle") return [];
  const parts = track.codecString === undefined ? [] : [track.codecString];
  if (track.kind === "audio") {
    if (track.channels !== undefined) parts.push(`${track.channels}ch`);
    if (track.sampleRateHz !== undefined) parts.push(`${track.sampleRateHz}Hz`);
    return parts;
  }
  if (track.widthPixels !== undefined) parts.push(`${track.widthPixels}x${track.heightPixels}`);
  if (track.framesPerSecond !== undefined) parts.push(`${track.framesPerSecond.toFixed(3)}fps`);
  return parts;
}
