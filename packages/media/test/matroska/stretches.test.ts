import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ByteStream, KeyIndexEntry, MatroskaDemuxer, Packet } from "../../src/index.ts";
import { ElementId } from "../../src/matroska/element-ids.ts";
import { bytes, element, zeros } from "../support/build.ts";
import { corpusFile, demoFilm } from "../support/corpus.ts";
import { never } from "../support/memory-source.ts";
import { MemoryStream } from "../support/memory-stream.ts";
import { batchesOf, open, packetsOf } from "../support/packets.ts";
import {
  blockContent,
  blockGroup,
  info,
  KEYFRAME,
  matroska,
  simpleBlock,
  timedCluster,
  track,
  tracks,
} from "./film.ts";

const LACED = "mkv/sample_with_pgs_subtitles.mkv";
const INDEXED = "mkv/bbb_642x642_768kbps_30fps_vp9.webm";

/** Packets without what makes comparing them slow. */
const summary = (packets: readonly Packet[]) =>
  packets.map(({ data, ...packet }) => ({ ...packet, data: Buffer.from(data).toString("base64") }));

const collect = async (...args: Parameters<typeof batchesOf>) => summary((await batchesOf(...args)).flat());

describe("the stream under the packets", () => {
  it.each([LACED, INDEXED, "mka/bear-flac-16bit.mka"])("may be cut anywhere: %s", async (path) => {
    const file = corpusFile(path);
    const demuxer = await open(file);
    const whole = await collect(file, demuxer);
    const sizes = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 60_000 }));
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(sizes), async (pieces) => {
        expect(await collect(file, demuxer, { pieceBytes: () => pieces.next().value ?? 1 })).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  it("may come byte by byte", async () => {
    const file = corpusFile(LACED);
    const demuxer = await open(file);
    expect(await collect(file, demuxer, { pieceBytes: () => 1 })).toEqual(await collect(file, demuxer));
  });

  it.each([
    { title: "block", content: simpleBlock(1, 0, KEYFRAME, bytes("frame")) },
    { title: "group", content: blockGroup(blockContent(1, 0, 0, bytes("frame"))) },
  ])("needs to give no byte beyond a $title for its packet", async ({ content }) => {
    const rest = element(ElementId.void, zeros(500));
    const file = matroska(info(0), tracks(track(1, 1, "V_VP8")), timedCluster(0, content, rest));
    const demuxer = await open(file);
    const packets = demuxer.packets({
      stretch: { from: undefined, to: undefined },
      tracks: new Set([1]),
      open: ([range]) => stalling(new MemoryStream(file, { start: range!.start, end: file.length - rest.length })),
    });
    const first = await packets.next();
    expect(first.value?.map(({ data }) => Buffer.from(data).toString())).toEqual(["frame"]);
  });

  it("gives the packets of each chunk in one batch", async () => {
    const file = corpusFile("mkv/sample.mkv");
    const batches = await batchesOf(file, await open(file));
    expect(batches.map(({ length }) => length)).toEqual([(await packetsOf(file)).length]);
  });

  it("lends its memory to packets that lie in one chunk", async () => {
    const file = corpusFile("mkv/sample.mkv");
    const packets = await packetsOf(file);
    expect(packets.every(({ data }) => data.buffer === file.buffer)).toBe(true);
  });

  it("is not read where no wanted block lies", async () => {
    const file = demoFilm("MKV");
    const demuxer = await open(file);
    const streams: MemoryStream[] = [];
    const openStream = ([range]: Parameters<Parameters<MatroskaDemuxer["packets"]>[0]["open"]>[0]) => {
      const stream = new MemoryStream(file, range!);
      streams.push(stream);
      return stream;
    };
    const text = demuxer.tracks.find(({ track: { kind } }) => kind === "subtitle")!.number;
    await batchesOf(file, demuxer, { open: openStream });
    await batchesOf(file, demuxer, { open: openStream, tracks: [text] });
    await batchesOf(file, demuxer, { open: openStream, tracks: [] });
    const [all = 0, textOnly = 0, none = 0] = streams.map(({ readBytes }) => readBytes);
    expect(all).toBeGreaterThan(0.99 * file.length);
    expect(textOnly).toBeLessThan(all);
    expect(none).toBeLessThan(all);
  });

  it("is skipped over what is large and unwanted", async () => {
    const frame = zeros(100_000);
    const clusters = Array.from({ length: 20 }, (_, index) =>
      timedCluster(
        index,
        simpleBlock(1, 0, KEYFRAME, frame),
        simpleBlock(2, 0, 0, 1, 2),
        blockGroup(blockContent(1, 0, 0, frame)),
      ),
    );
    const entries = tracks(track(1, 1, "V_VP8"), track(2, 17, "S_TEXT/UTF8"));
    const file = matroska(info(0), entries, ...clusters, element(ElementId.attachments, zeros(500_000)));
    let stream: MemoryStream | undefined;
    const packets = await packetsOf(file, {
      tracks: [2],
      open: ([range]) => (stream = new MemoryStream(file, range!)),
    });
    expect(packets.length).toBe(20);
    expect(stream?.readBytes).toBeLessThan(0.1 * file.length);
  });
});

