import { describe, expect, it } from "vitest";
import { initSegment, type PictureFormat, readMediaInfo, type VideoTrack } from "../../src/index.ts";
import { bytes } from "../support/build.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import { AVC_RECORD, pictureTrack } from "./coded.ts";
import { sampleEntryOf } from "./movie.ts";

const HDR = { primaries: 9, transfer: 16, matrix: 9, isFullRange: false };

function initOf(format: PictureFormat, codec: "h264" | "vp9" = "h264"): Uint8Array {
  const configuration = codec === "h264" ? AVC_RECORD : new Uint8Array(0);
  const coded = pictureTrack(codec, { configuration, codecString: "vp09.02.31.10" });
  return initSegment([{ id: 1, coded: { ...coded, track: { ...coded.track, ...format } } }], { durationSeconds: 2 });
}

async function readBack(format: PictureFormat, codec?: "vp9"): Promise<VideoTrack> {
  const file = bytes(initOf(format, codec), new Uint8Array(64));
  const [track] = (await readMediaInfo(new MemorySource(file), never)).tracks;
  if (track?.kind !== "video") throw new Error("The init segment has no picture");
  return track;
}

describe("copies of pictures", () => {
  it.each([
    HDR,
    { primaries: 1, transfer: 1, matrix: 1, isFullRange: true },
    { primaries: 9, transfer: 18, matrix: 9, isFullRange: false },
  ])("keep their colours: %o", async (colour) => {
    expect((await readBack({ colour })).colour).toEqual(colour);
    expect(await readBack({ colour }, "vp9")).toMatchObject({ colour, codecString: "vp09.02.31.10" });
  });

  it("do not claim a full range that nobody told of", async () => {
    expect((await readBack({ colour: { ...HDR, isFullRange: undefined } })).colour).toEqual(HDR);
  });

  it("keep the shape of their pixels", async () => {
    expect((await readBack({ pixelAspectRatio: { width: 64, height: 45 } })).pixelAspectRatio).toEqual({
      width: 64,
      height: 45,
    });
  });

  it.each([0, 90, 180, 270])("are turned by %d degrees as they were", async (rotationDegrees) => {
    expect((await readBack({ rotationDegrees })).rotationDegrees).toBe(rotationDegrees);
  });

  it("have no boxes for what is not told, or goes without saying", () => {
    const plain = initOf({});
    expect(initOf({ pixelAspectRatio: { width: 1, height: 1 }, rotationDegrees: 0 })).toEqual(plain);
    expect([...sampleEntryOf(plain, 0).boxes.keys()]).toEqual(["avcC"]);
  });
});
