import { unlessDamaged } from "../damaged.ts";
import type { KeyIndex, KeyIndexEntry } from "../key-index.ts";
import type { MediaReader } from "../reader.ts";
import type { FilmTrack } from "./film-tracks.ts";
import { FragmentParser, MOOF_LIMIT_BYTES } from "./fragment.ts";
import { readFragmentRandomAccess } from "./fragment-random-access.ts";
import { readSegmentIndex } from "./segment-index.ts";
import { topLevelBoxes } from "./top-level.ts";

/**
 * Boxes that are stepped over where no table lists the fragments: two hours in fragments of four seconds. Each costs a read,
 * of 16 KiB here and of a piece from peers, so a longer film is rather not searched.
 */
const WALK_LIMIT_BOXES = 4_000;

export interface FragmentedFilm {
  /** The content of the moov, and where the fragments may start. */
  readonly moov: Uint8Array;
  readonly startOffset: number;
  readonly lead: FilmTrack;
}

/**
 * Where a fragmented film can be entered: at fragments that start with a sync sample of the leading track. From a `sidx` in front
 * of them, else from the `mfra` at the end, else by going from fragment to fragment. The times of the first two are those of
 * their tables, which may be some frames off. Undefined if nothing leads there, or the way is too long.
 */
export async function readFragmentIndex(reader: MediaReader, film: FragmentedFilm): Promise<KeyIndex | undefined> {
  const { coded, shiftTicks } = film.lead;
  const sidx = await unlessDamaged(() => readSegmentIndex(reader, film.startOffset, coded.number));
  const listed = sidx?.entries ?? [];
  const found = listed.length > 0 ? listed : await unlessDamaged(() => readFragmentRandomAccess(reader, coded));
  if (found === undefined || found.length === 0) {
    return ascending((await unlessDamaged(() => fromWalk(reader, film))) ?? [], reader.sizeBytes);
  }
  const shiftSeconds = shiftTicks / coded.timescale;
  const shifted = found.map((entry) => ({ ...entry, timeSeconds: entry.timeSeconds + shiftSeconds }));
  return ascending(shifted, reader.sizeBytes);
}

async function fromWalk(reader: MediaReader, film: FragmentedFilm): Promise<KeyIndexEntry[]> {
  const parser = new FragmentParser(film.moov, [film.lead]);
  const entries: KeyIndexEntry[] = [];
  let boxes = 0;
  for await (const { type, offset, contentOffset, endOffset } of topLevelBoxes(
    reader,
    film.startOffset,
    WALK_LIMIT_BOXES,
  )) {
    boxes += 1;
    if (type !== "moof" || endOffset - contentOffset > MOOF_LIMIT_BYTES) continue;
    const content = await reader.bytes(contentOffset, endOffset - contentOffset);
    const [first] = (await unlessDamaged(async () => parser.samplesOf({ offset, content }))) ?? [];
    if (first?.sample.isKeyframe !== true) continue;
    entries.push({ timeSeconds: first.sample.ptsTicks / film.lead.coded.timescale, offsetBytes: offset });
  }
  return boxes < WALK_LIMIT_BOXES ? entries : [];
}

/** What is both later and further on than everything before it: stretches are cut by both. */
function ascending(entries: readonly KeyIndexEntry[], fileSizeBytes: number): KeyIndex | undefined {
  const kept: KeyIndexEntry[] = [];
  for (const entry of entries) {
    const { timeSeconds, offsetBytes } = kept.at(-1) ?? { timeSeconds: Number.NEGATIVE_INFINITY, offsetBytes: -1 };
    const isInFile = entry.offsetBytes < fileSizeBytes && Number.isFinite(entry.timeSeconds);
    if (isInFile && entry.timeSeconds > timeSeconds && entry.offsetBytes > offsetBytes) kept.push(entry);
  }
  return kept.length === 0 ? undefined : kept;
}