describe("stretches", () => {
  it.each([
    { name: INDEXED, file: corpusFile(INDEXED) },
    { name: "the demo as MKV", file: demoFilm("MKV") },
    { name: "the demo as WebM", file: demoFilm("WebM") },
  ])("of $name hold each packet of the film once", async ({ file }) => {
    const demuxer = await open(file);
    const index = await demuxer.keyIndex(never);
    const places: (KeyIndexEntry | undefined)[] = [undefined, ...index!, undefined];
    const parts: unknown[] = [];
    for (const [position, from] of places.slice(0, -1).entries()) {
      parts.push(...(await collect(file, demuxer, { stretch: { from, to: places[position + 1] } })));
    }
    expect(parts).toEqual(await collect(file, demuxer));
    expect(index!.length).toBeGreaterThan(2);
  });

  it("start with a keyframe where the index says", async () => {
    const file = demoFilm("MKV");
    const demuxer = await open(file);
    const video = demuxer.tracks.find(({ track: { kind } }) => kind === "video")!;
    for (const from of (await demuxer.keyIndex(never))!) {
      const [first] = (
        await batchesOf(file, demuxer, { stretch: { from, to: undefined }, tracks: [video.number] })
      ).flat();
      expect(first?.isKeyframe).toBe(true);
      expect(first!.ptsTicks / video.timescale).toBeCloseTo(from.timeSeconds, 3);
    }
  });

  it("from a wrong place start with the next cluster", async () => {
    const file = demoFilm("MKV");
    const demuxer = await open(file);
    const [, second, third] = (await demuxer.keyIndex(never))!;
    const astray = { timeSeconds: 0, offsetBytes: second!.offsetBytes + 1 };
    const found = (await batchesOf(file, demuxer, { stretch: { from: astray, to: undefined } })).flat();
    const expected = (await batchesOf(file, demuxer, { stretch: { from: third, to: undefined } })).flat();
    expect(summary(found).slice(-expected.length)).toEqual(summary(expected));
  });

  it.each([
    { from: { timeSeconds: 0, offsetBytes: 1e9 }, to: undefined },
    { from: { timeSeconds: 1, offsetBytes: 50_000 }, to: { timeSeconds: 0, offsetBytes: 40_000 } },
  ])("without a byte in them open nothing", async (stretch) => {
    const file = corpusFile(INDEXED);
    expect(await batchesOf(file, await open(file), { stretch, open: refuse })).toEqual([]);
  });

  it("reject with what the stream rejects with", async () => {
    const file = corpusFile(INDEXED);
    const failure = new Error("no peer");
    const broken = (): ByteStream => ({ offsetBytes: 0, next: () => Promise.reject(failure), skip: () => undefined });
    await expect(batchesOf(file, await open(file), { open: broken })).rejects.toBe(failure);
  });
});

function refuse(): never {
  throw new Error("opened");
}

/** A stream that waits for ever where its bytes end. */
function stalling(stream: MemoryStream): ByteStream {
  return {
    get offsetBytes() {
      return stream.offsetBytes;
    },
    next: async (lengthBytes) => (await stream.next(lengthBytes)) ?? new Promise(() => undefined),
    skip: (lengthBytes) => stream.skip(lengthBytes),
  };
}
