import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Packet } from "../../src/index.ts";
import { ElementId } from "../../src/matroska/element-ids.ts";
import { bytes, claimingElement, element, f64, u16, u32, unknownSizeElement, zeros } from "../support/build.ts";
import { packetsOf } from "../support/packets.ts";
import {
  blockContent,
  blockGroup,
  compression,
  EBML,
  EBML_HEADER,
  ebmlLace,
  FIXED,
  fixedLace,
  info,
  KEYFRAME,
  matroska,
  simpleBlock,
  strippedOf,
  timedCluster,
  track,
  tracks,
  VIDEO_TRACK,
  XIPH,
  xiphLace,
} from "./film.ts";

const sound = (rateHz: number) => element(ElementId.audio, element(ElementId.samplingFrequency, f64(rateHz)));
const AC3_TRACK = track(2, 2, "A_AC3", sound(48_000));
const TEXT_TRACK = track(3, 17, "S_TEXT/UTF8");
const TRACKS = tracks(VIDEO_TRACK, AC3_TRACK, TEXT_TRACK);

const film = (...clusters: Uint8Array[]) => matroska(info(10_000), TRACKS, ...clusters);

const groupOf = (trackNumber: number, ...fields: Uint8Array[]) =>
  blockGroup(blockContent(trackNumber, 0, 0, 7), ...fields);

const openCluster = (ticks: number, ...content: Uint8Array[]) =>
  bytes(unknownSizeElement(ElementId.cluster), element(ElementId.timestamp, ticks), ...content);

const liveDocument = (...clusters: Uint8Array[]) =>
  bytes(EBML_HEADER, unknownSizeElement(ElementId.segment), info(0), TRACKS, ...clusters);

/** A packet in one line: track, time, `K` for keyframes, duration, and its data in hexadecimal. */
function describePacket({ trackNumber, ptsTicks, durationTicks, isKeyframe, data }: Packet): string {
  const duration = durationTicks === undefined ? "" : ` +${durationTicks}`;
  return `${trackNumber}@${ptsTicks}${isKeyframe ? "K" : ""}${duration} ${Buffer.from(data).toString("hex")}`;
}

const describePackets = async (...args: Parameters<typeof packetsOf>) => (await packetsOf(...args)).map(describePacket);

describe("blocks", () => {
  it("have the time of their cluster and their own, in ticks of their track", async () => {
    const file = film(
      timedCluster(0, simpleBlock(1, -40, KEYFRAME, 0xa1), simpleBlock(2, 5, 0, 0xb1)),
      timedCluster(3_600_000, simpleBlock(1, 32_767, 0, 0xa2), simpleBlock(2, -32_768, 0, 0xb2)),
    );
    expect(await describePackets(file)).toEqual([
      "1@-3600K a1",
      "2@240K b1",
      `1@${3_632_767 * 90} a2`,
      `2@${3_567_232 * 48}K b2`,
    ]);
  });

  it.each([
    { scale: 1_000_000, expected: [900, 480] },
    { scale: 100_000, expected: [90, 48] },
    { scale: 20_833, expected: [19, 10] },
    { scale: 1_000_000_000, expected: [900_000, 480_000] },
    { scale: 0, expected: [900, 480] },
  ])("count in ticks of $scale ns", async ({ scale, expected }) => {
    const content = timedCluster(0, simpleBlock(1, 10, 0, 1), simpleBlock(2, 10, 0, 1));
    const packets = await packetsOf(matroska(info(10_000, scale), TRACKS, content));
    expect(packets.map(({ ptsTicks }) => ptsTicks)).toEqual(expected);
  });

  it("in groups tell how long they last and what they refer to", async () => {
    const duration = element(ElementId.blockDuration, u16(2500));
    const reference = element(ElementId.referenceBlock, 1);
    const file = film(
      timedCluster(1000, groupOf(1), groupOf(1, reference), groupOf(2, reference), groupOf(3, duration)),
    );
    expect(await describePackets(file)).toEqual(["1@90000K 07", "1@90000 07", "2@48000K 07", "3@90000K +225000 07"]);
  });

  it("without a byte, without a time that a clock can show, or of no track are left out", async () => {
    const file = film(
      timedCluster(
        0,
        simpleBlock(1, 0, KEYFRAME),
        simpleBlock(9, 0, KEYFRAME, 1),
        element(ElementId.simpleBlock, 0x81, 0),
      ),
      timedCluster(2 ** 53, simpleBlock(1, 0, KEYFRAME, 2)),
      timedCluster(0, blockGroup(bytes(0x81, 0, 0)), element(ElementId.blockGroup), simpleBlock(1, 1, 0, 3)),
      timedCluster(0, element(ElementId.blockGroup, zeros(9)), simpleBlock(1, 2, 0, 4)),
    );
    expect(await describePackets(file)).toEqual(["1@90 03", "1@180 04"]);
  });

  it("lie among elements that are stepped over", async () => {
    const file = film(
      element(ElementId.void, zeros(1000)),
      timedCluster(0, element(ElementId.prevSize, u16(3)), simpleBlock(1, 0, KEYFRAME, 1)),
      element(ElementId.tags, zeros(50)),
      element(
        ElementId.cluster,
        element(ElementId.crc32, u32(1)),
        element(ElementId.timestamp, 9),
        simpleBlock(1, 0, 0, 2),
      ),
      element(0x4321, zeros(20)),
    );
    expect(await describePackets(file)).toEqual(["1@0K 01", "1@810 02"]);
  });

  it("of clusters and segments of unknown size end with the next cluster, the file, or another document", async () => {
    const file = bytes(
      liveDocument(openCluster(0, simpleBlock(1, 0, KEYFRAME, 1)), openCluster(10, simpleBlock(1, 0, 0, 2))),
      unknownSizeElement(ElementId.segment),
      openCluster(20, simpleBlock(1, 0, 0, 5)),
      liveDocument(openCluster(0, simpleBlock(1, 0, KEYFRAME, 3))),
    );
    expect(await describePackets(file)).toEqual(["1@0K 01", "1@900 02", "1@1800 05"]);
  });
});

