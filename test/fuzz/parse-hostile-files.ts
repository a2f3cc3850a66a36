import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ByteRange, MediaError, type ReadOptions } from "@riptide/core";
import {
  type ByteSource,
  type ByteStream,
  decodeSubtitleText,
  openIsobmff,
  openMatroska,
  parseAss,
  parseSrt,
  parseWebVtt,
  readMediaInfo,
} from "@riptide/media";
import { isSoak } from "../support/soak.ts";

/**
 * Run as a process of its own, with `--expose-gc` and a small heap: reads broken copies of all files of the corpus by all parsers and
 * says in a line of JSON how far its memory grew. It ends with an error at the first thing that is not a `MediaError`, and at the first
 * read that goes beyond the file.
 */

const CORPUS = fileURLToPath(new URL("../../../shared/corpus/media/", import.meta.url));
const SEED = 20_261_126;
/** Of each file: cut off, with bits flipped, with sizes that are too large, and these in a file that is as large as they say. */
const CASES_PER_KIND = isSoak ? 3 : 1;
/** A film of zeros is read no further than that. */
const PACKETS_LIMIT_BYTES = 1024 * 1024;
/** Longer than any header that is taken: a moov of 64 MiB. */
const READ_LIMIT_BYTES = 64 * 1024 * 1024;
/** To guess the charset of what is no text takes the longest of all. */
const TEXT_LIMIT_BYTES = 16 * 1024;
const LARGE_FILE_BYTES = 2 ** 40;

const never = { signal: new AbortController().signal };

let peakBytes = 0;

function sample(): void {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
}

/** A file, and zeros behind it up to a size. Whoever reads beyond the end, or nothing, is told. */
class WatchedSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, sizeBytes = bytes.length) {
    this.#bytes = bytes;
    this.sizeBytes = sizeBytes;
  }

  async readAt(offset: number, length: number, options: ReadOptions): Promise<Uint8Array> {
    options.signal.throwIfAborted();
    const isInFile = Number.isSafeInteger(offset) && offset >= 0 && length > 0 && offset + length <= this.sizeBytes;
    if (!isInFile || length > READ_LIMIT_BYTES) {
      throw new RangeError(`Read ${length} bytes at ${offset} of a file of ${this.sizeBytes}`);
    }
    return this.slice(offset, length);
  }

  slice(offset: number, length: number): Uint8Array {
    const known = this.#bytes.subarray(offset, offset + length);
    const result = new Uint8Array(length);
    result.set(known);
    // What is never written to takes no memory.
    result.fill(0, known.length);
    sample();
    return result;
  }

  /** As a demuxer opens ranges of it. */
  open(ranges: readonly ByteRange[]): ByteStream {
    for (const { start, end } of ranges) {
      if (!(start >= 0 && start <= end && end <= this.sizeBytes)) throw new RangeError(`Opened [${start}, ${end})`);
    }
    return new WatchedStream(this, ranges);
  }
}

class WatchedStream implements ByteStream {
  readonly #source: WatchedSource;
  readonly #rest: { start: number; readonly end: number }[];
  #readBytes = 0;

  constructor(source: WatchedSource, ranges: readonly ByteRange[]) {
    this.#source = source;
    this.#rest = ranges.map((range) => ({ ...range }));
  }

  get offsetBytes(): number {
    return this.#current()?.start ?? this.#source.sizeBytes;
  }

