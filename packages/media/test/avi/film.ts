import { bytes, chunk, u16le, u32le, u64le, zeros } from "../support/build.ts";

/** Builders of AVI files for tests. */

export const list = (type: string, ...content: Uint8Array[]): Uint8Array => chunk("LIST", type, ...content);

export const avih = (flags: number, framePeriodMicroseconds = 0): Uint8Array =>
  chunk("avih", u32le(framePeriodMicroseconds), zeros(8), u32le(flags), zeros(40));

export const strh = (
  type: string,
  handler: string,
  scale: number,
  rate: number,
  length: number,
  { start = 0, sampleSize = 0 }: { start?: number; sampleSize?: number } = {},
): Uint8Array =>
  chunk(
    "strh",
    type,
    handler,
    zeros(12),
    u32le(scale),
    u32le(rate),
    u32le(start),
    u32le(length),
    zeros(8),
    u32le(sampleSize),
    zeros(8),
  );

export const bitmap = (fourcc: string, height = 360, ...extra: Uint8Array[]): Uint8Array =>
  chunk("strf", u32le(40), u32le(640), u32le(height >>> 0), u16le(1), u16le(24), fourcc, zeros(20), ...extra);

export const wave = (tag: number, ...extra: Uint8Array[]): Uint8Array =>
  chunk("strf", u16le(tag), u16le(2), u32le(44_100), u32le(0), u16le(0), u16le(0), u16le(0), ...extra);

export const video = (fourcc: string, handler = fourcc): Uint8Array =>
  list("strl", strh("vids", handler, 1001, 24_000, 240), bitmap(fourcc));

/** A WAVEFORMATEX of which all is said. */
export function sound(options: {
  tag: number;
  rateHz?: number;
  bytesPerSecond: number;
  blockBytes: number;
}): Uint8Array {
  const { tag, rateHz = 48_000, bytesPerSecond, blockBytes } = options;
  return chunk(
    "strf",
    u16le(tag),
    u16le(2),
    u32le(rateHz),
    u32le(bytesPerSecond),
    u16le(blockBytes),
    u16le(16),
    u16le(0),
  );
}

export interface TestStream {
  readonly header: Uint8Array;
  readonly format: Uint8Array;
}

/** Pictures, 25 a second. */
export const PICTURES: TestStream = { header: strh("vids", "DIV3", 1, 25, 100), format: bitmap("DIV3") };

/** MP3 of 128 kb/s at 48 kHz, frames of 384 bytes, as a stream of bytes. */
export const BYTES_OF_MP3: TestStream = {
  header: strh("auds", "\0\0\0\0", 1, 16_000, 64_000, { sampleSize: 1 }),
  format: sound({ tag: 0x55, bytesPerSecond: 16_000, blockBytes: 1 }),
};

/** The same with a frame in each chunk. */
export const FRAMES_OF_MP3: TestStream = {
  header: strh("auds", "\0\0\0\0", 1152, 48_000, 167),
  format: sound({ tag: 0x55, bytesPerSecond: 16_000, blockBytes: 1152 }),
};

export const PCM: TestStream = {
  header: strh("auds", "\0\0\0\0", 1, 48_000, 192_000, { sampleSize: 4 }),
  format: sound({ tag: 1, bytesPerSecond: 192_000, blockBytes: 4 }),
};

export interface TestChunk {
  readonly stream: number;
  readonly kind: "dc" | "wb" | "pc";
  readonly data: Uint8Array;
  readonly isKeyframe?: boolean;
}

/** Picture `number`, which tells it, of any size; every tenth is a keyframe, and says so as DivX 3 does. */
export function picture(number: number, lengthBytes = 200 + (number % 7)): TestChunk {
  const data = new Uint8Array(lengthBytes).map((_, place) => (place * 31 + number) & 0x7f);
  const isKeyframe = number % 10 === 0;
  if (lengthBytes > 0) data.set([(isKeyframe ? 0 : 0x40) | (number & 0x3f)]);
  return { stream: 0, kind: "dc", data, isKeyframe };
}

/** Frame `number` of MP3, which tells it and looks nowhere else like the start of one. */
export function mp3Frame(number: number): Uint8Array {
  const data = new Uint8Array(384).map((_, place) => (place * 7 + number) & 0x7f);
  data.set([0xff, 0xfb, 0x94, 0x00, number & 0x7f, number >> 7]);
  return data;
}

export const soundChunk = (data: Uint8Array, stream = 1): TestChunk => ({ stream, kind: "wb", data });

export interface FilmOptions {
  readonly index?: "relative" | "absolute" | "none" | "open" | "direct";
  /** Chunks of each further RIFF: the film goes on in as many as that takes. */
  readonly chunksPerPart?: number;
  /** Chunks of each `rec ` list. */
  readonly chunksPerList?: number;
  readonly isUnpadded?: boolean;
  readonly framePeriodMicroseconds?: number;
  /** In front of the media. */
  readonly before?: Uint8Array;
}

const idOf = ({ stream, kind }: TestChunk): string => `${String(stream).padStart(2, "0")}${kind}`;

interface Placed extends TestChunk {
  readonly offset: number;
}

