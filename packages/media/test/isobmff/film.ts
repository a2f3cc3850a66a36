import { box, bytes, u16, u32, zeros } from "../support/build.ts";

/** Builders of MP4 and QuickTime files for tests. */

export const FTYP = box("ftyp", "isom", u32(512), "isomiso2mp41");

type Parts = (number | string | Uint8Array)[];

export const fullBox = (type: string, ...content: Parts): Uint8Array => box(type, zeros(4), ...content);

export function mvhd(durationTicks: number, timescale = 1000): Uint8Array {
  return fullBox("mvhd", zeros(8), u32(timescale), u32(durationTicks), zeros(80));
}

export interface TrakOptions {
  readonly handler: string;
  readonly entry?: Uint8Array;
  readonly id?: number;
  readonly isEnabled?: boolean;
  /** The 16 bits of mdhd; default `und`. */
  readonly language?: number;
  readonly timescale?: number;
  /** Runs of `stts`. */
  readonly times?: readonly (readonly [number, number])[];
  readonly samples?: number;
  readonly inTrak?: Uint8Array;
  readonly inMdia?: Uint8Array;
}

export function trak(options: TrakOptions): Uint8Array {
  const { handler, entry, id = 1, isEnabled = true, language = 0x55c4, timescale = 1000, times = [] } = options;
  const stbl = box(
    "stbl",
    entry === undefined ? bytes() : fullBox("stsd", u32(1), entry),
    fullBox("stts", u32(times.length), ...times.flat().map(u32)),
    fullBox("stsz", u32(0), u32(options.samples ?? 0)),
  );
  const mdia = box(
    "mdia",
    fullBox("mdhd", zeros(8), u32(timescale), u32(0), u16(language), zeros(2)),
    fullBox("hdlr", zeros(4), handler, zeros(12)),
    options.inMdia ?? bytes(),
    box("minf", stbl),
  );
  const tkhd = box("tkhd", 0, 0, 0, isEnabled ? 1 : 0, zeros(8), u32(id), zeros(68));
  return box("trak", tkhd, mdia, options.inTrak ?? bytes());
}

export function videoEntry(type: string, ...children: Uint8Array[]): Uint8Array {
  return box(type, zeros(24), u16(1920), u16(1080), zeros(50), ...children);
}

export function audioEntry(type: string, ...children: Uint8Array[]): Uint8Array {
  return box(type, zeros(16), u16(2), u16(16), zeros(4), u32(44_100 * 0x10000), ...children);
}

/** QuickTime's version 1 sound description. */
export function quickTimeAudioEntry(type: string, ...children: Uint8Array[]): Uint8Array {
  return box(
    type,
    zeros(8),
    u16(1),
    zeros(6),
    u16(2),
    u16(16),
    zeros(4),
    u32(44_100 * 0x10000),
    zeros(16),
    ...children,
  );
}

export function esds(objectType: number, config: Uint8Array): Uint8Array {
  const specific = bytes(0x05, config.length, config);
  const decoder = bytes(0x04, 13 + specific.length, objectType, zeros(12), specific);
  return fullBox("esds", 0x03, 3 + decoder.length, u16(1), 0, decoder);
}

export const VIDEO_TRAK = trak({
  handler: "vide",
  entry: videoEntry("avc1", box("avcC", 1, 0x64, 0, 0x28)),
  samples: 10,
});

export function moov(...children: Uint8Array[]): Uint8Array {
  return box("moov", ...children);
}
