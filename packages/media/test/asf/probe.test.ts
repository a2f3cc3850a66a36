import { describe, expect, it } from "vitest";
import { AsfGuid } from "../../src/asf/guids.ts";
import { readMediaInfo } from "../../src/index.ts";
import { bytes, fromHex, u16le, u32le, u64le, zeros } from "../support/build.ts";
import { describeTracks } from "../support/describe-track.ts";
import { MemorySource, never } from "../support/memory-source.ts";

const METADATA_GUID = "33".repeat(16);

function object(guid: string, ...content: Uint8Array[]): Uint8Array {
  const body = bytes(...content);
  return bytes(fromHex(guid), u64le(body.length + 24), body);
}

function asf(...objects: Uint8Array[]): Uint8Array {
  const body = bytes(...objects);
  return bytes(
    fromHex(AsfGuid.header),
    u64le(body.length + 30),
    u32le(objects.length),
    u16le(0x0201),
    body,
    zeros(100),
  );
}

const fileProperties = (play: number, prerollMs: number, flags = 2): Uint8Array =>
  object(AsfGuid.fileProperties, zeros(40), u64le(play), zeros(8), u64le(prerollMs), u32le(flags), zeros(12));

const streamProperties = (type: string, format: Uint8Array): Uint8Array =>
  object(
    AsfGuid.streamProperties,
    fromHex(type),
    zeros(16),
    zeros(8),
    u32le(format.length),
    u32le(0),
    u16le(1),
    zeros(4),
    format,
  );

const bitmap = (fourcc: string): Uint8Array =>
  bytes(zeros(11), u32le(40), u32le(1280), u32le(720), u16le(1), u16le(24), fourcc, zeros(20));
const wave = (tag: number): Uint8Array =>
  bytes(u16le(tag), u16le(2), u32le(48_000), u32le(0), u16le(0), u16le(0), u16le(0));

const probe = (file: Uint8Array) => readMediaInfo(new MemorySource(file), never);

describe("an ASF file", () => {
  it("tells duration without the preroll, and its tracks", async () => {
    const info = await probe(
      asf(
        fileProperties(133_000_000, 3_000),
        streamProperties(AsfGuid.videoMedia, bitmap("WMV3")),
        streamProperties(AsfGuid.audioMedia, wave(0x0161)),
      ),
    );
    expect(info).toMatchObject({
      container: "asf",
      durationSeconds: 10.3,
      keyIndex: undefined,
      isFastStart: undefined,
    });
    expect(describeTracks(info)).toEqual(["video 0: wmv (WMV3) 1280x720", "audio 0: wma (0x0161) 2ch 48000Hz"]);
  });

  it.each([
    ["WVC1", "vc1"],
    ["WMV2", "wmv"],
    ["MP43", "msmpeg4"],
    ["MSS2", "unknown"],
  ])("knows video in %s", async (fourcc, codec) => {
    const info = await probe(asf(streamProperties(AsfGuid.videoMedia, bitmap(fourcc))));
    expect(describeTracks(info)).toEqual([`video 0: ${codec} (${fourcc}) 1280x720`]);
  });

  it("has no duration while it is broadcast, nor if nobody says it", async () => {
    const sound = streamProperties(AsfGuid.audioMedia, wave(0x0161));
    expect((await probe(asf(fileProperties(1e9, 0, 1), sound))).durationSeconds).toBeUndefined();
    expect((await probe(asf(sound))).durationSeconds).toBeUndefined();
  });

  it("leaves out what is neither seen nor heard", async () => {
    expect((await probe(asf(streamProperties(METADATA_GUID, zeros(20))))).tracks).toEqual([]);
  });

  it("steps over cover art without reading it", async () => {
    const file = asf(object(METADATA_GUID, zeros(5_000_000)), streamProperties(AsfGuid.audioMedia, wave(0x0161)));
    const source = new MemorySource(file);
    expect((await readMediaInfo(source, never)).tracks.length).toBe(1);
    expect(source.touchedBytes).toBeLessThanOrEqual(64 * 1024);
  });

  it.each([
    { title: "no objects", file: asf() },
    { title: "a header that is cut off", file: asf().subarray(0, 20) },
    { title: "file properties that are cut off", file: asf(object(AsfGuid.fileProperties, zeros(30))) },
    { title: "stream properties of 64 KiB", file: asf(object(AsfGuid.streamProperties, zeros(65_536))) },
    {
      title: "a format that is longer than its stream properties",
      file: asf(object(AsfGuid.streamProperties, fromHex(AsfGuid.audioMedia), zeros(24), u32le(1e9), zeros(30))),
    },
    {
      title: "an object smaller than its header",
      file: asf(bytes(fromHex(AsfGuid.fileProperties), u64le(3), zeros(200))),
    },
  ])("is damaged by $title", async ({ file }) => {
    await expect(probe(file)).rejects.toMatchObject({ code: "damaged_media" });
  });
});
