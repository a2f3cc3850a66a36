import type { StreamProducer } from "@riptide/core";
import { describe, expect, test } from "vitest";
import { info, matroska, timedCluster, track, tracks, VIDEO_TRACK } from "../../../media/test/matroska/film.ts";
import { bytes, chunk, u32le, zeros } from "../../../media/test/support/build.ts";
import { createStreamFactory } from "../../src/index.ts";
import {
  createContext,
  get,
  head,
  KIB,
  readAll,
  readerOf,
  type TestContext,
  virtualClock,
} from "../support/context.ts";
import { ASS_HEADER, deliver, line, openMissing, supAt, textFilm } from "./text-film.ts";

const clock = virtualClock();
const FILM = textFilm();
const { clusters } = FILM;
/** What MediaLibrary asks for of both ends of a file, whatever the request is for. */
const ENDS_BYTES = 64 * KIB;

const producer = (): StreamProducer => createStreamFactory({ ffmpeg: undefined, clock }).subtitles;
const whole = (film = FILM.bytes): TestContext => createContext({ bytes: film, clock, name: "film.mkv" });
const ask = (name: string, { context }: TestContext): Promise<Response> =>
  producer().produce(get({}, `/stream/x/3/subtitles/${name}`), context);
const textOf = async (response: Response): Promise<string> => new TextDecoder().decode(await readAll(response));

/** The headers and the index of the film, and nothing else. */
function openWithEnds(film = FILM.bytes): TestContext {
  const opened = openMissing(film, clock);
  deliver(opened, { start: 0, end: clusters[0]?.start ?? 0 }, { start: clusters.at(-1)?.end ?? 0, end: film.length });
  return opened;
}

const time = (seconds: number): string =>
  `00:${String((seconds / 60) | 0).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}.000`;
const early = (cluster: number): string =>
  `${time(cluster * 10 + 1)} --> ${time(cluster * 10 + 3)}\nearly ${cluster}\n`;
const late = (cluster: number): string => `${time(cluster * 10 + 9)} --> ${time(cluster * 10 + 12)}\nlate ${cluster}\n`;
const document = (...cues: string[]): string => ["WEBVTT\n", ...cues].join("\n");

