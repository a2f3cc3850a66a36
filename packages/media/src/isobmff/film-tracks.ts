import type { CodedTrack } from "../packet.ts";
import type { SampleList } from "../samples/sample.ts";
import { boxAt } from "./box.ts";
import { configurationOf } from "./configuration.ts";
import { editShiftTicks } from "./edit-list.ts";
import { firstSampleEntry, type Movie, parseMediaHeader, parseMovieHeader, trackId } from "./movie.ts";
import { pcmFormatOf } from "./pcm-format.ts";
import { readSampleTable } from "./sample-table.ts";

/** A track of an MP4 film with what it takes to find its samples. */
export interface FilmTrack {
  readonly coded: CodedTrack;
  /** What the edit list adds to all times. */
  readonly shiftTicks: number;
  /** The samples that the moov lists: none in most fragmented files. */
  readonly list: SampleList;
}

/**
 * Samples of all tracks together: what a moov of the largest size can list. Samples of one size take no room in a table, and
 * must not make more work than others.
 */
const SAMPLES_LIMIT = 4_000_000;

/**
 * The tracks of a `moov` whose samples can be told apart: those without a timescale are left out, and those whose number another
 * one has already. Throws `damaged_media` where a box is shorter than its fields.
 */
export function filmTracks(moov: Uint8Array, movie: Movie): FilmTrack[] {
  const movieTimescale = parseMovieHeader(moov).timescale;
  const byNumber = new Map<number, FilmTrack>();
  let limit = SAMPLES_LIMIT;
  for (const [index, track] of movie.tracks.entries()) {
    const trak = movie.traks[index]!;
    const number = trackId(trak);
    const { timescale } = parseMediaHeader(trak);
    if (timescale === 0 || byNumber.has(number)) continue;
    const shiftTicks = editShiftTicks(trak, timescale, movieTimescale);
    const stbl = boxAt(trak, "mdia", "minf", "stbl") ?? new Uint8Array(0);
    const list = readSampleTable(stbl, { shiftTicks, isVideo: track.kind === "video", limit });
    const entry = firstSampleEntry(trak);
    const configuration = configurationOf(track, entry);
    const pcm = track.codec === "pcm" ? pcmFormatOf(entry) : undefined;
    const coded = { number, track, timescale, configuration, packetTicks: list.packetTicks, pcm };
    byNumber.set(number, { coded, shiftTicks, list });
    limit -= list.count;
  }
  return [...byNumber.values()];
}

/** The track that the key index goes by: the first picture, or the first sound where there is none, of those with samples. */
export function leadingTrack(tracks: readonly FilmTrack[]): FilmTrack | undefined {
  const listed = tracks.filter(({ list }) => list.count > 0);
  const ofKind = (kind: string) => (listed.length > 0 ? listed : tracks).find(({ coded }) => coded.track.kind === kind);
  return ofKind("video") ?? ofKind("audio");
}
