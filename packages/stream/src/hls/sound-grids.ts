import type { StreamContext } from "@riptide/core";
import {
  type AudioGrid,
  audioGridOf,
  type CodedTrack,
  ORIGIN_PACKETS,
  type Packet,
  type TranscodableCodec,
} from "@riptide/media";
import { keyOf } from "../file-key.ts";
import type { Film } from "../film-library.ts";
import { readPackets } from "../film-packets.ts";
import { timed } from "../media-library.ts";
import { SharedResults } from "../shared-results.ts";

/** A few sounds of the films that play now. */
const GRIDS_LIMIT = 64;
/** Two seconds of a film of high rate. Sound that has not begun by then counts from its first frame there is, or from 0. */
const SEARCH_LIMIT_BYTES = 16 * 1024 * 1024;

/** Their frames may be so short that one time, rounded to a millisecond, does not tell where the first begins. */
const SHORT_FRAMED: ReadonlySet<string> = new Set(["vorbis", "flac"] satisfies TranscodableCodec[]);

/** Where the units of converted sounds lie. Each grid is read once, off the first packets of its track. */
export class SoundGrids {
  readonly #grids = new SharedResults<AudioGrid>(GRIDS_LIMIT);

  /** Rejects like `audioGridOf`, or with what the provider rejects with. */
  async of({ demuxer }: Film, coded: CodedTrack, context: StreamContext): Promise<AudioGrid> {
    const { provider, file } = context;
    return timed("head", context, () =>
      this.#grids.get(`${keyOf(file)}-${coded.number}`, context.signal, async (signal) => {
        const wanted = { stretch: { from: undefined, to: undefined }, tracks: new Set([coded.number]) };
        const packets = readPackets(demuxer, wanted, provider, { signal, limitBytes: SEARCH_LIMIT_BYTES });
        // Sixteen packets may be half a second of the film: no more is waited for than is needed.
        const count = SHORT_FRAMED.has(coded.track.codec) ? ORIGIN_PACKETS : 1;
        // MP4 counts time in samples, Matroska in milliseconds.
        const timeStep = demuxer.container === "mp4" ? { timeStepSeconds: 1 / coded.timescale } : {};
        return audioGridOf(coded, await firstOf(packets, count), timeStep);
      }),
    );
  }
}

async function firstOf(packets: AsyncGenerator<readonly Packet[], void>, count: number): Promise<Packet[]> {
  const first: Packet[] = [];
  for await (const some of packets) {
    first.push(...some);
    if (first.length >= count) break;
  }
  return first.slice(0, count);
}
