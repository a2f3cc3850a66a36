import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fragmenter, type FragmenterOptions, type Packet, TRACK_SKEW_LIMIT_SECONDS } from "../../src/index.ts";
import { AAC_CONFIGURATION, AVC_RECORD, packet, pictureTrack, soundTrack } from "./coded.ts";
import { type ReadFragment, type ReadSample, readFragment } from "./movie.ts";

const PICTURE = { id: 1, coded: pictureTrack("h264", { configuration: AVC_RECORD }) };
const PLAIN_PICTURE = { id: 1, coded: pictureTrack("vp9") };
const SOUND = { id: 2, coded: soundTrack("aac", { configuration: AAC_CONFIGURATION, packetTicks: 1024 }) };
const FRAME = 3600;

/** Groups of 50 pictures (two seconds) in output order, from a picture on. */
function pictures(count: number, from = 0, groupLength = 50): Packet[] {
  return Array.from({ length: count }, (_, index) =>
    packet(1, (from + index) * FRAME, { isKeyframe: index % groupLength === 0, sizeBytes: 100 }),
  );
}

function sound(count: number, from = 0): Packet[] {
  return Array.from({ length: count }, (_, index) => packet(2, (from + index) * 1024, { sizeBytes: 20 }));
}

function secondsOf({ trackNumber, ptsTicks }: Packet): number {
  return ptsTicks / (trackNumber === 1 ? 90_000 : 48_000);
}

/** As files interleave them. */
function interleaved(...packets: readonly Packet[][]): Packet[] {
  return packets.flat().sort((a, b) => secondsOf(a) - secondsOf(b));
}

function fragments(
  packets: readonly Packet[],
  options: FragmenterOptions = {},
  tracks = [PLAIN_PICTURE, SOUND],
): ReadFragment[] {
  const fragmenter = new Fragmenter(tracks, options);
  for (const each of packets) fragmenter.push(each);
  return fragmenter.finish().map(readFragment);
}

const run = (fragment: ReadFragment | undefined, trackId: number) => fragment?.runs.get(trackId) ?? [];
const counts = (read: readonly ReadFragment[], trackId: number) =>
  read.map((fragment) => run(fragment, trackId).length);
const all = (read: readonly ReadFragment[], trackId: number) => read.flatMap((fragment) => run(fragment, trackId));
const endSeconds = (samples: readonly ReadSample[], timescale: number) =>
  (samples.at(-1)!.dtsTicks + samples.at(-1)!.durationTicks) / timescale;

