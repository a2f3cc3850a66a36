/**
 * Subtitles as Blu-ray discs have them: for every second s a white bar, shown from s.1 to s.9, in the left half of the picture for
 * even seconds and in the right one for odd ones. ffmpeg cannot write such.
 */
export function pgsOf(durationSeconds: number, widthPixels: number, heightPixels: number): Buffer {
  const picture = { widthPixels, heightPixels };
  return Buffer.concat(
    Array.from({ length: durationSeconds }, (_, second) => [
      shownAt(second + 0.1, 2 * second, picture, second % 2 === 0 ? 0 : 0.5),
      hiddenAt(second + 0.9, 2 * second + 1, picture),
    ]).flat(),
  );
}

interface Picture {
  readonly widthPixels: number;
  readonly heightPixels: number;
}

const TICKS_PER_SECOND = 90_000;
const PALETTE = 0x14;
const OBJECT = 0x15;
const COMPOSITION = 0x16;
const WINDOWS = 0x17;
const END = 0x80;
const EPOCH_START = 0x80;

function shownAt(seconds: number, number: number, picture: Picture, leftShare: number): Buffer {
  const width = Math.floor(picture.widthPixels * 0.4);
  const height = Math.floor(picture.heightPixels * 0.1);
  const x = Math.floor(picture.widthPixels * (leftShare + 0.05));
  const y = Math.floor(picture.heightPixels * 0.8);
  const at = [...u16(x), ...u16(y)];
  const pixels = Array.from({ length: height }, () => row(width)).flat();
  return Buffer.concat([
    segment(seconds, COMPOSITION, [...head(picture, number, EPOCH_START), 1, ...u16(0), 0, 0, ...at]),
    segment(seconds, WINDOWS, [1, 0, ...at, ...u16(width), ...u16(height)]),
    // Colour 1 is white: luma, two chromas, opaque.
    segment(seconds, PALETTE, [0, 0, 1, 235, 128, 128, 255]),
    segment(seconds, OBJECT, [...u16(0), 0, 0xc0, ...u24(pixels.length + 4), ...u16(width), ...u16(height), ...pixels]),
    segment(seconds, END, []),
  ]);
}

function hiddenAt(seconds: number, number: number, picture: Picture): Buffer {
  return Buffer.concat([segment(seconds, COMPOSITION, [...head(picture, number, 0), 0]), segment(seconds, END, [])]);
}

function head({ widthPixels, heightPixels }: Picture, number: number, state: number): number[] {
  return [...u16(widthPixels), ...u16(heightPixels), 0x10, ...u16(number), state, 0, 0];
}

/** A run of so many pixels of colour 1, and the end of the row. */
function row(widthPixels: number): number[] {
  return [0, 0xc0 | (widthPixels >> 8), widthPixels & 0xff, 1, 0, 0];
}

function segment(seconds: number, type: number, content: readonly number[]): Buffer {
  const header = Buffer.alloc(13);
  header.write("PG");
  header.writeUInt32BE(Math.round(seconds * TICKS_PER_SECOND), 2);
  header.writeUInt8(type, 10);
  header.writeUInt16BE(content.length, 11);
  return Buffer.concat([header, Buffer.from(content)]);
}

function u16(value: number): number[] {
  return [value >> 8, value & 0xff];
}

function u24(value: number): number[] {
  return [value >> 16, ...u16(value & 0xffff)];
}
