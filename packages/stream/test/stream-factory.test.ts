import { beforeAll, describe, expect, test } from "vitest";
import { realClock } from "../../transcode/test/support/clocks.ts";
import { createStreamFactory } from "../src/index.ts";
import { createContext, get, head, readAll, type TestContext } from "./support/context.ts";
import { H264, installedFfmpeg, makeFilm } from "./support/films.ts";

const ffmpeg = await installedFfmpeg();
const films = new Map<string, Uint8Array>();
beforeAll(async () => {
  films.set("mp4", await makeFilm("mp4", `${H264} -c:a aac`));
  films.set("mkv", await makeFilm("mkv", `${H264} -c:a aac`));
  films.set("mkv with AC-3", await makeFilm("mkv", `${H264} -c:a ac3`));
  const source = "-f lavfi -i testsrc2=size=160x90:rate=24,noise=alls=90:allf=t:enable='gte(t,20)' -t 40";
  films.set("calm, then busy", await makeFilm("mkv", H264, source));
});

const open = (film: string, name = "film.bin"): TestContext =>
  createContext({
    bytes: films.get(film) ?? Buffer.from("no media"),
    clock: realClock,
    name,
    // Another file of the same torrent.
    index: [...films.keys()].indexOf(film) + 1,
  });

describe("The factory", () => {
  test.each([
    ["MP4", "mp4", "film.txt", "direct", "video/mp4", "bytes"],
    ["Matroska", "mkv", "film.mp4", "remux", "video/mp4", "none"],
  ])("streams %s as it is best played, by content and not by name", async (_, film, name, mode, mediaType, ranges) => {
    const factory = createStreamFactory({ ffmpeg, clock: realClock });
    expect((await factory.choose(open(film).context)).mode).toBe(mode);
    const response = await factory.default.produce(get(), open(film, name).context);
    expect([response.status, response.headers.get("content-type"), response.headers.get("accept-ranges")]).toEqual([
      200,
      mediaType,
      ranges,
    ]);
    expect((await readAll(response)).length).toBeGreaterThan(10_000);
    const answer = await factory.default.produce(head(), open(film, name).context);
    expect([answer.status, answer.headers.get("accept-ranges"), answer.body]).toEqual([200, ranges, null]);
  });

  test("lets the default take ranges where it is direct", async () => {
    const factory = createStreamFactory({ ffmpeg, clock: realClock });
    const response = await factory.default.produce(get({ range: "bytes=4-7" }), open("mp4").context);
    expect(response.status).toBe(206);
    expect((await readAll(response)).toString()).toBe("ftyp");
  });

  test("reads media info, and paces the readahead by it from then on", async () => {
    const factory = createStreamFactory({ ffmpeg, clock: realClock });
    const viewer = open("mp4");
    const { durationSeconds = 0, container } = await factory.mediaInfo(viewer.context);
    expect(container).toBe("mp4");
    const response = await factory.direct.produce(get(), viewer.context);
    const [demand] = viewer.provider.demands();
    expect(demand?.bytesPerSecond).toBeCloseTo(viewer.provider.sizeBytes / durationSeconds);
    await response.body?.cancel();
  });

  test("paces the readahead by the place where the film is read, once its index is known", async () => {
    const factory = createStreamFactory({ ffmpeg, clock: realClock });
    const viewer = open("calm, then busy");
    const sizeBytes = viewer.provider.sizeBytes;
    const rateAt = async (offsetBytes: number): Promise<number> => {
      const response = await factory.direct.produce(get({ range: `bytes=${offsetBytes}-` }), viewer.context);
      const rate = viewer.provider.demands()[0]?.bytesPerSecond ?? 0;
      await response.body?.cancel();
      return rate;
    };
    const { durationSeconds = 0 } = await factory.mediaInfo(viewer.context);
    const [early, late] = [Math.floor(0.01 * sizeBytes), Math.floor(0.9 * sizeBytes)];
    for (const place of [early, late]) expect(await rateAt(place)).toBeCloseTo(sizeBytes / durationSeconds);
    const entered = get({}, "/stream?t=10");
    await (await factory.remux.produce(entered, viewer.context)).body?.cancel();
    const calm = await rateAt(early);
    const busy = await rateAt(late);
    expect(calm).toBeLessThan(0.7 * (sizeBytes / durationSeconds));
    expect(busy).toBeGreaterThan(1.4 * (sizeBytes / durationSeconds));
  });

  test("says what is no media, but still hands it out", async () => {
    const factory = createStreamFactory({ ffmpeg, clock: realClock });
    await expect(factory.default.produce(get(), open("none").context)).rejects.toMatchObject({ code: "not_media" });
    await expect(factory.choose(open("none").context)).rejects.toMatchObject({ code: "not_media" });
    expect((await readAll(await factory.direct.produce(get(), open("none").context))).toString()).toBe("no media");
  });

  test("knows its ffmpeg and how much of it is in use", async () => {
    const factory = createStreamFactory({ ffmpeg, clock: realClock });
    const exits = { finished: 0, stopped: 0, failed: 0, crashed: 0, stalled: 0 };
    expect(factory.ffmpeg).toEqual({
      version: ffmpeg.version,
      active: 0,
      limit: expect.any(Number),
      isolation: ffmpeg.confinement?.isolation,
      exits,
    });
    const copied = await factory.remux.produce(get(), open("mkv").context);
    expect(factory.ffmpeg?.active).toBe(0);
    await copied.body?.cancel();
    const response = await factory.remux.produce(get(), open("mkv with AC-3").context);
    expect(factory.ffmpeg?.active).toBe(1);
    await response.body?.cancel();
    expect(factory.ffmpeg).toMatchObject({ active: 0, exits: { ...exits, stopped: 1 } });
    expect(createStreamFactory({ ffmpeg: undefined, clock: realClock }).ffmpeg).toBeUndefined();
  });
});
