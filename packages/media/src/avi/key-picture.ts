import type { VideoCodec } from "../media-info.ts";

/** Bytes in front of the first picture in a chunk that are searched: headers, and what encoders write of themselves. */
const SEARCH_LIMIT_BYTES = 4096;

/** Whether decoding can start at a picture, as it says itself; undefined for codecs of which only the index tells. */
export function isKeyPicture(codec: VideoCodec, data: Uint8Array): boolean | undefined {
  return TESTS[codec]?.(data);
}

type Test = (data: Uint8Array) => boolean | undefined;

/** vop_coding_type (ISO/IEC 14496-2 §6.2.5), two bits: 0 is intra. Without a picture, as where one is repeated, it is none. */
const mpeg4: Test = (data) => {
  for (const place of startCodesIn(data)) {
    if (data[place] === VOP_START_CODE) return (data[place + 1] ?? 0xff) >> 6 === 0;
  }
  return false;
};

const VOP_START_CODE = 0xb6;

/** The first slice (ITU-T H.264 table 7-1) of Annex B; undefined if there is none, as in chunks that give lengths instead. */
const h264: Test = (data) => {
  for (const place of startCodesIn(data)) {
    const type = (data[place] ?? 0) & 0x1f;
    if (type >= 1 && type <= IDR_SLICE) return type === IDR_SLICE;
  }
  return undefined;
};

const IDR_SLICE = 5;

/** Microsoft's versions 2 and 3 (DivX 3) begin with the type of the picture in two bits; version 1 with a start code. */
const msmpeg4: Test = ([first = 0, second, third]) =>
  first === 0 && second === 0 && third === 1 ? undefined : first >> 6 === 0;

const TESTS: Partial<Record<VideoCodec, Test>> = { mpeg4, msmpeg4, h264, mjpeg: () => true };

/** The places behind 00 00 01. */
function* startCodesIn(data: Uint8Array): Generator<number> {
  const end = Math.min(data.length, SEARCH_LIMIT_BYTES);
  for (let place = 3; place < end; place += 1) {
    if (data[place - 1] === 1 && data[place - 2] === 0 && data[place - 3] === 0) yield place;
  }
}
