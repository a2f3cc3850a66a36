import { aacLcConfiguration } from "../codecs/aac.ts";
import type { CodedTrack } from "../packet.ts";
import type { AudioGrid } from "./audio-grid.ts";

/** Samples of an access unit of AAC-LC (ISO/IEC 14496-3 §4.5.2.1.1). */
export const AAC_UNIT_SAMPLES = 1024;
/** Rates that are kept. AAC has higher ones, which not every browser plays. */
export const AAC_RATES_HZ: readonly number[] = [48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000];

/** One access unit on its way to a muxer, in ticks of the rate of the output. */
export interface AccessUnit {
  readonly dtsTicks: number;
  readonly durationTicks: number;
  readonly data: Uint8Array;
}

/** The track that comes out: AAC-LC in stereo, named as its source is. */
export function aacTrackOf({ source, rateHz }: AudioGrid): CodedTrack {
  const { index, language, title, isDefault } = source.track;
  return {
    number: source.number,
    track: {
      kind: "audio",
      index,
      language,
      title,
      isDefault,
      codec: "aac",
      codecTag: "mp4a",
      codecString: "mp4a.40.2",
      channels: AAC_CHANNELS,
      sampleRateHz: rateHz,
    },
    timescale: rateHz,
    configuration: aacLcConfiguration(rateHz, AAC_CHANNELS),
    packetTicks: AAC_UNIT_SAMPLES,
  };
}

/** The unit `unit` of a grid. */
export function accessUnit({ startTicks }: AudioGrid, unit: number, data: Uint8Array): AccessUnit {
  return { dtsTicks: startTicks + AAC_UNIT_SAMPLES * unit, durationTicks: AAC_UNIT_SAMPLES, data };
}

/**
 * 1024 samples of silence in stereo: a channel pair without scale factor bands (ISO/IEC 14496-3 §4.4.2.1), the bytes that hls.js
 * fills gaps with. For any rate.
 */
export const SILENT_UNIT = Uint8Array.of(0x21, 0x00, 0x49, 0x90, 0x02, 0x19, 0x00, 0x23, 0x80);

const AAC_CHANNELS = 2;