describe("frames in one block", () => {
  const frames = [bytes(1), bytes(2, 2), bytes(3, 3, 3)];

  it.each([
    { title: "Xiph", flags: XIPH, content: xiphLace(...frames) },
    { title: "EBML", flags: EBML, content: ebmlLace(...frames) },
  ])("of $title lacing follow each other at the length of a frame", async ({ flags, content }) => {
    const file = film(timedCluster(100, simpleBlock(2, 0, flags, content)));
    expect(await describePackets(file)).toEqual(["2@4800K 01", "2@6336K 0202", "2@7872K 030303"]);
  });

  const duration = element(ElementId.blockDuration, 30);

  it.each([
    { codecId: "A_DTS", fields: [element(ElementId.defaultDuration, u32(10_666_667))], times: [0, 512, 1024] },
    { codecId: "A_VORBIS", fields: [], times: [0, 480, 960] },
    { codecId: "A_AC3", fields: [], times: [0, 1536, 3072] },
  ])("of $codecId are at $times", async ({ codecId, fields, times }) => {
    const group = blockGroup(blockContent(2, 0, FIXED, fixedLace(bytes(1), bytes(2), bytes(3))), duration);
    const file = matroska(info(0), tracks(track(2, 2, codecId, sound(48_000), ...fields)), timedCluster(0, group));
    const packets = await packetsOf(file);
    expect(packets.map(({ ptsTicks }) => ptsTicks)).toEqual(times);
    expect(packets.map(({ durationTicks }) => durationTicks)).toEqual([480, 480, 480]);
  });

  it.each([
    { delayNanoseconds: 6_500_000, times: [-312, 648] },
    { delayNanoseconds: 1_000_000_001, times: [0, 960] },
  ])("are heard earlier by $delayNanoseconds ns, if a codec can need that", async ({ delayNanoseconds, times }) => {
    const entry = track(2, 2, "A_OPUS", sound(48_000), element(ElementId.codecDelay, u32(delayNanoseconds)));
    const file = matroska(info(0), tracks(entry), timedCluster(0, simpleBlock(2, 0, 0, 1), simpleBlock(2, 20, 0, 1)));
    expect((await packetsOf(file)).map(({ ptsTicks }) => ptsTicks)).toEqual(times);
  });

  it("share a time if nothing tells how long one is", async () => {
    const block = simpleBlock(2, 0, FIXED, fixedLace(bytes(1), bytes(2)));
    const file = matroska(info(0), tracks(track(2, 2, "A_VORBIS", sound(48_000))), timedCluster(1, block));
    expect(await describePackets(file)).toEqual(["2@48K 01", "2@48K 02"]);
  });

  it("are all left out if their sizes are damaged, and nothing else is", async () => {
    const damaged = simpleBlock(2, 0, XIPH, 1, 200, 1);
    const file = film(timedCluster(0, simpleBlock(1, 0, KEYFRAME, 1), damaged, simpleBlock(1, 1, 0, 2)));
    expect(await describePackets(file)).toEqual(["1@0K 01", "1@90 02"]);
  });
});

