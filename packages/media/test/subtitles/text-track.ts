import type { CodedTrack, Packet, SubtitleTrack } from "../../src/index.ts";

/** A text track as a Matroska demuxer tells of it: times in milliseconds. */
export function textTrack(
  codec: SubtitleTrack["codec"],
  options: { readonly codecTag?: string; readonly header?: string; readonly timescale?: number } = {},
): CodedTrack {
  const common = {
    kind: "subtitle",
    index: 0,
    language: undefined,
    title: undefined,
    isDefault: true,
    isForced: false,
    isForHearingImpaired: false,
  } as const;
  return {
    number: 3,
    track: { ...common, codec, codecTag: options.codecTag ?? "" },
    timescale: options.timescale ?? 1000,
    configuration: new TextEncoder().encode(options.header ?? ""),
    packetTicks: undefined,
  };
}

/** A packet of that track, shown from 1 s to 3 s unless told otherwise. */
export function textPacket(data: string | Uint8Array, times: Partial<Packet> = {}): Packet {
  return {
    trackNumber: 3,
    ptsTicks: 1000,
    dtsTicks: undefined,
    durationTicks: 2000,
    isKeyframe: true,
    data: typeof data === "string" ? new TextEncoder().encode(data) : data,
    ...times,
  };
}

/** The header of a script with some styles. */
export const ASS_HEADER = `[Script Info]
ScriptType: v4.00+
PlayResX: 640

[V4+ Styles]
Format: Name, Fontname, Fontsize, Bold, Italic, Underline, Alignment, Encoding
Style: Default,Arial,20,-1,0,0,2,1
Style: Thoughts,Arial,20,0,-1,0,2,1
Style: Sign,Arial,20,0,0,-1,7,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
`;
