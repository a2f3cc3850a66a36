import { ByteCursor } from "../byte-cursor.ts";
import type { Chapter } from "../media-info.ts";
import type { MediaReader } from "../reader.ts";
import { isReadable, type Sample } from "../samples/sample.ts";
import { TITLE_LIMIT_CHARACTERS, untrustedText } from "../untrusted-text.ts";
import { boxAt } from "./box.ts";
import { editShiftTicks } from "./edit-list.ts";
import { chapterTraks, parseMediaHeader, parseMovieHeader } from "./movie.ts";
import { readSampleTable } from "./sample-table.ts";
import { readMoov } from "./top-level.ts";

/** Chapters of a track may lie anywhere in the file, and each costs a read. */
const TRACK_CHAPTERS_LIMIT = 300;
/** What a name of a chapter takes in its sample: a length, two bytes a character, and boxes behind that we do not need. */
const NAME_LIMIT_BYTES = 2 + 4 * TITLE_LIMIT_CHARACTERS;

/** The chapters of an MP4 or QuickTime film: of its list (Nero's `chpl`), or else of its chapter track (QuickTime's). */
export async function readMovieChapters(reader: MediaReader): Promise<readonly Chapter[]> {
  const { content } = await readMoov(reader);
  const list = boxAt(content, "udta", "chpl");
  const listed = list === undefined ? [] : parseList(list);
  return listed.length > 0 ? listed : readChapterTrack(reader, content);
}

/**
 * Nobody has specified `chpl`; this is what Nero, ffmpeg, MP4Box and mp4v2 write: in version 1 four bytes that are reserved, a
 * count of one byte, then starts in 100 ns with names behind their length.
 */
function parseList(list: Uint8Array): Chapter[] {
  if (list.length < 5) return [];
  const cursor = new ByteCursor(list, "list of chapters");
  const version = cursor.u8();
  cursor.skip(3);
  if (version === 1) cursor.skip(Math.min(4, cursor.remaining));
  const chapters: Chapter[] = [];
  for (let left = cursor.remaining > 0 ? cursor.u8() : 0; left > 0 && cursor.remaining >= 9; left -= 1) {
    const startSeconds = cursor.u64() / 1e7;
    const lengthBytes = Math.min(cursor.u8(), cursor.remaining);
    const title = untrustedText(cursor.bytes(lengthBytes), TITLE_LIMIT_CHARACTERS) || undefined;
    chapters.push({ startSeconds, endSeconds: undefined, title });
  }
  return chapters;
}

/** QuickTime File Format, "Chapter lists": each sample of a track of text is a name, from its time on. */
async function readChapterTrack(reader: MediaReader, moov: Uint8Array): Promise<Chapter[]> {
  const trak = chapterTraks(moov).find((candidate) => TEXT_HANDLERS.has(candidate.handler))?.trak;
  if (trak === undefined) return [];
  const { timescale } = parseMediaHeader(trak);
  const stbl = boxAt(trak, "mdia", "minf", "stbl");
  if (timescale === 0 || stbl === undefined) return [];
  const shiftTicks = editShiftTicks(trak, timescale, parseMovieHeader(moov).timescale);
  const list = readSampleTable(stbl, { shiftTicks, isVideo: false, limit: TRACK_CHAPTERS_LIMIT });
  const samples = [...list.samples(Array.from({ length: list.count }, (_, number) => number))];
  const chapters = samples
    .filter((sample) => isReadable(sample, reader.sizeBytes))
    .map(async (sample) => ({
      startSeconds: sample.ptsTicks / timescale,
      endSeconds: (sample.ptsTicks + sample.durationTicks) / timescale,
      title: await readName(reader, sample),
    }));
  return Promise.all(chapters);
}

const TEXT_HANDLERS = new Set(["text", "sbtl"]);

/** QuickTime File Format, "Text sample data": a length of 16 bits, and UTF-8, or UTF-16 behind a byte order mark. */
async function readName(reader: MediaReader, { offsetBytes, sizeBytes }: Sample): Promise<string | undefined> {
  const bytes = await reader.bytes(offsetBytes, Math.min(sizeBytes, NAME_LIMIT_BYTES));
  const lengthBytes = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
  return untrustedText(asUtf8(bytes.subarray(2, 2 + lengthBytes)), TITLE_LIMIT_CHARACTERS) || undefined;
}

function asUtf8(text: Uint8Array): Uint8Array {
  const mark = ((text[0] ?? 0) << 8) | (text[1] ?? 0);
  if (mark !== 0xfeff && mark !== 0xfffe) return text;
  return new TextEncoder().encode(new TextDecoder(mark === 0xfeff ? "utf-16be" : "utf-16le").decode(text));
}
