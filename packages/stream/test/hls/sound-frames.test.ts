import { type ByteRange, type PieceProvider, StreamError } from "@riptide/core";
import {
  audioGridOf,
  audioSegments,
  type CodedTrack,
  type Demuxer,
  type KeyIndexEntry,
  type Packet,
  type PacketRequest,
  planSegments,
} from "@riptide/media";
import { describe, expect, test } from "vitest";
import { realClock } from "../../../transcode/test/support/clocks.ts";
import { LatestSource } from "../../src/film-library.ts";
import { type SoundPart, soundFrames } from "../../src/hls/sound-frames.ts";
import { createContext, MIB } from "../support/context.ts";
import { audioTrack } from "../support/media-infos.ts";

/** AC-3 of 1536 samples a frame at 48 kHz: 125 of them in four seconds, which are 2 MiB of the film. */
const FRAME = 1536;
const SEGMENT_SECONDS = 4;
const SEGMENT_FRAMES = 125;
const SEGMENT_BYTES = 2 * MIB;
const SOUND: CodedTrack = {
  number: 2,
  track: audioTrack("ac3", { sampleRateHz: 48_000 }),
  timescale: 48_000,
  configuration: new Uint8Array(0),
  packetTicks: undefined,
};
const index: readonly [KeyIndexEntry, ...KeyIndexEntry[]] = [
  { timeSeconds: 0, offsetBytes: 0 },
  { timeSeconds: 4, offsetBytes: SEGMENT_BYTES },
  { timeSeconds: 8, offsetBytes: 2 * SEGMENT_BYTES },
];
const plan = planSegments(index, 12);

/** A frame says its number. */
function packetOf(number: number): Packet {
  const data = Uint8Array.of(0, number >> 8, number & 255);
  return {
    trackNumber: 2,
    ptsTicks: number * FRAME,
    dtsTicks: undefined,
    durationTicks: undefined,
    isKeyframe: true,
    data,
  };
}

const numberOf = (data: Uint8Array): number => data[1]! * 256 + data[2]!;
const numbersFrom = (first: number, end: number): number[] =>
  Array.from({ length: Math.max(0, end - first) }, (_, offset) => first + offset);

interface FakeOptions {
  /** How many bytes a frame takes where one looks back; undefined: nobody can look back. */
  readonly tailFrameBytes?: number | undefined;
  /** How many frames the picture is ahead of its sound. */
  readonly lateFrames?: number;
  /** The first frame that there is not. */
  readonly endFrame?: number;
}

/** A film of sound whose frames lie one after the other, and what was read of it. */
function fakeFilm({ tailFrameBytes, lateFrames = 0, endFrame = 3 * SEGMENT_FRAMES }: FakeOptions) {
  const read: string[] = [];
  const frameAt = (entry: KeyIndexEntry | undefined): number | undefined =>
    entry && Math.round((entry.timeSeconds * 48_000) / FRAME) - lateFrames;
  const demuxer: Demuxer = {
    container: tailFrameBytes === undefined ? "mp4" : "matroska",
    durationSeconds: 12,
    tracks: [SOUND],
    keyIndex: async () => index,
    async *packets({ stretch: { from, to } }: PacketRequest) {
      read.push(`${from?.timeSeconds ?? "start"} to ${to?.timeSeconds ?? "end"}`);
      const numbers = numbersFrom(frameAt(from) ?? 0, Math.min(endFrame, frameAt(to) ?? endFrame));
      for (const number of numbers) yield [packetOf(number)];
    },
    ...(tailFrameBytes !== undefined && {
      async framesBefore(entry, { lengthBytes, open }) {
        const range: ByteRange = { start: Math.max(0, entry.offsetBytes - lengthBytes), end: entry.offsetBytes };
        await open([range]).next(1);
        read.push(`${lengthBytes} before ${entry.timeSeconds}`);
        const count = Math.floor(lengthBytes / tailFrameBytes);
        const end = frameAt(entry)!;
        return numbersFrom(Math.max(0, end - count), end).map((number) => packetOf(number).data);
      },
    }),
  };
  return { demuxer, read };
}

function partOf(number: number, provider: PieceProvider, demuxer: Demuxer): SoundPart {
  const grid = audioGridOf(SOUND, [packetOf(0)]);
  const startSeconds = plan.map((segment) => segment.startSeconds);
  const segment = audioSegments(grid, { startSeconds, durationSeconds: 12 })[number]!;
  return { film: { demuxer, source: new LatestSource(provider) }, plan, index, grid, segment };
}

