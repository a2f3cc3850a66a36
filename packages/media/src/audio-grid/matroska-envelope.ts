import { matroskaBlock, matroskaHead } from "../matroska/write.ts";
import type { AudioGrid } from "./audio-grid.ts";

/** The Matroska that the decoder of a segment of sound gets to see: we write it, whatever the container of the torrent is. */

/** The head of a Matroska stream without end, with the one audio track of the grid. */
export function envelopeHeader({ sourceRateHz, source, shape }: AudioGrid): Uint8Array {
  const { codecId, codecPrivate, bitsPerSample } = shape;
  const channels = (source.track.kind === "audio" ? source.track.channels : undefined) ?? 2;
  const format = { kind: "audio", sampleRateHz: sourceRateHz, channels, bitsPerSample } as const;
  return matroskaHead([{ number: TRACK_NUMBER, codecId, codecPrivate, format }]);
}

/**
 * One frame of it.
 * @param timeSeconds not negative
 */
export function envelopeFrame(timeSeconds: number, data: Uint8Array): Uint8Array {
  return matroskaBlock({ trackNumber: TRACK_NUMBER, timeSeconds, isKeyframe: true, data });
}

const TRACK_NUMBER = 1;