describe("a track of subtitles", () => {
  test("is all there where the film is", async () => {
    const response = await ask("0.vtt", whole());
    expect([response.status, Object.fromEntries(response.headers)]).toEqual([
      200,
      {
        "cache-control": "private, max-age=86400",
        "content-disposition": "inline; filename=\"film.mkv.0.vtt\"; filename*=UTF-8''film.mkv.0.vtt",
        "content-security-policy": "sandbox",
        "content-type": "text/vtt; charset=utf-8",
        "x-content-type-options": "nosniff",
      },
    ]);
    expect(await textOf(response)).toBe(
      document(...[0, 1, 2, 3, 4, 5].flatMap((number) => [early(number), late(number)])),
    );
  });

  test("is made of the pieces that are there, and demands no other", async () => {
    const opened = openWithEnds();
    deliver(opened, clusters[1]!, clusters[4]!);
    const there = opened.provider.available({ start: 0, end: opened.provider.sizeBytes });
    const response = await ask("0.vtt", opened);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await textOf(response)).toBe(document(early(1), late(1), early(4), late(4)));
    const needless = opened.provider.demandLog().filter(({ range: { start, end } }) => {
      const isAvailable = there.some((range) => range.start <= start && end <= range.end);
      const isEnd = end <= ENDS_BYTES || start >= opened.provider.sizeBytes - ENDS_BYTES;
      return !isAvailable && !isEnd;
    });
    expect(needless).toEqual([]);
    expect(opened.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });

  test("goes on in a stretch up to the first byte that is missing", async () => {
    const opened = openWithEnds();
    const { start } = clusters[2]!;
    deliver(opened, { start, end: start + 110 * KIB });
    expect(await textOf(await ask("0.vtt", opened))).toBe(document(early(2)));
  });

  test("has no lines where nothing is there but headers and index", async () => {
    expect(await textOf(await ask("0.vtt", openWithEnds()))).toBe(document());
  });

  test("waits for the headers", async () => {
    const opened = openMissing(FILM.bytes, clock);
    let isAnswered = false;
    const answer = ask("0.vtt", opened).finally(() => {
      isAnswered = true;
    });
    await clock.advance(1000);
    expect([isAnswered, opened.provider.demands().length > 0]).toEqual([false, true]);
    deliver(opened, { start: 0, end: clusters[0]!.start }, { start: clusters[5]!.end, end: FILM.bytes.length });
    expect(await textOf(await answer)).toBe(document());
  });

  test("of a film without an index is read from its start on", async () => {
    const { bytes: film, clusters: places } = textFilm({ hasCues: false });
    const opened = openMissing(film, clock);
    deliver(opened, { start: 0, end: places[1]!.end }, places[3]!);
    const response = await ask("0.vtt", opened);
    expect(response.headers.get("cache-control")).toBe("no-store");
    // Cluster 2 begins in the last piece of Cluster 1; its first line comes later.
    expect(await textOf(response)).toBe(document(early(0), late(0), early(1), late(1)));
    expect(await textOf(await ask("0.vtt?from=12&to=19", opened))).toBe(document(early(1)));
    expect((await ask("0.vtt", whole(film))).headers.get("cache-control")).toBe("private, max-age=86400");
  });

  test("of a long film is sent on while it is read", async () => {
    const lines = Array.from({ length: 120 }, (_, number) => line(2, number * 10, 10, `${number} ${"x".repeat(9000)}`));
    const film = matroska(info(60_000), tracks(VIDEO_TRACK, track(2, 17, "S_TEXT/UTF8")), timedCluster(0, ...lines));
    const reader = readerOf(await ask("0.vtt", whole(film)));
    const chunks: string[] = [];
    for (let read = await reader.read(); read.value !== undefined; read = await reader.read()) {
      chunks.push(new TextDecoder().decode(read.value));
    }
    expect(chunks.length).toBeGreaterThan(3);
    expect(chunks.join("").match(/\n\d+ xxx/g)).toEqual(lines.map((_, number) => `\n${number} xxx`));
  });

  test("leaves out what holds no text", async () => {
    const film = matroska(
      info(10_000),
      tracks(VIDEO_TRACK, track(2, 17, "S_TEXT/UTF8")),
      timedCluster(0, line(2, 0, 1000, " "), line(2, 1000, 2000, "early 0"), line(2, 5000, 0, "not shown")),
    );
    expect(await textOf(await ask("0.vtt", whole(film)))).toBe(document(early(0)));
  });

  test("releases what it holds when its body is cancelled", async () => {
    const opened = whole();
    const reader = readerOf(await ask("0.vtt", opened));
    await reader.read();
    await reader.read();
    await reader.cancel();
    expect(opened.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });

  test("answers HEAD with the headers of GET, and reads no text for it", async () => {
    const opened = openWithEnds();
    deliver(opened, clusters[1]!);
    const readBytes = async (request: Request): Promise<[string | null, boolean, number]> => {
      const before = opened.provider.counters().readBytes;
      const response = await producer().produce(request, opened.context);
      await readAll(response);
      const { headers, body } = response;
      return [headers.get("cache-control"), body === null, opened.provider.counters().readBytes - before];
    };
    const answer = await readBytes(head({}, "/stream/x/3/subtitles/0.vtt"));
    const got = await readBytes(get({}, "/stream/x/3/subtitles/0.vtt"));
    expect([answer.slice(0, 2), got.slice(0, 2)]).toEqual([
      ["no-store", true],
      ["no-store", false],
    ]);
    expect(answer[2]).toBeLessThan(got[2]);
  });
});

describe("a window of subtitles", () => {
  test.each([
    ["from=20&to=30", [late(1), early(2), late(2)]],
    ["from=22&to=29", [early(2)]],
    ["from=21.999&to=29.001", [late(1), early(2), late(2)]],
    ["from=23&to=29", []],
    ["to=9", [early(0)]],
    ["from=52.5", [early(5), late(5)]],
    ["from=59.5&to=5000", [late(5)]],
    ["from=61", [late(5)]],
    ["from=70", []],
  ])("%s holds what is shown in it", async (query, cues) => {
    expect(await textOf(await ask(`0.vtt?${query}`, whole()))).toBe(document(...cues));
  });

  test("needs no more than its own stretches, and those right before it", async () => {
    const opened = openWithEnds();
    deliver(opened, clusters[1]!, clusters[2]!);
    const response = await ask("0.vtt?from=21&to=30", opened);
    expect(response.headers.get("cache-control")).toBe("private, max-age=86400");
    expect(await textOf(response)).toBe(document(late(1), early(2), late(2)));
    expect((await ask("0.vtt?from=21&to=30.5", opened)).headers.get("cache-control")).toBe("no-store");
  });

  test.each(["from=-1", "to=x", "from=", "to=1e3", "from=5&to=5", "from=6&to=5", "from=12345678"])(
    "%s is refused",
    async (query) => {
      await expect(ask(`0.vtt?${query}`, whole())).rejects.toMatchObject({ code: "not_seekable" });
    },
  );
});

function event(cluster: number, [start, end]: readonly [number, number], text: string): string {
  const [from, to] = [start, end].map((second) => time(cluster * 10 + second).slice(1, -1));
  return `Dialogue: 0,${from},${to},Default,,0,0,0,,${text} ${cluster}\n`;
}

describe("a track of subtitles in its own form", () => {
  test("is the script of ASS", async () => {
    const response = await ask("1.ass?from=10&to=20", whole());
    expect(response.headers.get("content-type")).toBe("text/x-ssa; charset=utf-8");
    const format = "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text";
    expect(await textOf(response)).toBe(
      `${ASS_HEADER}\n[Events]\n${format}\n${event(0, [9, 12], "late")}${event(1, [1, 3], "early")}${event(1, [9, 12], "late")}`,
    );
  });

  test("of ASS is WebVTT too", async () => {
    expect(await textOf(await ask("1.vtt?from=3&to=10", whole()))).toBe(document(late(0)));
  });

  test("is the pictures of PGS, which are shown until the next one comes", async () => {
    const response = await ask("2.sup?from=12&to=31", whole());
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    // One that began within five seconds in front of the window may still be shown.
    const times = [9, 11, 19, 21, 29].map(supAt);
    expect(Buffer.compare(await readAll(response), bytes(...times))).toBe(0);
  });

  test("of PGS is empty where none is shown", async () => {
    const response = await ask("2.sup?from=4&to=5", openWithEnds());
    expect([response.status, (await readAll(response)).length]).toEqual([200, 0]);
  });

  test.each([
    ["0.ass", "unsupported_media", "Ask for them as .vtt."],
    ["0.sup", "unsupported_media", "Ask for them as .vtt."],
    ["1.sup", "unsupported_media", "Ask for them as .vtt."],
    ["2.vtt", "unsupported_media", "Ask for them as .sup."],
    ["3.vtt", "unsupported_media", "cannot hand out"],
    ["4.vtt", "unsupported_media", "cannot be taken out"],
    ["5.vtt", "stream_not_found", "no such subtitles"],
    ["0.srt", "stream_not_found", "no such subtitles"],
    ["00.vtt", "stream_not_found", "no such subtitles"],
    ["x/0.vtt", "stream_not_found", "no such subtitles"],
  ])("%s of another kind is refused", async (name, code, words) => {
    await expect(ask(name, whole())).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
  });

  test("is refused for a container that is not ours to read", async () => {
    const stream = chunk(
      "LIST",
      "strl",
      chunk("strh", "txts", zeros(16), u32le(1), u32le(25), zeros(24)),
      chunk("strf"),
    );
    const film = chunk("RIFF", "AVI ", chunk("LIST", "hdrl", chunk("avih", zeros(56)), stream), chunk("LIST", "movi"));
    await expect(ask("0.vtt", whole(film))).rejects.toMatchObject({ code: "unsupported_media" });
    await expect(ask("1.vtt", whole(film))).rejects.toMatchObject({ code: "stream_not_found" });
    await expect(ask("0.vtt", whole(zeros(5000)))).rejects.toMatchObject({ code: "not_media" });
  });
});