describe("frames that were packed", () => {
  const stripped = strippedOf(bytes(0x0b, 0x77));

  it("get back the start that all of a track share", async () => {
    const blocks = [simpleBlock(2, 0, 0, 1), simpleBlock(2, 0, EBML, ebmlLace(bytes(2), bytes(3, 3)))];
    const file = matroska(info(0), tracks(track(2, 2, "A_AC3", sound(48_000), stripped)), timedCluster(0, ...blocks));
    expect(await describePackets(file)).toEqual(["2@0K 0b7701", "2@0K 0b7702", "2@1536K 0b770303"]);
  });

  it("are unpacked, as long as they are not damaged or too large", async () => {
    const stored = [
      deflateSync(bytes("one")),
      bytes("junk"),
      deflateSync(zeros(5 * 1024 * 1024)),
      deflateSync(bytes("two")),
    ];
    const text = stored.map((content, index) => simpleBlock(3, index, 0, content));
    const entries = tracks(VIDEO_TRACK, track(3, 17, "S_TEXT/UTF8", compression()));
    const file = matroska(
      info(0),
      entries,
      timedCluster(0, simpleBlock(1, 0, KEYFRAME, 1), ...text, simpleBlock(1, 1, 0, 2)),
    );
    expect(await describePackets(file)).toEqual(["1@0K 01", "3@0K 6f6e65", "3@270K 74776f", "1@90 02"]);
    expect(await describePackets(file, { tracks: [1] })).toEqual(["1@0K 01", "1@90 02"]);
  });
});

describe("after damage", () => {
  const whole = timedCluster(1000, simpleBlock(1, 0, KEYFRAME, 0xaa));
  const startOfWhole = "1@90000K aa";
  const before = simpleBlock(1, 0, KEYFRAME, 1);
  const after = simpleBlock(1, 1, 0, 2);

  it.each([
    { title: "bytes that are no element", damage: zeros(30) },
    { title: "an element that leaves its cluster", damage: claimingElement(ElementId.simpleBlock, 500) },
    { title: "an unknown element that leaves its cluster", damage: claimingElement(0x4321, 2 ** 40) },
    { title: "a block of unknown size", damage: unknownSizeElement(ElementId.simpleBlock) },
    { title: "a group of unknown size", damage: unknownSizeElement(ElementId.blockGroup) },
    { title: "a time of nine bytes", damage: element(ElementId.timestamp, zeros(9)) },
  ])("by $title goes on at the next cluster", async ({ damage }) => {
    expect(await describePackets(film(timedCluster(0, before, damage, after), whole))).toEqual([
      "1@0K 01",
      startOfWhole,
    ]);
  });

  it("does not wait for a block of more than 64 MiB", async () => {
    const head = film(timedCluster(0, before));
    const damage = bytes(
      unknownSizeElement(ElementId.cluster),
      element(ElementId.timestamp, 5),
      claimingElement(ElementId.simpleBlock, 64 * 1024 * 1024 + 1),
    );
    const file = bytes(head, damage, whole, zeros(65 * 1024 * 1024));
    // The Segment of `film` is as long as its parts: here it ends with the file.
    file.set(unknownSizeElement(ElementId.segment), EBML_HEADER.length);
    expect(await describePackets(file)).toEqual(["1@0K 01", startOfWhole]);
  });

  it("is not led astray by what only looks like a cluster", async () => {
    const fakes = bytes(
      zeros(5),
      unknownSizeElement(ElementId.cluster),
      before,
      claimingElement(ElementId.cluster, 100).subarray(0, 6),
      element(ElementId.cluster, element(ElementId.void, zeros(200)), element(ElementId.timestamp, 1), before),
      element(ElementId.cluster, element(ElementId.timestamp, zeros(9)), before),
    );
    expect(await describePackets(film(timedCluster(0, before, fakes), whole))).toEqual(["1@0K 01", startOfWhole]);
  });

  it("ignores blocks until their cluster has told its time", async () => {
    const late = element(ElementId.cluster, before, element(ElementId.timestamp, 5), after);
    expect(await describePackets(film(whole, late))).toEqual([startOfWhole, "1@540 02"]);
  });

  it("that cut the file off ends with the last whole block", async () => {
    const file = film(timedCluster(0, before, after));
    for (let cut = 1; cut < after.length; cut += 1) {
      expect(await describePackets(file.subarray(0, file.length - cut))).toEqual(["1@0K 01"]);
    }
  });

  it("of the header finds the clusters nevertheless", async () => {
    const file = matroska(info(0), TRACKS, zeros(100), whole);
    expect(await describePackets(file)).toEqual([startOfWhole]);
  });
});
