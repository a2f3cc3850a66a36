import { DOLBY_BLOCK_SAMPLES, dolbyFrames } from "../codecs/dolby-frames.ts";
import { type FlacParameters, flacFrameSamples, flacParameters, flacStreamInfo } from "../codecs/flac.ts";
import { mp3Frame, mp3FrameSamples } from "../codecs/mpeg-audio.ts";
import { OPUS_RATE_HZ, OPUS_SHORTEST_FRAME_SAMPLES, opusPacketSamples } from "../codecs/opus.ts";
import type { AudioCodec } from "../media-info.ts";
import type { CodedTrack } from "../packet.ts";

/**
 * How long a packet of sound plays, in whole ticks of its track, by what it says itself; where it says nothing, as the track
 * does. Undefined if nobody says.
 */
export function packetDurationTicks(track: CodedTrack, data: Uint8Array): number | undefined {
  const seconds = packetSeconds(track, data);
  const ticks = seconds ? seconds * track.timescale : gridTicksOf(track);
  return ticks === undefined ? undefined : Math.max(1, Math.round(ticks));
}

/**
 * The distance of the places where frames of a sound may begin, in ticks (may be a fraction): the length of a frame where all
 * are alike, what all lengths are multiples of where they are not. Undefined if that is not known.
 */
export function gridTicksOf(track: CodedTrack): number | undefined {
  const seconds = gridSeconds(track);
  return seconds ? seconds * track.timescale : track.packetTicks;
}

function packetSeconds(coded: CodedTrack, data: Uint8Array): number | undefined {
  return coded.track.kind === "audio" ? BY_PACKET[coded.track.codec]?.(data, coded) : undefined;
}

function gridSeconds({ track, configuration }: CodedTrack): number | undefined {
  return track.kind === "audio" ? BY_TRACK[track.codec]?.(track.sampleRateHz, configuration) : undefined;
}

type PacketSeconds = (data: Uint8Array, coded: CodedTrack) => number | undefined;
type GridSeconds = (sampleRateHz: number | undefined, configuration: Uint8Array) => number | undefined;

const BY_PACKET: Readonly<Partial<Record<AudioCodec, PacketSeconds>>> = {
  mp3: (data) => {
    const frame = mp3Frame(data);
    return frame && frame.samples / frame.sampleRateHz;
  },
  ac3: dolbySeconds,
  eac3: dolbySeconds,
  opus: (data) => {
    const samples = opusPacketSamples(data);
    return samples && samples / OPUS_RATE_HZ;
  },
  flac: (data, { configuration }) => {
    const samples = flacFrameSamples(data);
    const rateHz = parametersOf(configuration)?.sampleRateHz;
    return samples && rateHz && samples / rateHz;
  },
};

const BY_TRACK: Readonly<Partial<Record<AudioCodec, GridSeconds>>> = {
  mp3: (rateHz) => rateHz && mp3FrameSamples(rateHz) / rateHz,
  ac3: (rateHz) => rateHz && (6 * DOLBY_BLOCK_SAMPLES) / rateHz,
  // Packets of one, two, three or six blocks.
  eac3: (rateHz) => rateHz && DOLBY_BLOCK_SAMPLES / rateHz,
  opus: () => OPUS_SHORTEST_FRAME_SAMPLES / OPUS_RATE_HZ,
  flac: (_, configuration) => {
    const { frameSamples, sampleRateHz } = parametersOf(configuration) ?? {};
    return frameSamples && sampleRateHz && frameSamples / sampleRateHz;
  },
};

/** The blocks of the first substream: others sound at the same time. */
function dolbySeconds(data: Uint8Array): number | undefined {
  let seconds: number | undefined;
  let substreamId: number | undefined;
  for (const frame of dolbyFrames(data)) {
    substreamId ??= frame.substreamId;
    if (frame.isDependent || frame.substreamId !== substreamId) continue;
    seconds = (seconds ?? 0) + (frame.blocks * DOLBY_BLOCK_SAMPLES) / frame.sampleRateHz;
  }
  return seconds;
}

function parametersOf(configuration: Uint8Array): FlacParameters | undefined {
  const streamInfo = flacStreamInfo(configuration);
  return streamInfo && flacParameters(streamInfo);
}
