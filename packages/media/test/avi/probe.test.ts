import { describe, expect, it } from "vitest";
import { readMediaInfo } from "../../src/index.ts";
import { bytes, chunk, u16le, u32le, zeros } from "../support/build.ts";
import { describeTracks } from "../support/describe-track.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import { avih, bitmap, list, strh, video, wave } from "./film.ts";

const HAS_INDEX = 0x10;

function avi(options: { streams: Uint8Array[]; flags?: number; movi?: Uint8Array; before?: Uint8Array }): Uint8Array {
  const { streams, flags = HAS_INDEX, movi = list("movi", zeros(200)), before = bytes() } = options;
  const body = bytes("AVI ", list("hdrl", avih(flags), ...streams), before, movi, chunk("idx1", zeros(32)));
  return chunk("RIFF", body);
}

const probe = (file: Uint8Array) => readMediaInfo(new MemorySource(file), never);

describe("an AVI file", () => {
  it("tells duration and tracks", async () => {
    const sound = list("strl", strh("auds", "\0\0\0\0", 1, 1000, 9000), wave(0x55), chunk("strn", "Commentary\0"));
    const info = await probe(avi({ streams: [video("XVID"), sound] }));
    expect(info.durationSeconds).toBeCloseTo(10.01, 6);
    expect(describeTracks(info)).toEqual([
      "video 0: mpeg4 (XVID) 640x360 23.976fps",
      'audio 0: mp3 (0x0055) mp4a.6b 2ch 44100Hz "Commentary"',
    ]);
  });

  it.each([
    ["H264", "h264"],
    ["avc1", "h264"],
    ["DIV3", "msmpeg4"],
    ["DX50", "mpeg4"],
    ["MJPG", "mjpeg"],
    ["WMV3", "wmv"],
    ["VP80", "vp8"],
    ["HFYU", "unknown"],
  ])("knows video in %s", async (fourcc, codec) => {
    const info = await probe(avi({ streams: [video(fourcc)] }));
    expect(describeTracks(info)).toEqual([`video 0: ${codec} (${fourcc}) 640x360 23.976fps`]);
  });

  it("goes by the handler where the format names no codec", async () => {
    const info = await probe(avi({ streams: [video("\0\0\0\0", "divx")] }));
    expect(describeTracks(info)).toEqual(["video 0: mpeg4 (0x00000000) 640x360 23.976fps"]);
  });

  it.each([
    [0x0001, "pcm (0x0001)"],
    [0x0050, "mp2 (0x0050)"],
    [0x0161, "wma (0x0161)"],
    [0x2000, "ac3 (0x2000) ac-3"],
    [0x2001, "dts (0x2001) dtsc"],
    [0x7777, "unknown (0x7777)"],
  ])("knows audio in format %d", async (tag, expected) => {
    const info = await probe(avi({ streams: [list("strl", strh("auds", "\0\0\0\0", 1, 1, 1), wave(tag))] }));
    expect(describeTracks(info)).toEqual([`audio 0: ${expected} 2ch 44100Hz`]);
  });

  it("looks behind an extensible format and into an AAC configuration", async () => {
    const subformat = bytes(zeros(6), u16le(0x55), zeros(14));
    const info = await probe(
      avi({
        streams: [
          list("strl", strh("auds", "\0\0\0\0", 1, 1, 1), wave(0xfffe, subformat)),
          list("strl", strh("auds", "\0\0\0\0", 1, 1, 1), wave(0xff, bytes(0x11, 0x90))),
        ],
      }),
    );
    expect(describeTracks(info)).toEqual([
      "audio 0: mp3 (0x0055) mp4a.6b 2ch 44100Hz",
      "audio 1: aac (0x00ff) mp4a.40.2 2ch 44100Hz",
    ]);
  });

  it("takes a picture whose lines run from top to bottom the right way up", async () => {
    const upsideDown = list("strl", strh("vids", "XVID", 1, 25, 25), bitmap("XVID", -360));
    expect((await probe(avi({ streams: [upsideDown] }))).tracks[0]).toMatchObject({ heightPixels: 360 });
  });

  it("lists subtitles and leaves out what is neither seen, heard nor read", async () => {
    const streams = [
      list("strl", strh("txts", "GAB2", 1, 1, 1), chunk("strf", zeros(4))),
      list("strl", strh("mids", "\0\0\0\0", 1, 1, 1), chunk("strf", zeros(4))),
    ];
    expect(describeTracks(await probe(avi({ streams })))).toEqual(["subtitle 0: unknown (GAB2)"]);
  });

  it.each([
    { title: "is found behind the media by its size", file: avi({ streams: [video("XVID")] }), isThere: true },
    {
      title: "is found behind metadata and a filler",
      file: avi({ streams: [video("XVID")], before: bytes(list("INFO", zeros(33)), chunk("JUNK", zeros(41))) }),
      isThere: true,
    },
    {
      title: "is not there if the header does not say so",
      file: avi({ streams: [video("XVID")], flags: 0 }),
      isThere: false,
    },
    {
      title: "is not there in a file that is cut off",
      file: avi({ streams: [video("XVID")] }).subarray(0, -50),
      isThere: false,
    },
  ])("has an index that $title", async ({ file, isThere }) => {
    const { keyIndex } = await probe(file);
    expect(keyIndex).toEqual(isThere ? { kind: "idx1", startByte: file.length - 40 } : undefined);
  });

  it("is not read beyond the header of its media", async () => {
    const file = avi({ streams: [video("XVID")], movi: list("movi", zeros(5_000_000)) });
    const source = new MemorySource(file);
    await readMediaInfo(source, never);
    expect(source.touchedBytes).toBeLessThanOrEqual(32 * 1024);
  });

  it.each([
    { title: "no header list", body: list("movi", zeros(50)) },
    { title: "a header list without a main header", body: list("hdrl", video("XVID")) },
    { title: "a header list that is too large", body: bytes("LIST", u32le(2 ** 31), "hdrl", zeros(50)) },
    { title: "a header list that goes on beyond the file", body: bytes("LIST", u32le(5000), "hdrl", zeros(50)) },
    { title: "a stream without a header", body: list("hdrl", avih(0), list("strl", bitmap("XVID"))) },
    {
      title: "a stream without a format",
      body: list("hdrl", avih(0), list("strl", strh("vids", "XVID", 1, 1, 1))),
    },
  ])("is damaged by $title", async ({ body }) => {
    await expect(probe(chunk("RIFF", "AVI ", body))).rejects.toMatchObject({ code: "damaged_media" });
  });

  it("is of unknown length if its rates make no sense", async () => {
    const streams = [list("strl", strh("vids", "XVID", 0, 0, 100), bitmap("XVID"))];
    const info = await probe(avi({ streams }));
    expect(info.durationSeconds).toBeUndefined();
    expect(describeTracks(info)).toEqual(["video 0: mpeg4 (XVID) 640x360"]);
  });
});