  async next(lengthBytes: number): Promise<Uint8Array | undefined> {
    if (!(lengthBytes > 0)) throw new RangeError(`Read ${lengthBytes} bytes of a stream`);
    const range = this.#current();
    if (range === undefined || this.#readBytes > PACKETS_LIMIT_BYTES) return undefined;
    const length = Math.min(lengthBytes, range.end - range.start, 64 * 1024);
    const bytes = this.#source.slice(range.start, length);
    range.start += length;
    this.#readBytes += length;
    return bytes;
  }

  skip(lengthBytes: number): void {
    if (!(lengthBytes >= 0)) throw new RangeError(`Skipped ${lengthBytes} bytes of a stream`);
    let left = lengthBytes;
    for (let range = this.#current(); range !== undefined && left > 0; range = this.#current()) {
      const step = Math.min(left, range.end - range.start);
      range.start += step;
      left -= step;
    }
  }

  #current(): { start: number; readonly end: number } | undefined {
    while (this.#rest[0]?.start === this.#rest[0]?.end && this.#rest.length > 0) this.#rest.shift();
    return this.#rest[0];
  }
}

/** By every parser, whatever the file is. */
async function readAll(bytes: Uint8Array, sizeBytes?: number): Promise<void> {
  const source = () => new WatchedSource(bytes, sizeBytes);
  await survives(async () => void (await readMediaInfo(source(), never)));
  for (const open of [openMatroska, openIsobmff]) {
    await survives(async () => {
      const film = source();
      const demuxer = await open(film, never);
      const index = await demuxer.keyIndex(never);
      const tracks = new Set(demuxer.tracks.map(({ number }) => number));
      for (const from of [undefined, index?.at(-1)]) {
        const request = {
          stretch: { from, to: undefined },
          tracks,
          open: (ranges: readonly ByteRange[]) => film.open(ranges),
        };
        for await (const _ of demuxer.packets(request)) sample();
      }
    });
  }
  const text = decodeSubtitleText(bytes.subarray(0, TEXT_LIMIT_BYTES));
  for (const parse of [parseSrt, parseAss, parseWebVtt]) parse(text);
  sample();
}

async function survives(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
  }
}

/** mulberry32: the same numbers in every run. */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

type Random = ReturnType<typeof randomFrom>;

/** Most of what tells something lies at the ends. */
function place(length: number, random: Random): number {
  const near = Math.min(length, 4096);
  return [random(length), random(near), length - 1 - random(near)][random(3)] ?? 0;
}

function withFlips(file: Uint8Array, random: Random): Uint8Array {
  const broken = file.slice();
  for (let left = 1 + random(8); left > 0; left -= 1) broken[place(file.length, random)]! ^= 1 << random(8);
  return broken;
}

/** 2 GiB and more, as a box of MP4 and as an element of Matroska would say it. */
const SIZES = [
  [0x7f, 0xff, 0xff, 0xf0],
  [0x08, 0x7f, 0xff, 0xff, 0xf0],
  [0x01, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xf0],
  [0, 0, 0, 1],
  [0xff, 0xff, 0xff, 0xff],
];
/** Names that are followed, or preceded, by a size. */
const NAMES = ["moov", "trak", "stsz", "stco", "stts", "ctts", "mdat", "sidx", "avcC", "esds"].map((name) =>
  Buffer.from(name),
);
const IDS = ["1a45dfa3", "18538067", "1654ae6b", "1c53bb6b", "1f43b675", "1941a469", "ae", "63a2", "a3"].map((id) =>
  Buffer.from(id, "hex"),
);

function withLargeSize(file: Uint8Array, random: Random): Uint8Array {
  const broken = file.slice();
  const size = SIZES[random(SIZES.length)]!;
  const [names, isInFront] = random(2) === 0 ? [NAMES, true] : [IDS, false];
  const name = names[random(names.length)]!;
  const found = Buffer.from(file).indexOf(name);
  const at = found < 4 ? place(file.length, random) : found + (isInFront ? -4 : name.length);
  broken.set(size.slice(0, Math.max(0, file.length - at)), at);
  return broken;
}

const random = randomFrom(SEED);
const entries = await readdir(CORPUS, { recursive: true, withFileTypes: true });
const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
const files = await Promise.all(paths.sort().map(async (path) => new Uint8Array(await readFile(path))));
for (const file of files) await readAll(file);
globalThis.gc?.();
const baselineBytes = process.memoryUsage.rss();
peakBytes = baselineBytes;
let cases = 0;
for (const file of files) {
  for (let count = 0; count < CASES_PER_KIND; count += 1) {
    const large = withLargeSize(file, random);
    await readAll(file.subarray(0, random(file.length)));
    await readAll(withFlips(file, random));
    await readAll(large);
    await readAll(large, LARGE_FILE_BYTES);
    cases += 4;
  }
}
process.stdout.write(`${JSON.stringify({ files: files.length, cases, growthBytes: peakBytes - baselineBytes })}\n`);
