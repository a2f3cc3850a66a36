import type { KeyIndexEntry } from "../key-index.ts";
import type { MediaReader } from "../reader.ts";
import { ReaderStream } from "../reader-stream.ts";
import { StreamCursor } from "../stream-cursor.ts";
import { CLOCK_HZ, ticksSince } from "./clock.ts";
import { packetMaker } from "./packet-maker.ts";
import { pesTimesIn } from "./pes-times.ts";
import { PlaceSearch } from "./place-search.ts";
import type { TransportFilm } from "./transport-film.ts";
import type { TransportTrack } from "./transport-track.ts";
import { UnitWalk } from "./unit-walk.ts";

/** Places looked at in one search: each costs a piece of the torrent. */
const PROBES_LIMIT = 8;
/** A stretch that is read through rather than cut in two: a quarter of a second of a film of 8 Mb/s. */
const SHORT_BYTES = 256 * 1024;
/** Read at a place, until a time is found there: mostly one or two pictures begin in so much. */
const PROBE_BYTES = 64 * 1024;
/** The largest pictures of films of 50 Mb/s. */
const PROBE_LIMIT_BYTES = 1024 * 1024;
/** How far back keyframes are looked for: a group of pictures of ten seconds at 13 Mb/s. */
const BACK_LIMIT_BYTES = 16 * 1024 * 1024;
/** How far back the first step goes; each further one goes twice as far. */
const FIRST_STEP_BYTES = 512 * 1024;
/** Read beyond the end of a range at most, to complete a picture that begins in it. */
const BEYOND_LIMIT_BYTES = 2 * 1024 * 1024;
/** Entries remembered per file: a few dozen bytes each. */
const ENTRIES_LIMIT = 512;

/** An entry, and up to when no other one follows it. */
interface FoundEntry extends KeyIndexEntry {
  readonly untilSeconds: number;
}

/** Finds the keyframes of a film by time, and remembers what it came across. */
export class EntrySearch {
  readonly #film: TransportFilm;
  /** By where they lie. */
  readonly #found = new Map<number, FoundEntry>();
  #places: PlaceSearch | undefined;

  constructor(film: TransportFilm) {
    this.#film = film;
  }

  /**
   * The last keyframe of the leading track that is shown at or before `timeSeconds`. If there is none within a bounded stretch,
   * some place before the time; undefined if the film has no track to be entered by.
   */
  async find(reader: MediaReader, timeSeconds: number): Promise<KeyIndexEntry | undefined> {
    const { lead, durationSeconds } = this.#film;
    if (lead === undefined) return undefined;
    const known = [...this.#found.values()].find(
      (entry) => entry.timeSeconds <= timeSeconds && timeSeconds <= entry.untilSeconds,
    );
    if (known !== undefined) return { timeSeconds: known.timeSeconds, offsetBytes: known.offsetBytes };
    this.#places ??= new PlaceSearch(reader.sizeBytes, durationSeconds);
    const place = await this.#placeBefore(reader, lead, timeSeconds, this.#places);
    return (await this.#keyframeAround(reader, lead, place, timeSeconds)) ?? place;
  }

  /** A place where pictures are shown before the time, close to it. */
  async #placeBefore(
    reader: MediaReader,
    lead: TransportTrack,
    timeSeconds: number,
    places: PlaceSearch,
  ): Promise<KeyIndexEntry> {
    for (let probe = 0; probe < PROBES_LIMIT; probe += 1) {
      const { lower, upper, guessBytes } = places.around(timeSeconds, probe);
      if (upper.offsetBytes - lower.offsetBytes <= SHORT_BYTES) break;
      const place = await this.#placeAt(reader, lead, guessBytes, upper.offsetBytes);
      places.remember(place ?? { offsetBytes: guessBytes, timeSeconds: upper.timeSeconds });
    }
    return places.around(timeSeconds, 0).lower;
  }

