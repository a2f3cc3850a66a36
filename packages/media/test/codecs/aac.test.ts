import { describe, expect, it } from "vitest";
import { aacConfigurationOf, aacFraming, aacParameters } from "../../src/codecs/aac.ts";
import { fromHex } from "../support/build.ts";

const LAYOUTS = new Map([
  [1, "mono"],
  [2, "stereo"],
  [6, "5.1"],
  [8, "7.1"],
]);

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
    const channelLayout = channels && LAYOUTS.get(channels);
    expect(aacParameters(fromHex(hex))).toEqual({ codecString, sampleRateHz, channels, channelLayout });
  });

  it.each(["", "12", "0000"])("takes %j for no configuration", (hex) => {
    expect(aacParameters(fromHex(hex))).toBeUndefined();
  });
});

describe("aacFraming", () => {
  it.each([
    { title: "AAC-LC", hex: "1190", codedRateHz: 48_000, outputRateHz: 48_000, frameSamples: 1024 },
    { title: "short frames", hex: "1194", codedRateHz: 48_000, outputRateHz: 48_000, frameSamples: 960 },
    { title: "HE-AAC", hex: "2b098800", codedRateHz: 24_000, outputRateHz: 48_000, frameSamples: 1024 },
    { title: "HE-AAC v2", hex: "eb098800", codedRateHz: 24_000, outputRateHz: 48_000, frameSamples: 1024 },
    {
      title: "HE-AAC that old decoders hear",
      hex: "131056e598",
      codedRateHz: 24_000,
      outputRateHz: 48_000,
      frameSamples: 1024,
    },
    {
      title: "an extension without replication",
      hex: "120856e500",
      codedRateHz: 44_100,
      outputRateHz: 44_100,
      frameSamples: 1024,
    },
    {
      title: "channels told in the stream",
      hex: "1180",
      codedRateHz: 48_000,
      outputRateHz: 48_000,
      frameSamples: 1024,
    },
  ])("reads $title", ({ hex, codedRateHz, outputRateHz, frameSamples }) => {
    expect(aacFraming(fromHex(hex))).toEqual({ codedRateHz, outputRateHz, frameSamples });
  });

  it.each(["", "f94640", "1690"])("does not know the frames of %j", (hex) => {
    expect(aacFraming(fromHex(hex))).toBeUndefined();
  });
});

describe("aacConfigurationOf", () => {
  it.each([
    { objectType: 2, codedRateHz: 48_000, extensionRateHz: undefined, channels: 2, hex: "1190" },
    { objectType: 1, codedRateHz: 44_100, extensionRateHz: undefined, channels: 8, hex: "0a38" },
    { objectType: 2, codedRateHz: 24_000, extensionRateHz: 48_000, channels: 2, hex: "131056e598" },
  ])("writes $hex", ({ hex, ...description }) => {
    expect(aacConfigurationOf(description)).toEqual(fromHex(hex));
  });

  it.each([
    { codedRateHz: 12_345, extensionRateHz: undefined, channels: 2 },
    { codedRateHz: undefined, extensionRateHz: undefined, channels: 2 },
    { codedRateHz: 48_000, extensionRateHz: 50_000, channels: 2 },
    { codedRateHz: 48_000, extensionRateHz: undefined, channels: 9 },
  ])("has no word for $codedRateHz, $extensionRateHz, $channels", (description) => {
    expect(aacConfigurationOf({ objectType: 2, ...description })).toBeUndefined();
  });
});
