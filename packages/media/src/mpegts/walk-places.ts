import type { ByteStream } from "../byte-stream.ts";
import type { WalkedPlace } from "../demuxer.ts";
import type { Packet } from "../packet.ts";
import { StreamCursor } from "../stream-cursor.ts";
import { CLOCK_HZ } from "./clock.ts";
import { packetMaker } from "./packet-maker.ts";
import type { WalkedFilm } from "./packet-walk.ts";
import type { TransportTrack } from "./transport-track.ts";
import { UnitWalk } from "./unit-walk.ts";

/** How far apart places are at least that only tell how far the film has been read. */
const PASSED_SECONDS = 1;

/**
 * The places of a film from where its stream begins on: the keyframes of its leading track, once a second those at which it has none,
 * and its end. Of the others none is told to be clean: what is decoded later may be shown earlier.
 */
export async function* walkPlaces(film: WalkedFilm, stream: ByteStream, endBytes: number): AsyncGenerator<WalkedPlace> {
  const { layout, lead, originTicks, tracks } = film;
  const walked = tracks.filter((track) => track === lead || track === firstSound(tracks));
  const makers = new Map(walked.map((track) => [track.coded.number, packetMaker(track, originTicks)] as const));
  const pids = walked.map(({ coded }) => [coded.number, { isPicture: coded.track.kind === "video" }] as const);
  const walk = new UnitWalk(layout, new Map(pids));
  const places = new PlaceTeller(walked, lead);
  const cursor = new StreamCursor(stream);
  for (let isOpen = true; isOpen; ) {
    const neededBytes = walk.run(cursor);
    isOpen = await cursor.fill(neededBytes);
    if (!isOpen) walk.run(cursor);
    const isEnd = !isOpen && cursor.offsetBytes + cursor.heldBytes >= endBytes;
    const units = [...walk.takeUnits(), ...(isEnd ? [...makers.keys()].flatMap((pid) => walk.finish(pid)) : [])];
    for (const unit of units) {
      for (const packet of makers.get(unit.pid)?.packetsOf(unit) ?? []) places.push(packet, unit.offsetBytes);
    }
    yield* places.take();
  }
  yield places.end(endBytes);
}

function firstSound(tracks: readonly TransportTrack[]): TransportTrack | undefined {
  return tracks.find(({ coded }) => coded.track.kind === "audio");
}

/** Tells places of packets. What it tells depends on those since the last keyframe alone. */
class PlaceTeller {
  readonly #timescales: ReadonlyMap<number, number>;
  readonly #leadNumber: number | undefined;
  #places: WalkedPlace[] = [];
  #toldSeconds = Number.NEGATIVE_INFINITY;
  #toldOffsetBytes = -1;
  #previousDtsSeconds: number | undefined;
  #spacingSeconds = 0;
  #endSeconds = 0;

  constructor(tracks: readonly TransportTrack[], lead: TransportTrack | undefined) {
    this.#timescales = new Map(tracks.map(({ coded }) => [coded.number, coded.timescale]));
    this.#leadNumber = lead?.coded.number;
  }

  push({ trackNumber, ptsTicks, dtsTicks, durationTicks, isKeyframe }: Packet, offsetBytes: number): void {
    const timescale = this.#timescales.get(trackNumber) ?? CLOCK_HZ;
    const timeSeconds = ptsTicks / timescale;
    if (trackNumber === this.#leadNumber) this.#tell(isKeyframe, timeSeconds, offsetBytes);
    if (dtsTicks !== undefined) this.#space(dtsTicks / timescale);
    const lastsSeconds = durationTicks === undefined ? this.#spacingSeconds : durationTicks / timescale;
    this.#endSeconds = Math.max(this.#endSeconds, timeSeconds + lastsSeconds);
  }

  take(): readonly WalkedPlace[] {
    const places = this.#places;
    this.#places = [];
    return places;
  }

  end(offsetBytes: number): WalkedPlace {
    return { kind: "end", timeSeconds: this.#endSeconds, offsetBytes };
  }

  #tell(isKeyframe: boolean, timeSeconds: number, offsetBytes: number): void {
    const isPassed = timeSeconds >= this.#toldSeconds + PASSED_SECONDS;
    // Several frames of sound begin in one PES packet.
    if (offsetBytes <= this.#toldOffsetBytes || !(isKeyframe || isPassed)) return;
    this.#toldOffsetBytes = offsetBytes;
    this.#toldSeconds = timeSeconds;
    this.#places.push({ kind: isKeyframe ? "keyframe" : "passed", timeSeconds, offsetBytes });
    if (!isKeyframe) return;
    this.#endSeconds = 0;
    this.#previousDtsSeconds = undefined;
    this.#spacingSeconds = 0;
  }

  /** A picture lasts as long as it takes until the next one is decoded. */
  #space(dtsSeconds: number): void {
    const spacing = dtsSeconds - (this.#previousDtsSeconds ?? dtsSeconds);
    if (spacing > 0) this.#spacingSeconds = spacing;
    this.#previousDtsSeconds = dtsSeconds;
  }
}
