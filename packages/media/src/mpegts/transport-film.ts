import { damagedMedia } from "../damaged.ts";
import type { MediaReader } from "../reader.ts";
import { ReaderStream } from "../reader-stream.ts";
import { SNIFF_LENGTH_BYTES } from "../sniff-length.ts";
import { StreamCursor } from "../stream-cursor.ts";
import { ticksSince } from "./clock.ts";
import { readDuration } from "./duration.ts";
import { type PacketLayout, packetLayoutOf } from "./packets.ts";
import { findProgramMap } from "./program-map.ts";
import { type ProgramTrack, tracksOfProgram } from "./streams.ts";
import { describeTrack, type TrackDescription, type TransportTrack, transportTracks } from "./transport-track.ts";
import type { PesUnit } from "./unit-assembler.ts";
import { UnitWalk } from "./unit-walk.ts";

/** A transport stream as far as its head and its end tell of it. */
export interface TransportFilm {
  readonly layout: PacketLayout;
  readonly tracks: readonly TransportTrack[];
  /** The track that the film is entered by: the first picture, or the first sound where there is none. */
  readonly lead: TransportTrack | undefined;
  /** The PTS of time 0: the earliest of those that the tracks begin with. */
  readonly originTicks: number;
  readonly durationSeconds: number | undefined;
}

/**
 * Reads what tracks a transport stream has, and how they begin: as far as a picture of each of them that decoding can start with,
 * and a frame of each sound. Then its end, for its duration.
 *
 * Throws `MediaError` `damaged_media` if it does not say which tracks it has.
 */
export async function readTransportFilm(reader: MediaReader): Promise<TransportFilm> {
  const layout = packetLayoutOf(await reader.bytes(0, SNIFF_LENGTH_BYTES));
  if (layout === undefined) throw damagedMedia("its packets are out of step");
  const program = tracksOfProgram(await findProgramMap(reader, layout));
  const descriptions = await describeTracks(reader, layout, program);
  const originTicks = earliest([...descriptions.values()].map(({ ptsTicks }) => Math.round(ptsTicks)));
  const tracks = transportTracks(program, descriptions);
  const lead = leadingTrack(tracks);
  const film = { layout, tracks, lead, originTicks };
  return { ...film, durationSeconds: await readDuration(reader, film) };
}

/** Until there is a picture that decoding can start with: a group of ten seconds at 6 Mb/s. */
const PICTURE_SEARCH_LIMIT_BYTES = 8 * 1024 * 1024;
/** For sound alone: a second at 16 Mb/s. Tracks that the program map lists may never come. */
const SOUND_SEARCH_LIMIT_BYTES = 2 * 1024 * 1024;

/** For what may be sound, or data. */
const GUESS_SEARCH_LIMIT_BYTES = 512 * 1024;
/** Read at a time, so that nothing is read far behind what is looked for. */
const READ_BYTES = 16 * 1024;

async function describeTracks(
  reader: MediaReader,
  layout: PacketLayout,
  program: readonly ProgramTrack[],
): Promise<ReadonlyMap<number, TrackDescription>> {
  const undescribed = new Map(
    program.filter(({ draft }) => draft.kind !== "subtitle").map((track) => [track.pid, track] as const),
  );
  const descriptions = new Map<number, TrackDescription>();
  const take = (units: readonly PesUnit[]): void => {
    for (const unit of units) {
      const track = undescribed.get(unit.pid);
      const description = track && describeTrack(track, unit);
      if (description === undefined) continue;
      descriptions.set(unit.pid, description);
      undescribed.delete(unit.pid);
    }
  };
  const walk = new UnitWalk(layout, pidsOf(undescribed.values()));
  const stream = new ReaderStream(reader, { start: 0, end: PICTURE_SEARCH_LIMIT_BYTES }, READ_BYTES);
  const cursor = new StreamCursor(stream);
  for (let isOpen = true; isOpen && isSearched(undescribed.values(), cursor.offsetBytes); ) {
    const neededBytes = walk.run(cursor);
    take(walk.takeUnits());
    isOpen = await cursor.fill(neededBytes);
  }
  // What is cut off is good enough to be described by.
  for (const pid of undescribed.keys()) take(walk.finish(pid));
  return descriptions;
}

function pidsOf(tracks: Iterable<ProgramTrack>): Map<number, { readonly isPicture: boolean }> {
  return new Map([...tracks].map(({ pid, draft }) => [pid, { isPicture: draft.kind === "video" }]));
}

function isSearched(undescribed: Iterable<ProgramTrack>, offsetBytes: number): boolean {
  const limits = [...undescribed].map(({ draft, guesses }) => {
    if (guesses !== undefined) return GUESS_SEARCH_LIMIT_BYTES;
    return draft.kind === "video" ? PICTURE_SEARCH_LIMIT_BYTES : SOUND_SEARCH_LIMIT_BYTES;
  });
  return offsetBytes < Math.max(0, ...limits);
}

function leadingTrack(tracks: readonly TransportTrack[]): TransportTrack | undefined {
  const ofKind = (kind: string) => tracks.find(({ coded }) => coded.track.kind === kind);
  return ofKind("video") ?? ofKind("audio");
}

/** Of times that may lie on both sides of the end of a turn. */
function earliest(ticks: readonly number[]): number {
  const [first = 0] = ticks;
  const sinceFirst = ticks.map((time) => ticksSince(first, time));
  const offset = Math.min(0, ...sinceFirst);
  return first + offset;
}
