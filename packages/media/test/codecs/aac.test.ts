import { describe, expect, it } from "vitest";
import { aacParameters } from "../../src/codecs/aac.ts";
import { fromHex } from "../support/build.ts";

describe("aacParameters", () => {
  it.each([
    { title: "AAC-LC 48 kHz stereo", hex: "1190", codecString: "mp4a.40.2", sampleRateHz: 48_000, channels: 2 },
    { title: "AAC-LC 44.1 kHz mono", hex: "1208", codecString: "mp4a.40.2", sampleRateHz: 44_100, channels: 1 },
    { title: "AAC-LC 5.1", hex: "11b0", codecString: "mp4a.40.2", sampleRateHz: 48_000, channels: 6 },
    { title: "AAC-LC 7.1", hex: "11b8", codecString: "mp4a.40.2", sampleRateHz: 48_000, channels: 8 },
    {
      title: "HE-AAC, heard at twice its rate",
      hex: "2b098800",
      codecString: "mp4a.40.5",
      sampleRateHz: 48_000,
      channels: 1,
    },
    {
      title: "HE-AAC v2, heard in stereo",
      hex: "eb098800",
      codecString: "mp4a.40.29",
      sampleRateHz: 48_000,
      channels: 2,
    },
    { title: "an explicit rate", hex: "1780565010", codecString: "mp4a.40.2", sampleRateHz: 44_192, channels: 2 },
    {
      title: "xHE-AAC by its escaped type",
      hex: "f94640",
      codecString: "mp4a.40.42",
      sampleRateHz: 48_000,
      channels: 2,
    },
    {
      title: "channels told in the stream",
      hex: "1180",
      codecString: "mp4a.40.2",
      sampleRateHz: 48_000,
      channels: undefined,
    },
    { title: "a reserved rate", hex: "1690", codecString: "mp4a.40.2", sampleRateHz: undefined, channels: 2 },
  ])("reads $title", ({ hex, codecString, sampleRateHz, channels }) => {
    expect(aacParameters(fromHex(hex))).toEqual({ codecString, sampleRateHz, channels });
  });

  it.each(["", "12", "0000"])("takes %j for no configuration", (hex) => {
    expect(aacParameters(fromHex(hex))).toBeUndefined();
  });
});