/** The numbers of the frames that a segment gets, in order, up to where it needs none. */
async function framesOf(number: number, options: FakeOptions) {
  const { provider, context } = createContext({ bytes: new Uint8Array(3 * SEGMENT_BYTES), clock: realClock });
  const { demuxer, read } = fakeFilm(options);
  const part = partOf(number, provider, demuxer);
  const frames: number[] = [];
  for await (const batch of soundFrames(part, provider, { signal: context.signal })) {
    for (const { data, positionSamples } of batch) {
      expect(positionSamples).toBe(numberOf(data) * FRAME);
      frames.push(numberOf(data));
    }
    if (frames.at(-1)! * FRAME >= (number + 1) * SEGMENT_SECONDS * 48_000 - 9000) break;
  }
  expect(provider.counters().demandsHeld).toBe(0);
  return { frames, read };
}

const consecutive = (frames: readonly number[]): readonly number[] => numbersFrom(frames[0]!, frames.at(-1)! + 1);

describe("The frames of a segment of sound", () => {
  test("are those of its own bytes, and the few before them that its decoder has to hear", async () => {
    const { frames, read } = await framesOf(1, { tailFrameBytes: 8000 });
    expect(frames).toEqual(consecutive(frames));
    expect([frames[0]! < 118, frames[0]! > 60, frames.at(-1)! >= 244]).toEqual([true, true, true]);
    expect(read.sort()).toEqual([expect.stringMatching(/^\d{6} before 4$/), "4 to 8"]);
  });

  test("are none but its own at the start of the film", async () => {
    const { frames, read } = await framesOf(0, { tailFrameBytes: 8000 });
    expect([frames[0], read]).toEqual([0, ["start to 4"]]);
  });

  test("are looked for farther back where the sound takes more bytes than usual", async () => {
    const { frames, read } = await framesOf(1, { tailFrameBytes: 60_000 });
    expect(frames).toEqual(consecutive(frames));
    expect(frames[0]).toBeLessThan(118);
    expect(read.filter((entry) => entry.endsWith("before 4")).length).toBeGreaterThan(1);
    expect(read).not.toContain("start to 4");
  });

  test("come with the whole segment before where nothing certain is found in front of it", async () => {
    const { frames, read } = await framesOf(2, { tailFrameBytes: Number.POSITIVE_INFINITY });
    expect(frames).toEqual(consecutive(frames));
    expect(frames[0]).toBe(SEGMENT_FRAMES);
    expect(read.slice(-1)).toEqual(["4 to 8"]);
  });

  test("are read on into the next segment where sound lies far behind its picture", async () => {
    const { frames, read } = await framesOf(1, { tailFrameBytes: 8000, lateFrames: 20 });
    expect(frames).toEqual(consecutive(frames));
    expect(frames.at(-1)).toBeGreaterThanOrEqual(244);
    expect(read.slice(-1)).toEqual(["8 to end"]);
  });

  test("fail at once if what lies before them cannot be had, though their own bytes are still waited for", async () => {
    const { provider, context, client } = createContext({
      bytes: new Uint8Array(3 * SEGMENT_BYTES),
      clock: realClock,
      arrivals: { kind: "manual" },
    });
    const { demuxer } = fakeFilm({ tailFrameBytes: 8000 });
    const waiting: Demuxer = {
      ...demuxer,
      async *packets({ stretch, open }) {
        await open([{ start: stretch.from!.offsetBytes, end: stretch.to!.offsetBytes }]).next(1);
        yield [];
      },
      framesBefore: () => Promise.reject(new StreamError("no_valid_source", "Everybody lies.")),
    };
    const frames = soundFrames(partOf(1, provider, waiting), provider, { signal: context.signal });
    await expect(frames.next()).rejects.toMatchObject({ code: "no_valid_source" });
    client.abort();
    await expect.poll(() => provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });

  test.each([0, 1, 2])("are what there is where sound has ended (segment %i)", async (number) => {
    const { frames, read } = await framesOf(number, { tailFrameBytes: 8000, endFrame: 20 });
    expect(frames).toEqual(number === 0 ? numbersFrom(0, 20) : []);
    expect(read.length).toBeLessThanOrEqual(3);
  });

  test("are read from the keyframe before on, where sound is entered by its own times", async () => {
    const { frames, read } = await framesOf(2, {});
    expect(frames).toEqual(consecutive(frames));
    expect([frames[0], read]).toEqual([SEGMENT_FRAMES, ["4 to end"]]);
    expect((await framesOf(1, {})).read).toEqual(["start to 8"]);
    expect((await framesOf(0, {})).read).toEqual(["start to 4"]);
  });
});