/** A whole file. */
export function aviFilm(
  streams: readonly TestStream[],
  chunks: readonly TestChunk[],
  options: FilmOptions = {},
): Uint8Array {
  const { index = "relative", chunksPerPart = chunks.length, framePeriodMicroseconds = 0, before = bytes() } = options;
  const isOpen = index === "open" || index === "direct";
  const partCount = Math.max(1, Math.ceil(chunks.length / Math.max(1, chunksPerPart)));
  const headOf = (indexes: readonly Uint8Array[]): Uint8Array =>
    bytes(
      list(
        "hdrl",
        avih(isOpen || index === "none" ? 0 : 0x10, framePeriodMicroseconds),
        ...streams.map(({ header, format }, number) => list("strl", header, format, indexes[number] ?? bytes())),
      ),
      before,
    );
  // All indexes have the size that they will have.
  const emptyIndexes = streams.map((_, number) =>
    index === "direct"
      ? standardIndex(chunks.filter(({ stream }) => stream === number).map(nowhere), number, 0)
      : superIndex(
          number,
          Array.from({ length: partCount }, () => [0, 0]),
        ),
  );
  let file = bytes("RIFF", u32le(0), "AVI ", headOf(isOpen ? emptyIndexes : []));
  const entries: [number, number][][] = streams.map(() => []);
  const all: Placed[] = [];
  let moviType = 0;
  for (let part = 0; part < partCount; part += 1) {
    if (part > 0) file = bytes(file, "RIFF", u32le(0), "AVIX");
    const start = file.length;
    const media = mediaOf(chunks.slice(part * chunksPerPart, (part + 1) * chunksPerPart), start + 12, options);
    let body = media.body;
    if (index === "open") {
      for (const [number, own] of entries.entries()) {
        const listed = media.placed.filter(({ stream }) => stream === number);
        const piece = standardIndex(listed, number, start);
        own.push([start + 12 + body.length, piece.length]);
        body = bytes(body, rename(piece, `ix${String(number).padStart(2, "0")}`));
      }
    }
    if (part === 0) moviType = start + 8;
    file = bytes(file, "LIST", u32le(body.length + 4), "movi", body, zeros(body.length & 1));
    all.push(...media.placed);
  }
  if (index === "open" || index === "direct") {
    const indexes = streams.map((_, number) =>
      index === "open"
        ? superIndex(number, entries[number]!)
        : standardIndex(
            all.filter(({ stream }) => stream === number),
            number,
            0,
          ),
    );
    file.set(headOf(indexes), 12);
  }
  if (index === "relative" || index === "absolute") {
    file = bytes(file, oldIndex(all, index === "relative" ? moviType : 0));
  }
  return file;
}

const nowhere = (chunk_: TestChunk): Placed => ({ ...chunk_, offset: 0 });

function mediaOf(chunks: readonly TestChunk[], start: number, { chunksPerList, isUnpadded }: FilmOptions) {
  const placed: Placed[] = [];
  const parts: Uint8Array[] = [];
  let offset = start;
  const push = (part: Uint8Array): void => {
    parts.push(part);
    offset += part.length;
  };
  for (const [number, item] of chunks.entries()) {
    if (chunksPerList !== undefined && number % chunksPerList === 0) {
      const own = chunks.slice(number, number + chunksPerList);
      const lengthBytes = own.reduce((sum, { data }) => sum + 8 + data.length + (data.length & 1), 0);
      push(bytes("LIST", u32le(lengthBytes + 4), "rec "));
    }
    placed.push({ ...item, offset });
    const whole = chunk(idOf(item), item.data);
    push(isUnpadded === true ? whole.subarray(0, 8 + item.data.length) : whole);
  }
  return { body: bytes(...parts), placed };
}

function oldIndex(placed: readonly Placed[], base: number): Uint8Array {
  const entries = placed.map((item) =>
    bytes(idOf(item), u32le(item.isKeyframe === false ? 0 : 0x10), u32le(item.offset - base), u32le(item.data.length)),
  );
  return chunk("idx1", ...entries);
}

/** OpenDML 1.02, §3: an index of indexes, as `[offset, size]`. */
export function superIndex(stream: number, entries: readonly (readonly [number, number])[]): Uint8Array {
  const id = `${String(stream).padStart(2, "0")}dc`;
  const rows = entries.map(([offset, size]) => bytes(u64le(offset), u32le(size), u32le(0)));
  return chunk("indx", u16le(4), 0, 0, u32le(entries.length), id, zeros(12), ...rows);
}

/** OpenDML 1.02, §3: an index of chunks, as the content of `indx`. */
export function standardIndex(
  placed: readonly { offset: number; data: { length: number }; isKeyframe?: boolean }[],
  stream: number,
  base: number,
): Uint8Array {
  const id = `${String(stream).padStart(2, "0")}dc`;
  const rows = placed.map(({ offset, data, isKeyframe }) =>
    bytes(u32le(offset + 8 - base), u32le(data.length + (isKeyframe === false ? 2 ** 31 : 0))),
  );
  return chunk("indx", u16le(2), 0, 1, u32le(placed.length), id, u64le(base), u32le(0), ...rows);
}

export function rename(chunk_: Uint8Array, id: string): Uint8Array {
  return bytes(id, chunk_.subarray(4));
}
