import type { MediaInfo } from "@riptide/http";
import { expect, test } from "vitest";
import { describeSound, firstSound, languageName, soundsOf } from "../../src/watch/tracks.ts";

const SOUND = { kind: "audio", index: 0, codec: "aac", codecTag: "A_AAC", isDefault: false } as const;
const infoOf = (tracks: MediaInfo["tracks"]): MediaInfo => ({
  container: "matroska",
  tracks,
  questions: { mse: [], file: [] },
  sidecars: [],
});

test("Sounds that nobody can decode are not offered, and the film says which one plays first", () => {
  const info = infoOf([
    SOUND,
    { ...SOUND, index: 1, codec: "unknown" },
    { ...SOUND, index: 2, isDefault: true },
    {
      kind: "subtitle",
      index: 0,
      codec: "srt",
      codecTag: "",
      isDefault: true,
      isForced: false,
      isForHearingImpaired: false,
    },
  ]);
  expect(soundsOf(info).map(({ index }) => index)).toEqual([0, 2]);
  expect(firstSound(soundsOf(info))?.index).toBe(2);
  expect(firstSound([SOUND])).toBe(SOUND);
  expect(soundsOf(undefined)).toEqual([]);
});

test("A sound is called by what the film says of it", () => {
  expect(describeSound({ ...SOUND, language: "fre", channels: 6, title: "Director" }, "en")).toBe(
    "French · Director · 5.1",
  );
  expect(describeSound({ ...SOUND, language: "fre", channels: 2 }, "de")).toBe("Französisch · stereo");
  expect(describeSound({ ...SOUND, language: "und", channels: 3 }, "en")).toBe("");
});

test("A language that is none is shown as it is", () => {
  expect(languageName("<b>", "en")).toBe("<b>");
  expect(languageName("qqq", "en")).toBe("qqq");
});
