import type { ByteRange, ReadOptions } from "@riptide/core";
import { describe, expect, it } from "vitest";
import { type ByteSource, type ByteStream, openAvi, type Packet } from "../../src/index.ts";
import { bytes, chunk, u32le } from "../support/build.ts";
import { never } from "../support/memory-source.ts";
import { avih, FRAMES_OF_MP3, list, mp3Frame, PICTURES, rename, standardIndex, superIndex } from "./film.ts";

/** A file of which only some places hold anything: it is made where it is read. */
class SparseFile implements ByteSource {
  sizeBytes = 0;
  readBytes = 0;
  readonly #places: { readonly offset: number; readonly content: Uint8Array }[] = [];

  /** Puts something at the end. */
  append(content: Uint8Array): void {
    this.#places.push({ offset: this.sizeBytes, content });
    this.sizeBytes += content.length;
  }

  /** Leaves zeros at the end. */
  skip(lengthBytes: number): void {
    this.sizeBytes += lengthBytes;
  }

  async readAt(offset: number, length: number, _options: ReadOptions): Promise<Uint8Array> {
    const end = Math.min(offset + length, this.sizeBytes);
    const result = new Uint8Array(end - offset);
    this.readBytes += result.length;
    for (let at = this.#firstFrom(offset); at < this.#places.length; at += 1) {
      const place = this.#places[at]!;
      if (place.offset >= end) break;
      const skipped = Math.max(0, offset - place.offset);
      result.set(place.content.subarray(skipped, end - place.offset), Math.max(0, place.offset - offset));
    }
    return result;
  }

  open([range]: readonly ByteRange[]): ByteStream {
    const { readAt } = { readAt: this.readAt.bind(this) };
    let { start } = range!;
    return {
      get offsetBytes() {
        return start;
      },
      next: async (lengthBytes) => {
        const length = Math.min(lengthBytes, range!.end - start);
        if (length <= 0) return undefined;
        const read = await readAt(start, length, never);
        start += read.length;
        return read;
      },
      skip: (lengthBytes) => {
        start = Math.min(start + lengthBytes, range!.end);
      },
    };
  }

  #firstFrom(offset: number): number {
    let [low, high] = [0, this.#places.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const { offset: start, content } = this.#places[middle]!;
      if (start + content.length > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

const PARTS = 5;
/** Of a megabyte each, with a frame of sound. */
const PICTURES_PER_PART = 1100;
const PICTURE_BYTES = 1_000_000;
const PICTURE_START = 32;

/** More than five gigabytes, in RIFFs of more than one. The first picture of fifty is a keyframe. */
function largeFilm(): SparseFile {
  const layout = write([[], []]);
  return write(layout.indexes).file;
}

function write(places: readonly (readonly (readonly [number, number])[])[]) {
  const file = new SparseFile();
  const indexes: [number, number][][] = [[], []];
  const streams = [PICTURES, FRAMES_OF_MP3].map(({ header, format }, number) =>
    list(
      "strl",
      header,
      format,
      superIndex(
        number,
        places[number]!.length > 0 ? places[number]! : Array.from({ length: PARTS }, () => [0, 0] as const),
      ),
    ),
  );
  file.append(bytes("RIFF", u32le(0x7000_0000), "AVI ", list("hdrl", avih(0), ...streams)));
  for (let part = 0; part < PARTS; part += 1) {
    if (part > 0) file.append(bytes("RIFF", u32le(0x7000_0000), "AVIX"));
    const start = file.sizeBytes;
    const lengthBytes = PICTURES_PER_PART * (8 + PICTURE_BYTES + 8 + 384);
    file.append(bytes("LIST", u32le(lengthBytes + 4), "movi"));
    const listed = [0, 1].map((): { offset: number; data: { length: number }; isKeyframe: boolean }[] => []);
    for (let place = 0; place < PICTURES_PER_PART; place += 1) {
      const number = part * PICTURES_PER_PART + place;
      const isKeyframe = number % 50 === 0;
      listed[1]!.push({ offset: file.sizeBytes, data: { length: 384 }, isKeyframe: true });
      file.append(chunk("01wb", mp3Frame(number)));
      listed[0]!.push({ offset: file.sizeBytes, data: { length: PICTURE_BYTES }, isKeyframe });
      const content = bytes(isKeyframe ? 0x3f : 0x7f, u32le(number), "picture").subarray(0, PICTURE_START);
      file.append(bytes("00dc", u32le(PICTURE_BYTES), content));
      file.skip(PICTURE_BYTES - content.length);
    }
    for (const [number, entries] of listed.entries()) {
      const piece = rename(standardIndex(entries, number, start), `ix0${number}`);
      indexes[number]!.push([file.sizeBytes, piece.length]);
      file.append(piece);
    }
  }
  return { file, indexes };
}

const numberOf = ({ data }: Packet): number => new DataView(data.buffer, data.byteOffset).getUint32(1, true);

describe("A film of more than five gigabytes in several RIFFs", () => {
  it("is entered anywhere, for its index and the bytes of the stretch", async () => {
    const film = largeFilm();
    const demuxer = await openAvi(film, never);
    expect(film.readBytes).toBeLessThanOrEqual(16 * 1024);
    const entries = (await demuxer.keyIndex(never))!;
    expect(entries.length).toBe((PARTS * PICTURES_PER_PART) / 50);
    expect(film.readBytes).toBeLessThan(PARTS * 2 * (8 * PICTURES_PER_PART + 3 * 16_384));
    film.readBytes = 0;
    const [from, to] = [entries[99]!, entries[100]!];
    expect(from).toMatchObject({ timeSeconds: 198 });
    expect(from.offsetBytes).toBeGreaterThan(2 ** 32);
    const packets: Packet[] = [];
    const request = { stretch: { from, to }, tracks: new Set([1, 2]), open: film.open.bind(film) };
    for await (const some of demuxer.packets(request)) packets.push(...some);
    const shown = packets.filter(({ trackNumber }) => trackNumber === 1);
    expect(shown.map(numberOf)).toEqual(Array.from({ length: 50 }, (_, place) => 4950 + place));
    expect(shown.map(({ isKeyframe }) => isKeyframe)).toEqual(shown.map((_, place) => place === 0));
    expect(film.readBytes).toBeLessThan(50 * (PICTURE_BYTES + 500) + 40_000);
  });

  it("is walked over from one RIFF to the next", async () => {
    const film = largeFilm();
    const demuxer = await openAvi(film, never);
    const heard: number[] = [];
    const request = { stretch: { from: undefined, to: undefined }, tracks: new Set([2]), open: film.open.bind(film) };
    for await (const packets of demuxer.packets(request)) {
      heard.push(...packets.map(({ ptsTicks }) => ptsTicks / 1152));
    }
    expect(heard).toEqual(Array.from({ length: PARTS * PICTURES_PER_PART }, (_, number) => number));
    // No picture is read for it.
    expect(film.readBytes).toBeLessThan(0.01 * film.sizeBytes);
  });
});
