import { layoutOfChannels } from "./channel-layout.ts";

/** Samples are counted at 48 kHz, whatever was encoded (RFC 6716 §2). */
export const OPUS_RATE_HZ = 48_000;

/** The shortest frame, 2.5 ms; every packet is a multiple of it (RFC 6716 §3.2). */
export const OPUS_SHORTEST_FRAME_SAMPLES = 120;

/** The loudspeakers of an OpusHead (RFC 7845 §5.1.1): families 0 and 1 know them by their number; undefined for others. */
export function opusLayout(head: Uint8Array): string | undefined {
  const [CHANNELS_AT, FAMILY_AT] = [9, 18];
  return (head[FAMILY_AT] ?? 255) <= 1 ? layoutOfChannels("opus", head[CHANNELS_AT]) : undefined;
}

/** How many samples a packet holds (RFC 6716 §3.1); undefined if it is none. */
export function opusPacketSamples(packet: Uint8Array): number | undefined {
  const [contents, frameCount] = packet;
  if (contents === undefined) return undefined;
  const count = [1, 2, 2, (frameCount ?? 0) & 0x3f][contents & 3] ?? 0;
  const samples = count * frameSamples(contents >> 3);
  return samples === 0 || samples > LONGEST_PACKET_SAMPLES ? undefined : samples;
}

/** 120 ms (RFC 6716 §3.2.5, R5). */
const LONGEST_PACKET_SAMPLES = 5760;

/** Table 2: SILK, hybrid, CELT. */
function frameSamples(configuration: number): number {
  if (configuration < 12) return [480, 960, 1920, 2880][configuration & 3] ?? 0;
  if (configuration < 16) return (configuration & 1) === 0 ? 480 : 960;
  return OPUS_SHORTEST_FRAME_SAMPLES << (configuration & 3);
}
