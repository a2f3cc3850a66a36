import type { Packet } from "../packet.ts";
import type { MediaReader } from "../reader.ts";
import { ReaderStream } from "../reader-stream.ts";
import { StreamCursor } from "../stream-cursor.ts";
import { PacketWalk, type WalkedFilm } from "./packet-walk.ts";

/** Read first at the end of the file: what is asked for of every film anyway. */
const FIRST_TAIL_BYTES = 64 * 1024;
/** A fifth of a second of the densest films, and where a picture begins in all others. */
const TAIL_LIMIT_BYTES = 1024 * 1024;
/** Less than the slowest sound takes: then the clock was set anew on the way, and nobody knows how long the film is. */
const SLOWEST_BYTES_PER_SECOND = 1000;

/** How long a film plays, by the last packets in it, in seconds; undefined if its last mebibyte has none of the leading track. */
export async function readDuration(reader: MediaReader, film: WalkedFilm): Promise<number | undefined> {
  const leadNumber = film.lead?.coded.number;
  if (leadNumber === undefined) return undefined;
  for (const lengthBytes of [FIRST_TAIL_BYTES, TAIL_LIMIT_BYTES]) {
    const packets = await lastPackets(reader, film, Math.max(0, reader.sizeBytes - lengthBytes));
    if (packets.every(({ trackNumber }) => trackNumber !== leadNumber)) continue;
    const ends = film.tracks.map(({ coded }) => {
      const own = packets.filter(({ trackNumber }) => trackNumber === coded.number);
      return endTicksOf(own) / coded.timescale;
    });
    const seconds = Math.max(...ends);
    return seconds > 0 && reader.sizeBytes / seconds >= SLOWEST_BYTES_PER_SECOND ? seconds : undefined;
  }
  return undefined;
}

async function lastPackets(reader: MediaReader, film: WalkedFilm, start: number): Promise<readonly Packet[]> {
  const end = reader.sizeBytes;
  const walk = new PacketWalk(film, end);
  const cursor = new StreamCursor(new ReaderStream(reader, { start, end }));
  for (let isOpen = true; isOpen; ) isOpen = await cursor.fill(walk.run(cursor));
  walk.run(cursor);
  walk.finishAll();
  return walk.takePackets();
}

/** A packet that does not say how long it lasts lasts as long as any: as the shortest time between two. */
function endTicksOf(packets: readonly Packet[]): number {
  const times = packets.map(({ ptsTicks }) => ptsTicks).toSorted((left, right) => left - right);
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  const shortest = Math.min(...gaps.filter((gap) => gap > 0));
  const spacing = Number.isFinite(shortest) ? shortest : 0;
  return Math.max(0, ...packets.map(({ ptsTicks, durationTicks }) => ptsTicks + (durationTicks ?? spacing)));
}
