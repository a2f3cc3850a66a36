import { beforeAll, describe, expect, it } from "vitest";
import { type Demuxer, openMpegts, type Packet } from "../../src/index.ts";
import { bytes, u16, zeros } from "../support/build.ts";
import { demux } from "../support/demux.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import { broadcastFilm, demoPackets, pes, tables, transportFile, VIDEO_PID } from "./build-stream.ts";

const MIB = 1024 * 1024;
const SECONDS = 40;
const NULL_PACKET = bytes(0x47, u16(0x1fff), 0x10, zeros(184));

/** A film with so many packets of nothing behind each of its packets that it is as large as films are. */
function padded(film: Uint8Array, countAt: (share: number) => number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let start = 0; start < film.length; start += 188) {
    parts.push(film.subarray(start, start + 188));
    for (let count = countAt(start / film.length); count > 0; count -= 1) parts.push(NULL_PACKET);
  }
  return Buffer.concat(parts);
}

const FILMS: [string, (share: number) => number][] = [
  ["of an even rate", () => 12],
  ["nearly all of which lies in a fifth of it", (share) => (share > 0.5 && share < 0.7 ? 60 : 1)],
  ["that ends slowly", (share) => (share > 0.9 ? 100 : 2)],
];

describe.each(FILMS)("searching a film %s", (_title, countAt) => {
  let film: Uint8Array;
  let source: MemorySource;
  let demuxer: Demuxer;
  let keyframes: readonly { readonly seconds: number; readonly packet: Packet }[];
  let openedBytes: number;

  beforeAll(async () => {
    film = padded((await broadcastFilm(SECONDS)).file, countAt);
    source = new MemorySource(film);
    demuxer = await openMpegts(source, never);
    openedBytes = source.touchedBytes;
    const { packets } = await demux(demuxer, film, { tracks: [VIDEO_PID] });
    keyframes = packets
      .filter(({ isKeyframe }) => isKeyframe)
      .map((packet) => ({ seconds: packet.ptsTicks / 90_000, packet }));
  });

  it("opens it with its start and its end alone", () => {
    expect(openedBytes).toBeLessThan(1.5 * MIB);
  });

  it.each([0.2, 3.9, 8.1, 17.3, 23.7, 31.5, 39.9])(
    "finds the keyframe for second %d, in few reads",
    async (seconds) => {
      const expected = keyframes.findLast((keyframe) => keyframe.seconds <= seconds)!;
      const next = keyframes.find((keyframe) => keyframe.seconds > seconds);
      const counted = new MemorySource(film);
      const fresh = await openMpegts(counted, never);
      const readsBefore = counted.reads.length;
      const touchedBefore = counted.touchedBytes;
      const entry = (await fresh.findEntry!(seconds, undefined, never))!;
      const places = placesOf(counted.reads.slice(readsBefore));
      const readBytes = counted.touchedBytes - touchedBefore;
      expect(entry.timeSeconds).toBeCloseTo(expected.seconds, 6);
      const after = (await fresh.findEntry!((next?.seconds ?? SECONDS) - 0.01, undefined, never))!;
      expect(after).toEqual(entry);
      const { packets } = await demux(fresh, film, { stretch: { from: entry, to: undefined }, tracks: [VIDEO_PID] });
      expect(Buffer.compare(packets[0]!.data, expected.packet.data)).toBe(0);
      expect(packets[0]!.ptsTicks).toBe(expected.packet.ptsTicks);
      // At most eight places are looked at, and then those on the way back to the keyframe, each twice as far as the one before.
      const groupBytes = await lengthOfGroup(fresh, entry.offsetBytes, next?.seconds);
      expect(places).toBeLessThanOrEqual(8 + 8);
      expect(readBytes).toBeLessThan(3 * MIB + 2 * groupBytes);
    },
  );

  it("remembers what it found", async () => {
    const first = await demuxer.findEntry!(21, undefined, never);
    const { touchedBytes } = source;
    expect(await demuxer.findEntry!(20.5, undefined, never)).toEqual(first);
    expect(source.touchedBytes).toBe(touchedBytes);
  });

  async function lengthOfGroup(fresh: Demuxer, start: number, nextSeconds: number | undefined): Promise<number> {
    const next = nextSeconds === undefined ? undefined : await fresh.findEntry!(nextSeconds + 0.01, undefined, never);
    return (next?.offsetBytes ?? film.length) - start;
  }
});

/** Reads that do not go on where the one before ended. */
function placesOf(reads: readonly [number, number][]): number {
  return reads.filter(([offset], index) => {
    const [before = -1, length = 0] = reads[index - 1] ?? [];
    return offset !== before + length;
  }).length;
}

describe("searching", () => {
  it("has no index to offer, and says so without a read", async () => {
    const source = new MemorySource((await broadcastFilm(4)).file);
    const demuxer = await openMpegts(source, never);
    const { touchedBytes } = source;
    expect(await demuxer.keyIndex(never)).toBeUndefined();
    expect(source.touchedBytes).toBe(touchedBytes);
  });

  it("ends at some place before the time where there are no keyframes", async () => {
    const { video } = await demoPackets(20);
    // A picture, and nothing but the middle of others behind it.
    const [first, ...others] = video.packets;
    const pictures = [first!, ...others.filter(({ isKeyframe }) => !isKeyframe)].flatMap((packet, index) =>
      pes({
        pid: VIDEO_PID,
        ptsTicks: 90_000 + index * 3750,
        payload: bytes(0, 0, 1, index === 0 ? 0x65 : 0x41, packet.data),
      }),
    );
    const file = transportFile([...tables([[0x1b, VIDEO_PID]]), ...pictures]);
    const demuxer = await openMpegts(new MemorySource(file), never);
    const entry = (await demuxer.findEntry!(15, undefined, never))!;
    expect(entry.timeSeconds).toBeLessThanOrEqual(15);
  });

  it("stops when it is told to", async () => {
    const source = new MemorySource((await broadcastFilm(12)).file);
    const demuxer = await openMpegts(source, never);
    const stopped = { signal: AbortSignal.abort(new Error("stopped")) };
    await expect(demuxer.findEntry!(9, undefined, stopped)).rejects.toThrow("stopped");
    await expect(demuxer.keyIndex(stopped)).rejects.toThrow("stopped");
    await expect(openMpegts(source, stopped)).rejects.toThrow("stopped");
  });
});
