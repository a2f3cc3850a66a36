import type { PacketRequest } from "../demuxer.ts";
import type { Packet } from "../packet.ts";
import { type Area, areasOf, type FilmSample } from "./reading-order.ts";
import { packetsIn, StreamReader } from "./stream-reader.ts";

/** Samples that are looked up at once: two minutes of video and audio, in about a millisecond. */
const BATCH_LENGTH_SAMPLES = 8192;

/**
 * The packets of samples that come in reading order. Streams are opened batch by batch, each with all bytes that it needs. Returns
 * whether all bytes came.
 */
export async function* samplePackets(
  samples: Iterator<FilmSample, void>,
  open: PacketRequest["open"],
): AsyncGenerator<readonly Packet[], boolean> {
  for (let areas = nextAreas(samples); areas.length > 0; areas = nextAreas(samples)) {
    const reader = new StreamReader(open(areas.map(({ range }) => range)), 0);
    for (const area of areas) {
      reader.continueAt(area.range.start);
      if (!(yield* packetsIn(area, reader))) return false;
    }
  }
  return true;
}

function nextAreas(samples: Iterator<FilmSample, void>): Area[] {
  return areasOf(take(samples, BATCH_LENGTH_SAMPLES));
}

function* take<T>(iterator: Iterator<T, void>, count: number): Generator<T, void> {
  for (let taken = 0; taken < count; taken += 1) {
    const { value, done } = iterator.next();
    if (done === true || value === undefined) return;
    yield value;
  }
}
