import type { Packet } from "../packet.ts";
import { isKeyPicture } from "./key-picture.ts";
import { SoundFramer } from "./sound-framer.ts";
import type { AviTrack } from "./tracks.ts";

/** A chunk, or of a sound of constant rate a part of one. */
export interface PlacedChunk {
  /** `StreamClock` tells what it is. */
  readonly position: number;
  readonly data: Uint8Array;
  /** Undefined where no index was read. */
  readonly isKeyframe: boolean | undefined;
}

/** Makes packets of the chunks of some tracks, each of which come in order. */
export class PacketMaker {
  readonly #framers: ReadonlyMap<AviTrack, SoundFramer>;

  /** @param endOf frames of sound that begin at that position or later are left out */
  constructor(tracks: readonly AviTrack[], endOf?: (track: AviTrack) => number | undefined) {
    const framed = tracks.flatMap((track) => {
      const { framing } = track;
      const end = endOf?.(track) ?? Number.POSITIVE_INFINITY;
      return framing === undefined ? [] : [[track, new SoundFramer(track, framing, end)] as const];
    });
    this.#framers = new Map(framed);
  }

  /** The packets that the next chunk of a track completes. */
  take(track: AviTrack, chunk: PlacedChunk): Packet[] {
    if (chunk.data.length === 0) return [];
    const framer = this.#framers.get(track);
    return framer === undefined ? [packetOf(track, chunk)] : framer.push(chunk.data, chunk.position);
  }

  /** How many bytes behind its end a track needs to complete its last frame: 0 if that is complete. */
  missingBytesOf(track: AviTrack): number {
    return this.#framers.get(track)?.missingBytes ?? 0;
  }

  /** Nothing comes any more. */
  finish(): Packet[] {
    return [...this.#framers.values()].flatMap((framer) => framer.finish());
  }
}

function packetOf({ coded, clock }: AviTrack, { position, data, isKeyframe }: PlacedChunk): Packet {
  const { track, number } = coded;
  const dtsTicks = clock.ticksAt(position);
  const isEntry = track.kind !== "video" || (isKeyPicture(track.codec, data) ?? isKeyframe ?? position === 0);
  return {
    trackNumber: number,
    ptsTicks: dtsTicks,
    dtsTicks,
    durationTicks: clock.ticksAt(position + clock.advanceOf(data.length)) - dtsTicks,
    isKeyframe: isEntry,
    data,
  };
}
