import type { ByteRange } from "@riptide/core";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type Demuxer, type KeyIndexEntry, openMpegts, type Packet, type WalkedPlace } from "../../src/index.ts";
import { demux, stretchesOf } from "../support/demux.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import { RangeStream } from "../support/range-stream.ts";
import { AUDIO_PID, broadcastFilm, VIDEO_PID } from "./build-stream.ts";

const SECONDS = 24;

const described = ({ trackNumber, ptsTicks, dtsTicks, isKeyframe, data }: Packet): string =>
  `${trackNumber} ${ptsTicks} ${dtsTicks} ${isKeyframe} ${Buffer.from(data).toString("base64")}`;

describe.each([
  ["188 bytes a packet", 126_000, 188],
  ["192 bytes a packet", 126_000, 192],
  ["a clock that begins again at 0 on the way", 2 ** 33 - 10 * 90_000, 188],
] as const)("a film as it is broadcast, with %s", (_title, originTicks, stride) => {
  let film: Awaited<ReturnType<typeof broadcastFilm>>;
  let demuxer: Demuxer;
  let whole: readonly Packet[];
  let entries: KeyIndexEntry[];

  beforeAll(async () => {
    film = await broadcastFilm(SECONDS, { originTicks, stride });
    demuxer = await openMpegts(new MemorySource(film.file), never);
    whole = (await demux(demuxer, film.file)).packets;
    entries = [];
    for (let seconds = 0; seconds < SECONDS; seconds += 0.5) {
      const entry = await demuxer.findEntry!(seconds, undefined, never);
      if (entry !== undefined && entries.at(-1)?.offsetBytes !== entry.offsetBytes) entries.push(entry);
    }
  });

  it("has every picture and every frame of sound, at its time", () => {
    for (const [pid, { packets, coded }] of [
      [VIDEO_PID, film.video],
      [AUDIO_PID, film.audio],
    ] as const) {
      const own = whole.filter(({ trackNumber }) => trackNumber === pid);
      const firstTicks =
        Math.min(...[film.video, film.audio].map((track) => track.packets[0]!.ptsTicks / track.coded.timescale)) *
        coded.timescale;
      expect(own.length).toBe(packets.length);
      const timescale = demuxer.tracks.find(({ number }) => number === pid)!.timescale;
      for (const [index, packet] of packets.entries()) {
        expect(Buffer.compare(own[index]!.data, packet.data)).toBe(0);
        expect(
          Math.abs(own[index]!.ptsTicks / timescale - (packet.ptsTicks - firstTicks) / coded.timescale),
        ).toBeLessThan(2 / 48_000);
        expect(own[index]!.isKeyframe).toBe(packet.isKeyframe);
      }
    }
    expect(demuxer.durationSeconds).toBeGreaterThan(SECONDS - 0.2);
    expect(demuxer.durationSeconds).toBeLessThan(SECONDS + 0.2);
  });

  it("tells what its tracks are", () => {
    expect(demuxer.tracks.map(({ track }) => track)).toMatchObject([
      {
        kind: "video",
        codec: "h264",
        codecString: film.video.coded.track.kind === "video" ? film.video.coded.track.codecString : "",
      },
      { kind: "audio", codec: "aac", codecString: "mp4a.40.2", channels: 2 },
    ]);
    expect(Buffer.compare(demuxer.tracks[0]!.configuration, film.video.coded.configuration)).toBe(0);
    expect(Buffer.from(demuxer.tracks[1]!.configuration.subarray(0, 2)).toString("hex")).toBe(
      Buffer.from(film.audio.coded.configuration.subarray(0, 2)).toString("hex"),
    );
  });

  it("is entered at its keyframes, where a packet starts", () => {
    const keyframes = whole.filter(({ trackNumber, isKeyframe }) => trackNumber === VIDEO_PID && isKeyframe);
    expect(entries.map(({ timeSeconds }) => Math.round(timeSeconds * 90_000))).toEqual(
      keyframes.map(({ ptsTicks }) => ptsTicks),
    );
    expect(entries.every(({ offsetBytes }) => offsetBytes % stride === 0)).toBe(true);
  });

  it("tells its places while it is read, the same wherever that begins, and however its bytes come", async () => {
    const placesOf = async (from?: KeyIndexEntry, readLimitBytes?: number): Promise<WalkedPlace[]> => {
      const places: WalkedPlace[] = [];
      const open = (ranges: readonly ByteRange[]) => new RangeStream(film.file, ranges, readLimitBytes);
      for await (const place of demuxer.walkPlaces!(from, open)) places.push(place);
      return places;
    };
    const places = await placesOf();
    const keyframes = places.filter(({ kind }) => kind === "keyframe");
    expect(keyframes.map(({ timeSeconds, offsetBytes }) => ({ timeSeconds, offsetBytes }))).toEqual(entries);
    expect(places.at(-1)).toMatchObject({ kind: "end", offsetBytes: film.file.length });
    expect(places.at(-1)!.timeSeconds).toBeCloseTo(demuxer.durationSeconds!, 1);
    expect(places.filter(({ kind }) => kind === "passed").length).toBeGreaterThan(SECONDS / 2);
    expect(await placesOf(undefined, 1000)).toEqual(places);
    for (const keyframe of keyframes) {
      expect(await placesOf(keyframe)).toEqual(places.slice(places.indexOf(keyframe)));
    }
  });

  it("has each packet in exactly one stretch, however its bytes come", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(entries.slice(1)),
        fc.integer({ min: 1, max: 70_000 }),
        async (cuts, readLimitBytes) => {
          const packets: Packet[] = [];
          for (const stretch of stretchesOf(cuts)) {
            packets.push(
              ...(await demux(demuxer, film.file, { stretch, readLimitBytes: Math.max(readLimitBytes, 400) })).packets,
            );
          }
          for (const pid of [VIDEO_PID, AUDIO_PID]) {
            const of = (all: readonly Packet[]) => all.filter(({ trackNumber }) => trackNumber === pid).map(described);
            expect(of(packets)).toEqual(of(whole));
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it("reads a stretch and little beyond it", async () => {
    const stretch = { from: entries[2]!, to: entries[3]! };
    const { readBytes } = await demux(demuxer, film.file, { stretch, readLimitBytes: 16 * 1024 });
    expect(readBytes).toBeGreaterThanOrEqual(stretch.to.offsetBytes - stretch.from.offsetBytes);
    expect(readBytes).toBeLessThanOrEqual(stretch.to.offsetBytes - stretch.from.offsetBytes + 32 * 1024);
  });

  it("tells the last frames of sound in front of an entry", async () => {
    for (const [index, entry] of entries.entries()) {
      const before = await demuxer.framesBefore!(entry, {
        lengthBytes: 30_000,
        track: AUDIO_PID,
        open: (ranges) => new RangeStream(film.file, ranges),
      });
      const stretch = { from: undefined, to: entry };
      const { packets } = await demux(demuxer, film.file, { stretch, tracks: [AUDIO_PID] });
      expect(before.length).toBeGreaterThan(index === 0 ? -1 : 3);
      const last = packets.slice(packets.length - before.length).map(({ data }) => Buffer.from(data).toString("hex"));
      expect(before.map((data) => Buffer.from(data).toString("hex"))).toEqual(last);
    }
  });

  it("gives one track alone, too", async () => {
    const { packets } = await demux(demuxer, film.file, { tracks: [AUDIO_PID] });
    expect(packets.map(described)).toEqual(whole.filter(({ trackNumber }) => trackNumber === AUDIO_PID).map(described));
  });
});
