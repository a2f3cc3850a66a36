import type { Packet } from "../packet.ts";
import type { TransportTrack } from "./transport-track.ts";

/**
 * Lets a film begin with a picture that can be decoded: leaves out those before the first keyframe of each track, and those that
 * are shown before it, which need pictures from before the film.
 */
export class FilmStart {
  /** By track: when its first keyframe is shown; undefined before that. */
  readonly #starts: Map<number, number | undefined>;

  constructor(tracks: readonly TransportTrack[]) {
    const told = tracks.filter(({ hasKeyframes }) => hasKeyframes);
    this.#starts = new Map(told.map(({ coded }) => [coded.number, undefined]));
  }

  filter(packets: readonly Packet[]): readonly Packet[] {
    return packets.filter((packet) => this.#isKept(packet));
  }

  #isKept({ trackNumber, isKeyframe, ptsTicks }: Packet): boolean {
    if (!this.#starts.has(trackNumber)) return true;
    const startTicks = this.#starts.get(trackNumber);
    if (startTicks === undefined && isKeyframe) this.#starts.set(trackNumber, ptsTicks);
    return startTicks === undefined ? isKeyframe : ptsTicks >= startTicks;
  }
}