  /** The first picture from an offset on, and when it is shown; undefined if none begins in what is read. */
  async #placeAt(
    reader: MediaReader,
    { coded }: TransportTrack,
    start: number,
    end: number,
  ): Promise<KeyIndexEntry | undefined> {
    const limitBytes = Math.min(PROBE_LIMIT_BYTES, end - start);
    for (let lengthBytes = PROBE_BYTES; ; lengthBytes *= 4) {
      const bytes = await reader.bytes(start, Math.min(lengthBytes, limitBytes));
      for (const { pid, position, ptsTicks } of pesTimesIn(bytes, this.#film.layout)) {
        if (pid === coded.number) return { offsetBytes: start + position, timeSeconds: this.#secondsOf(ptsTicks) };
      }
      if (lengthBytes >= limitBytes) return undefined;
    }
  }

  /** Reads on from a place up to the time, and if there is no keyframe, back from it step by step. */
  async #keyframeAround(
    reader: MediaReader,
    lead: TransportTrack,
    { offsetBytes: place }: KeyIndexEntry,
    timeSeconds: number,
  ): Promise<KeyIndexEntry | undefined> {
    const ahead = { start: place, end: Math.min(place + BACK_LIMIT_BYTES, reader.sizeBytes) };
    const found = await this.#lastKeyframe(reader, lead, ahead, timeSeconds);
    if (found !== undefined) return found;
    const lowest = Math.max(0, place - BACK_LIMIT_BYTES);
    for (let end = place, stepBytes = FIRST_STEP_BYTES; end > lowest; stepBytes *= 2) {
      const start = Math.max(lowest, end - stepBytes);
      const earlier = await this.#lastKeyframe(reader, lead, { start, end }, timeSeconds);
      if (earlier !== undefined) return earlier;
      end = start;
    }
    return undefined;
  }

  /** The last keyframe that begins in a range and is shown at or before the time. */
  async #lastKeyframe(
    reader: MediaReader,
    lead: TransportTrack,
    range: { readonly start: number; readonly end: number },
    timeSeconds: number,
  ): Promise<KeyIndexEntry | undefined> {
    let last: KeyIndexEntry | undefined;
    for await (const { shownSeconds, offsetBytes, isKeyframe } of this.#pictures(reader, lead, range)) {
      if (isKeyframe && shownSeconds <= timeSeconds) last = { timeSeconds: shownSeconds, offsetBytes };
      // Whatever is decoded before a keyframe is shown before it, so that all further ones come too late.
      if (shownSeconds > timeSeconds) break;
    }
    if (last !== undefined) this.#remember({ ...last, untilSeconds: timeSeconds });
    return last;
  }

  async *#pictures(reader: MediaReader, lead: TransportTrack, { start, end }: { start: number; end: number }) {
    const { layout, originTicks } = this.#film;
    const pid = lead.coded.number;
    const maker = packetMaker(lead, originTicks);
    const walk = new UnitWalk(layout, new Map([[pid, { isPicture: lead.coded.track.kind === "video" }]]));
    const cursor = new StreamCursor(new ReaderStream(reader, { start, end: end + BEYOND_LIMIT_BYTES }, PROBE_BYTES));
    for (let isOpen = true; isOpen; ) {
      const neededBytes = walk.run(cursor);
      const isOver = cursor.offsetBytes >= end && (walk.openOffsetBytes(pid) ?? end) >= end;
      isOpen = !isOver && (await cursor.fill(neededBytes));
      for (const unit of [...walk.takeUnits(), ...(isOpen ? [] : walk.finish(pid))]) {
        const [packet] = unit.ptsTicks === undefined ? [] : maker.packetsOf(unit);
        if (packet === undefined || unit.offsetBytes >= end) continue;
        const shownSeconds = packet.ptsTicks / lead.coded.timescale;
        yield { shownSeconds, offsetBytes: unit.offsetBytes, isKeyframe: packet.isKeyframe };
      }
    }
  }

  #secondsOf(ptsTicks: number): number {
    return ticksSince(this.#film.originTicks, ptsTicks) / CLOCK_HZ;
  }

  #remember(entry: FoundEntry): void {
    const known = this.#found.get(entry.offsetBytes);
    if (known !== undefined && known.untilSeconds >= entry.untilSeconds) return;
    this.#found.set(entry.offsetBytes, entry);
    const [oldest = entry.offsetBytes] = this.#found.keys();
    if (this.#found.size > ENTRIES_LIMIT) this.#found.delete(oldest);
  }
}