describe("Fragmenter", () => {
  it("begins with 0.2 s, goes on with 0.5 s, and cuts at keyframes", () => {
    const read = fragments(interleaved(pictures(100), sound(188)));
    expect(counts(read, 1)).toEqual([5, 13, 13, 13, 6, 13, 13, 13, 11]);
    expect(read.map((fragment) => run(fragment, 1)[0]!.isKeyframe)).toEqual(
      read.map((_, index) => index === 0 || index === 5),
    );
    expect(read.map(({ sequenceNumber }) => sequenceNumber)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("lets sound go with the pictures it is heard with", () => {
    const read = fragments(interleaved(pictures(100), sound(188)));
    for (const fragment of read.slice(0, -1)) {
      const pictureEnd = endSeconds(run(fragment, 1), 90_000);
      const soundEnd = endSeconds(run(fragment, 2), 48_000);
      expect(soundEnd - pictureEnd).toBeGreaterThanOrEqual(0);
      expect(soundEnd - pictureEnd).toBeLessThan(1024 / 48_000);
    }
    expect(all(read, 2)).toHaveLength(188);
  });

  it("passes on every sample once, in order", () => {
    const read = fragments(interleaved(pictures(100), sound(188)));
    expect(all(read, 1).map(({ ptsTicks }) => ptsTicks)).toEqual(pictures(100).map(({ ptsTicks }) => ptsTicks));
    expect(all(read, 2).map(({ ptsTicks }) => ptsTicks)).toEqual(sound(188).map(({ ptsTicks }) => ptsTicks));
  });

  it("needs no more than the first 0.2 s and one picture for the first fragment", () => {
    const fragmenter = new Fragmenter([PLAIN_PICTURE, SOUND]);
    const packets = interleaved(pictures(100), sound(188));
    let pushed = 0;
    while (fragmenter.take().length === 0) fragmenter.push(packets[pushed++]!);
    expect(secondsOf(packets[pushed - 1]!)).toBeLessThan(0.25);
  });

  it.each([
    { title: "sound alone", tracks: [SOUND], packets: sound(100), track: 2, expected: [10, 24, 24, 24, 18] },
    { title: "pictures alone", tracks: [PLAIN_PICTURE], packets: pictures(40), track: 1, expected: [5, 13, 13, 9] },
  ])("cuts $title", ({ tracks, packets, track, expected }) => {
    expect(counts(fragments(packets, {}, tracks), track)).toEqual(expected);
  });

  it("can leave all there is in one fragment", () => {
    const whole = { firstSeconds: Number.POSITIVE_INFINITY, cutsAtKeyframes: false };
    const read = fragments(interleaved(pictures(100), sound(188)), whole);
    expect([counts(read, 1), counts(read, 2)]).toEqual([[100], [188]]);
  });

  it("leaves packets of other tracks out, and makes nothing of nothing", () => {
    expect(fragments([packet(7, 0)])).toEqual([]);
    expect(fragments([], {}, [])).toEqual([]);
  });

  it("numbers fragments from where it is told", () => {
    const fragmenter = new Fragmenter([SOUND], { firstSequenceNumber: 41 });
    for (const each of sound(30)) fragmenter.push(each);
    expect(fragmenter.finish().map((buffers) => readFragment(buffers).sequenceNumber)).toEqual([41, 42]);
    expect(fragmenter.sequenceNumber).toBe(43);
  });

  it("puts sound on the grid of the film", () => {
    const originTicks = new Map([[2, 7]]);
    const [first] = fragments([packet(2, 7 + 480 * 1024 + 30)], { originTicks }, [SOUND]);
    expect(run(first, 2)[0]!.ptsTicks).toBe(7 + 480 * 1024);
  });
});

/** How far the packets had come, in seconds, when each fragment was complete. */
function leads(packets: readonly Packet[]): { readonly at: number; readonly fragment: ReadFragment }[] {
  const fragmenter = new Fragmenter([PLAIN_PICTURE, SOUND]);
  return packets.flatMap((each) => {
    fragmenter.push(each);
    return fragmenter.take().map((buffers) => ({ at: secondsOf(each), fragment: readFragment(buffers) }));
  });
}

describe("Fragmenter, of tracks that lag behind", () => {
  it("waits for sound that comes a little later", () => {
    const late = sound(188).map((each) => ({ ...each, late: each.ptsTicks / 48_000 + 0.3 }));
    const packets = [...pictures(100).map((each) => ({ ...each, late: each.ptsTicks / 90_000 })), ...late].sort(
      (a, b) => a.late - b.late,
    );
    const read = fragments(packets);
    for (const fragment of read.slice(0, -1)) {
      expect(endSeconds(run(fragment, 2), 48_000)).toBeGreaterThanOrEqual(endSeconds(run(fragment, 1), 90_000) - 1e-9);
    }
  });

  it("waits for a sound that does not come no longer than the limit", () => {
    for (const { at, fragment } of leads(pictures(100))) {
      const behind = at - endSeconds(run(fragment, 1), 90_000);
      expect(behind).toBeLessThanOrEqual(TRACK_SKEW_LIMIT_SECONDS + 0.1);
    }
    expect(leads(pictures(100)).length).toBeGreaterThan(4);
  });

  it("passes sound on while a picture stands still", () => {
    const still = interleaved([packet(1, 0), packet(1, 900_000)], sound(470));
    const read = leads(still);
    expect(read.length).toBeGreaterThan(15);
    for (const { at, fragment } of read.filter((each) => each.fragment.runs.has(2))) {
      expect(at - endSeconds(run(fragment, 2), 48_000)).toBeLessThan(0.5 + TRACK_SKEW_LIMIT_SECONDS + 0.1);
    }
    expect(all(fragments(still), 1)).toHaveLength(2);
  });

  it("keeps no more bytes than its limit", () => {
    const limits = {
      nextSeconds: Number.POSITIVE_INFINITY,
      firstSeconds: Number.POSITIVE_INFINITY,
      pendingLimitBytes: 10_000,
    };
    const read = fragments(pictures(1000, 0, 1000), limits, [PLAIN_PICTURE]);
    for (const { lengthBytes } of read) expect(lengthBytes).toBeLessThan(11_000);
    expect(all(read, 1)).toHaveLength(1000);
  });

  it("ends whatever the times are, and loses nothing", () => {
    const wild = fc.oneof(
      fc.integer({ min: -90_000, max: 900_000 }),
      fc.double({ noNaN: true, min: -1e300, max: 1e300 }),
    );
    const steps = fc.array(fc.tuple(fc.constantFrom(1, 2), wild, fc.boolean()), { maxLength: 60 });
    const lengths = fc.constantFrom(0, 0.2, 1e9, Number.POSITIVE_INFINITY);
    fc.assert(
      fc.property(steps, lengths, fc.constantFrom(0, 500, 1e6), (packets, firstSeconds, pendingLimitBytes) => {
        const pushed = packets.map(([track, ticks, isKeyframe]) =>
          packet(track, ticks, { isKeyframe: isKeyframe || track === 2 }),
        );
        const read = fragments(pushed, { firstSeconds, pendingLimitBytes }, [PICTURE, SOUND]);
        for (const track of [1, 2]) {
          expect(all(read, track)).toHaveLength(pushed.filter(({ trackNumber }) => trackNumber === track).length);
          for (const [index, sample] of all(read, track).entries()) {
            expect(sample.dtsTicks).toBeGreaterThan(all(read, track)[index - 1]?.dtsTicks ?? -1);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("Fragmenter, of stretches", () => {
  const packets = interleaved(pictures(200), sound(375));
  const cutAt = packets.findIndex(({ trackNumber, ptsTicks }) => trackNumber === 1 && ptsTicks === 100 * FRAME);
  const originTicks = new Map([[2, 0]]);

  it("gives a stretch the samples that it has in the whole film", () => {
    const [whole, before, after] = [packets, packets.slice(0, cutAt), packets.slice(cutAt)].map((each) =>
      fragments(each, { originTicks }),
    );
    for (const track of [1, 2]) {
      expect([...all(before!, track), ...all(after!, track)]).toEqual(all(whole!, track));
    }
  });

  it("makes the same fragments whenever they are taken", () => {
    const atOnce = new Fragmenter([PICTURE, SOUND], { originTicks });
    for (const each of packets) atOnce.push(each);
    const taken = new Fragmenter([PICTURE, SOUND], { originTicks });
    const oneByOne = packets.flatMap((each) => {
      taken.push(each);
      return taken.take();
    });
    expect([...oneByOne, ...taken.finish()]).toEqual(atOnce.finish());
  });
});
