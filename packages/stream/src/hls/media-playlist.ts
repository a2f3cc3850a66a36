/** The time that a segment covers in the film. */
export interface PlaylistSegment {
  readonly startSeconds: number;
  readonly endSeconds: number;
}

export interface MediaPlaylistOptions {
  /** In order, each from where the one before it ends. */
  readonly segments: readonly PlaylistSegment[];
  /** Undefined for WebVTT, which has no initialization section. */
  readonly initUri: string | undefined;
  /** The URI of a segment by its position in `segments`. */
  readonly uriOf: (number: number) => string;
  /** `EVENT`: segments are appended while the film is explored. `VOD`: all of them are here. */
  readonly type: "VOD" | "EVENT";
  /** Whether no segment will follow. */
  readonly isComplete: boolean;
  /**
   * The target duration that a growing playlist keeps: it must not change when the playlist is loaded again (RFC 8216 §6.2.1),
   * so that it must be no less than that of any segment to come. Undefined: that of these segments.
   */
  readonly targetSeconds?: number | undefined;
}

/** EXT-X-MAP without EXT-X-I-FRAMES-ONLY needs 6 (RFC 8216 §7); 7 is what Apple asks of fragmented MP4. */
export const PLAYLIST_VERSION = 7;
const MICROSECONDS = 1_000_000;

/** A media playlist (RFC 8216 §4.3.3) of fragmented MP4, or of WebVTT without `initUri`. */
export function mediaPlaylist(options: MediaPlaylistOptions): string {
  const { segments, initUri, uriOf, type, isComplete } = options;
  const lines = [
    "#EXTM3U",
    `#EXT-X-VERSION:${PLAYLIST_VERSION}`,
    `#EXT-X-TARGETDURATION:${Math.max(Math.ceil(options.targetSeconds ?? 1), targetDurationSeconds(segments))}`,
    "#EXT-X-MEDIA-SEQUENCE:0",
    `#EXT-X-PLAYLIST-TYPE:${type}`,
    // §4.3.5.2: players begin close to the end of what grows, if nobody tells them that it is a film.
    ...(type === "EVENT" ? ["#EXT-X-START:TIME-OFFSET=0"] : []),
    ...(initUri === undefined ? [] : [`#EXT-X-MAP:URI="${initUri}"`]),
  ];
  for (const [number, segment] of segments.entries()) {
    lines.push(`#EXTINF:${secondsText(durationMicroseconds(segment))},`, uriOf(number));
  }
  if (isComplete) lines.push("#EXT-X-ENDLIST");
  return `${lines.join("\n")}\n`;
}

/**
 * The EXT-X-TARGETDURATION of segments: at least 1. RFC 8216 §4.3.3.1 asks that no duration is above it when rounded to an
 * integer; rounded up, none is above it at all, which players before version 6 relied on.
 */
export function targetDurationSeconds(segments: readonly PlaylistSegment[]): number {
  const longest = segments.reduce((most, segment) => Math.max(most, durationMicroseconds(segment)), 1);
  return Math.ceil(longest / MICROSECONDS);
}

/**
 * Times are rounded, and durations are their differences: the sum of the printed durations is the rounded time at any place of
 * the film. A player that adds them up (AVPlayer) stays where the segments are.
 */
function durationMicroseconds({ startSeconds, endSeconds }: PlaylistSegment): number {
  return Math.max(0, Math.round(endSeconds * MICROSECONDS) - Math.round(startSeconds * MICROSECONDS));
}

function secondsText(microseconds: number): string {
  const fraction = String(microseconds % MICROSECONDS).padStart(6, "0");
  return `${Math.floor(microseconds / MICROSECONDS)}.${fraction}`;
}
