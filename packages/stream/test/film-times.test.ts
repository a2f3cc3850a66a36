import { describe, expect, test } from "vitest";
import { demoFilm } from "../../media/test/support/corpus.ts";
import { filmTimes } from "../src/film-times.ts";
import { createStreamFactory } from "../src/index.ts";
import { createContext, get, INFO_HASH, readAll, virtualClock } from "./support/context.ts";

describe("bytes of a film as its times", () => {
  const index = [
    { timeSeconds: 0, offsetBytes: 100 },
    { timeSeconds: 4, offsetBytes: 500 },
    { timeSeconds: 6, offsetBytes: 1500 },
  ];
  const times = filmTimes(index, { timeSeconds: 10, offsetBytes: 2000 });

  test.each([
    ["are exact at keyframes", [{ start: 500, end: 1500 }], [{ startSeconds: 4, endSeconds: 6 }]],
    ["are a share of what lies between", [{ start: 300, end: 1000 }], [{ startSeconds: 2, endSeconds: 5 }]],
    ["end with the film", [{ start: 1500, end: 2000 }], [{ startSeconds: 6, endSeconds: 10 }]],
    ["are nothing where there is no film", [{ start: 0, end: 100 }], []],
    ["are all of it", [{ start: 0, end: 2000 }], [{ startSeconds: 0, endSeconds: 10 }]],
    [
      "are parts in order",
      [
        { start: 0, end: 300 },
        { start: 1500, end: 1750 },
      ],
      [
        { startSeconds: 0, endSeconds: 2 },
        { startSeconds: 6, endSeconds: 8 },
      ],
    ],
    ["are none of nothing", [], []],
  ])("%s", (_title, ranges, expected) => {
    expect(times(ranges)).toEqual(expected);
  });

  test("do not go back where the index does, and parts that touch are one", () => {
    const leaping = [...index, { timeSeconds: 7, offsetBytes: 200 }, { timeSeconds: 5, offsetBytes: 1600 }];
    const parts = filmTimes(leaping, { timeSeconds: 10, offsetBytes: 2000 });
    expect(parts([{ start: 1500, end: 2000 }])).toEqual([{ startSeconds: 6, endSeconds: 10 }]);
    const flat = filmTimes([{ timeSeconds: 3, offsetBytes: 50 }], { timeSeconds: 3, offsetBytes: 100 });
    const touching = [
      { start: 0, end: 60 },
      { start: 70, end: 100 },
    ];
    expect(flat(touching)).toEqual([{ startSeconds: 0, endSeconds: 3 }]);
  });
});

describe.each(["MKV", "MP4"] as const)("the times of %s", (container) => {
  test("are known once its index is, and not before", async () => {
    const clock = virtualClock();
    const factory = createStreamFactory({ ffmpeg: undefined, clock });
    const { context } = createContext({ bytes: demoFilm(container), clock, name: "film" });
    const { file, signal, provider } = context;
    expect(await factory.knownTimes({ file, signal, sizeBytes: provider.sizeBytes })).toBeUndefined();
    await readAll(await factory.hls.produce(get({}, "/stream/x/3/hls/video/playlist.m3u8"), context));
    const times = await factory.knownTimes({ file, signal, sizeBytes: provider.sizeBytes });
    const { durationSeconds } = await factory.mediaInfo(context);
    expect(times?.([{ start: 0, end: provider.sizeBytes }])).toEqual([
      { startSeconds: 0, endSeconds: durationSeconds },
    ]);
    const [half] = times?.([{ start: 0, end: provider.sizeBytes / 2 }]) ?? [];
    expect(half?.endSeconds).toBeGreaterThan(durationSeconds! / 4);
    expect(half?.endSeconds).toBeLessThan((durationSeconds! * 3) / 4);
    expect(
      await factory.knownTimes({ file: { ...file, infoHash: INFO_HASH, index: 9 }, signal, sizeBytes: 5 }),
    ).toBeUndefined();
  });
});
