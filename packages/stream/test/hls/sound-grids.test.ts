import type { CodedTrack, Demuxer, Packet } from "@riptide/media";
import { expect, test } from "vitest";
import { realClock } from "../../../transcode/test/support/clocks.ts";
import { LatestSource } from "../../src/film-library.ts";
import { SoundGrids } from "../../src/hls/sound-grids.ts";
import { createContext } from "../support/context.ts";
import { audioTrack } from "../support/media-infos.ts";

/** STREAMINFO (RFC 9639 §8.2) of blocks of 256 samples. */
const STREAM_INFO = new Uint8Array(34);
new DataView(STREAM_INFO.buffer).setUint32(0, (256 << 16) | 256);

test.each([
  ["flac", STREAM_INFO, 16],
  ["ac3", new Uint8Array(0), 1],
] as const)(
  "A grid of %s is read once, off as many packets as tell where it begins",
  async (codec, configuration, count) => {
    const track = audioTrack(codec, { sampleRateHz: 48_000 });
    const coded: CodedTrack = { number: 2, track, timescale: 48_000, configuration, packetTicks: undefined };
    const { provider, context } = createContext({ bytes: new Uint8Array(1000), clock: realClock });
    let read = 0;
    let closed = 0;
    const demuxer: Demuxer = {
      container: "matroska",
      durationSeconds: 60,
      tracks: [coded],
      keyIndex: async () => undefined,
      async *packets() {
        try {
          for (;;) yield [packetAt(4800 + 256 * read++)];
        } finally {
          closed += 1;
        }
      },
    };
    const grids = new SoundGrids();
    const film = { demuxer, source: new LatestSource(provider) };
    const [grid, same] = await Promise.all([grids.of(film, coded, context), grids.of(film, coded, context)]);
    expect([grid.originSamples, grid.startTicks, same === grid]).toEqual([4800, 4800, true]);
    expect([read, closed]).toEqual([count, 1]);
  },
);

function packetAt(ptsTicks: number): Packet {
  const data = new Uint8Array(10);
  return { trackNumber: 2, ptsTicks, dtsTicks: undefined, durationTicks: undefined, isKeyframe: true, data };
}
