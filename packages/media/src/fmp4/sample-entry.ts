import { damagedMedia } from "../damaged.ts";
import type { AudioTrack } from "../media-info.ts";
import { box, characters, u8, u16, u32, zeros } from "./boxes.ts";
import { type MuxCodec, muxCodecOf } from "./mux-codec.ts";
import type { MuxTrack } from "./mux-track.ts";
import { pictureSize } from "./picture-codecs.ts";

/** SampleEntry (ISO/IEC 14496-12 §8.5.2) of a track. Throws `damaged_media` if it is not muxable. */
export function sampleEntry(track: MuxTrack): Uint8Array {
  const codec = muxCodecOf(track.coded);
  if (!codec?.accepts(track.coded)) throw damagedMedia("the configuration of a track is missing");
  const media = track.coded.track;
  return media.kind === "audio" ? audioEntry(track, media, codec) : visualEntry(track, codec);
}

/** §12.1.3: 72 dpi, one frame per sample, no compressor name, 24 bits deep. */
function visualEntry(track: MuxTrack, codec: MuxCodec): Uint8Array {
  const { widthPixels, heightPixels } = pictureSize(track);
  return box(
    codec.entryType,
    zeros(6),
    u16(DATA_REFERENCE),
    zeros(16),
    u16(widthPixels, heightPixels),
    u32(0x00480000, 0x00480000, 0),
    u16(1),
    zeros(32),
    u16(0x0018, 0xffff),
    codec.configurationBox(track),
    ...shownBoxes(track),
  );
}

/** How the pictures are shown, where the film says it and a player would not assume it: `pasp` (§12.1.4) and `colr` (§12.1.5). */
function shownBoxes({ coded }: MuxTrack): readonly Uint8Array[] {
  const { colour, pixelAspectRatio = SQUARE } = coded.track.kind === "video" ? coded.track : {};
  const isSquare = pixelAspectRatio.width === pixelAspectRatio.height;
  const FULL_RANGE = 0x80;
  return [
    ...(isSquare ? [] : [box("pasp", u32(pixelAspectRatio.width, pixelAspectRatio.height))]),
    ...(colour === undefined
      ? []
      : [
          box(
            "colr",
            characters("nclx"),
            u16(colour.primaries, colour.transfer, colour.matrix),
            u8(colour.isFullRange === true ? FULL_RANGE : 0),
          ),
        ]),
  ];
}

const SQUARE = { width: 1, height: 1 };

/** §12.2.3. */
function audioEntry(track: MuxTrack, { channels, sampleRateHz }: AudioTrack, codec: MuxCodec): Uint8Array {
  return box(
    codec.entryType,
    zeros(6),
    u16(DATA_REFERENCE),
    zeros(8),
    u16(channels ?? ASSUMED_CHANNELS, codec.bitsPerSample?.(track.coded) ?? 16),
    zeros(4),
    u16(expressibleRate(sampleRateHz ?? track.coded.timescale), 0),
    codec.configurationBox(track),
  );
}

const DATA_REFERENCE = 1;
const U16_LIMIT = 0xffff;
const ASSUMED_CHANNELS = 2;

/** Encapsulation of FLAC in ISOBMFF §3.3.1: "the greatest expressible regular division" of what does not fit 16 bits. */
function expressibleRate(sampleRateHz: number): number {
  let rateHz = Math.round(sampleRateHz);
  while (rateHz > U16_LIMIT) rateHz = Math.floor(rateHz / 2);
  return rateHz;
}
