import { readFile } from "node:fs/promises";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { films } from "../../../../test/films/films.ts";
import { type DecodedSecond, decodeSeconds } from "../../../../test/films/read-sound.ts";
import { everyNth, isSoak } from "../../../../test/support/soak.ts";
import { remade } from "../../../media/test/support/ffmpeg.ts";
import { makeClip } from "../../../transcode/test/support/clips.ts";
import { realClock } from "../../../transcode/test/support/clocks.ts";
import { eventually } from "../../../transcode/test/support/eventually.ts";
import { fakeFfmpeg } from "../../../transcode/test/support/fake-ffmpeg.ts";
import { createStreamFactory, type StreamFactory } from "../../src/index.ts";
import { childProcesses } from "../support/child-processes.ts";
import { createContext, KIB, MIB, readAll, readerOf } from "../support/context.ts";
import { H264, installedFfmpeg, makeFilm, TONE } from "../support/films.ts";
import { type HlsFilm, hlsFilm, hlsRequest, readPlaylist, wholeRendition } from "../support/hls.ts";
import { attributesOf } from "../support/hls-grammar.ts";
import { withoutCues } from "../support/unindexed.ts";

/** Twenty seconds with a keyframe every four; each second has its own tones, in AC-3 with six channels. */
const SECONDS = 20;
const SEGMENTS = 5;

const ffmpeg = await installedFfmpeg();
const bytesOf = new Map<string, Uint8Array>();
const factories: StreamFactory[] = [];

beforeAll(async () => {
  const matroska = await readFile(await films.ensure("mkv-h264-bframes-ac3-ass"));
  bytesOf.set("Matroska", matroska);
  bytesOf.set("MP4", await remade(matroska, "-map 0:v -map 0:a -c copy", "mp4"));
});

function factoryOf(installation: typeof ffmpeg | undefined = ffmpeg): StreamFactory {
  const factory = createStreamFactory({ ffmpeg: installation, clock: realClock });
  factories.push(factory);
  return factory;
}

const open = (kind: string): HlsFilm => hlsFilm(bytesOf.get(kind)!, factoryOf());

/** A film whose sounds are converted by a script that stands for ffmpeg. */
const withScript = async (script: string): Promise<HlsFilm> => {
  const { version, path } = ffmpeg;
  const fake = await fakeFfmpeg(`real=${path}\n${script}`);
  return hlsFilm(bytesOf.get("Matroska")!, factoryOf({ version, canEncodeH264: true, path: fake }));
};

afterAll(async () => {
  await Promise.all(factories.map((factory) => factory[Symbol.asyncDispose]()));
});

/** By how much seconds begin too early or too late. */
function lags(heard: readonly DecodedSecond[], source: readonly DecodedSecond[]): number[] {
  return heard.map(({ startSeconds }, index) => Math.abs(startSeconds - source[index]!.startSeconds));
}

describe.each(["Matroska", "MP4"])("AC-3 of %s", (kind) => {
  test("is listed as what it becomes, in as many segments as the picture has", async () => {
    const film = open(kind);
    const master = await film.text("master.m3u8");
    expect(attributesOf(master, "MEDIA")[0]).toMatchObject({ TYPE: "AUDIO", CHANNELS: '"2"' });
    expect(attributesOf(master, "STREAM-INF")[0]?.["CODECS"]).toMatch(/,mp4a\.40\.2"$/);
    const { segments } = readPlaylist(await film.text("audio/0/playlist.m3u8"));
    expect(segments).toHaveLength(SEGMENTS);
    const unitSeconds = 1024 / 48_000;
    for (const { durationSeconds } of segments.slice(1)) {
      const units = durationSeconds / unitSeconds;
      expect(Math.abs(units - Math.round(units))).toBeLessThan(0.001);
    }
    const sumSeconds = segments.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);
    expect(Math.abs(sumSeconds - SECONDS)).toBeLessThan(2 * unitSeconds);
  });

  test("sounds second by second as it does in the film", async () => {
    const bytes = bytesOf.get(kind)!;
    const source = await decodeSeconds(bytes);
    const heard = await decodeSeconds(await wholeRendition(open(kind), "audio/0"), { keepsTimes: true });
    expect(source.map(({ second }) => second)).toEqual(Array.from({ length: SECONDS }, (_, second) => second));
    expect(heard.map(({ second }) => second)).toEqual(source.map(({ second }) => second));
    expect(Math.max(...lags(heard, source))).toBeLessThan(0.011);
  });

  test("is the same bytes in any order, and side by side", async () => {
    const reference = open(kind);
    const expected = new Map<string, Uint8Array>();
    const names = ["init.mp4", ...Array.from({ length: SEGMENTS }, (_, number) => `seg-${number}.m4s`)];
    for (const name of names) expected.set(name, await reference.bytes(`audio/0/${name}`));
    const rounds = fc.array(fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 2 }), {
      minLength: 1,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(rounds, async (asked) => {
        const film = open(kind);
        for (const round of asked) {
          const got = await Promise.all(round.map((name) => film.bytes(`audio/0/${name}`)));
          expect(round.filter((name, index) => Buffer.compare(got[index]!, expected.get(name)!) !== 0)).toEqual([]);
        }
        await film.factory[Symbol.asyncDispose]();
      }),
      { numRuns: isSoak ? 6 : 2 },
    );
  });

  test("begins where it is looked for, in the middle of a segment", async () => {
    const film = open(kind);
    const init = await film.bytes("audio/0/init.mp4");
    const [source, whole] = [await decodeSeconds(bytesOf.get(kind)!), await film.bytes("audio/0/seg-2.m4s")];
    const part = await film.bytes("audio/0/seg-2.m4s?from=9.5");
    const heard = await decodeSeconds(Buffer.concat([init, part]), { keepsTimes: true });
    expect(heard.slice(-2).map(({ second }) => second)).toEqual([10, 11]);
    expect(Math.max(...lags(heard.slice(-2), source.slice(10, 12)))).toBeLessThan(0.011);
    // 2.33 of 4 seconds.
    expect(part.length / whole.length).toBeLessThan(0.65);
    expect(part.length / whole.length).toBeGreaterThan(0.5);
    const asked = ["3.2", "x", "-1", "1e1"].map((from) => film.bytes(`audio/0/seg-2.m4s?from=${from}`));
    for (const bytes of await Promise.all(asked)) expect(Buffer.compare(bytes, whole)).toBe(0);
    expect((await film.bytes("audio/0/seg-2.m4s?from=99")).length).toBeLessThan(1000);
  });

  test("fetches the ends of the file, its own bytes, and the few before them", async () => {
    const bytes = bytesOf.get(kind)!;
    const viewer = createContext({
      bytes,
      clock: realClock,
      arrivals: { kind: "swarm", bytesPerSecond: 8 * MIB, latencyMs: 5 },
      pieceLengthBytes: 4 * KIB,
    });
    onTestFinished(() => viewer.provider[Symbol.dispose]());
    const response = await factoryOf().hls.produce(hlsRequest("audio/0/seg-3.m4s"), viewer.context);
    expect((await readAll(response)).length).toBeGreaterThan(50_000);
    // A fifth of the film and both ends; in front of it half a second, in MP4 from the keyframe before on.
    const share = kind === "MP4" ? 0.4 : 0.25;
    expect(viewer.provider.counters().fetchedBytes).toBeLessThan(share * bytes.length + 3 * 64 * KIB);
    expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });
});

test("AC-3 of a film without an index is the same bytes when its segment has just become known", async () => {
  const bytes = withoutCues(bytesOf.get("Matroska")!);
  const whole = hlsFilm(bytes, factoryOf());
  const text = await whole.text("audio/0/playlist.m3u8");
  expect(readPlaylist(text).segments).toHaveLength(SEGMENTS);
  const viewer = createContext({ bytes, clock: realClock, arrivals: { kind: "manual" }, pieceLengthBytes: 4 * KIB });
  const { provider } = viewer;
  const factory = factoryOf();
  const deliver = (share: number): void => {
    for (let piece = 0; piece < provider.pieces.end * share; piece += 1)
      if (!provider.hasPiece(piece)) provider.deliver(piece);
    provider.deliver(provider.pieces.end - 1);
  };
  const ask = async (name: string): Promise<Uint8Array> =>
    readAll(await factory.hls.produce(hlsRequest(`audio/0/${name}`), viewer.context));
  for (const [number, share] of [0.27, 0.47, 1].entries()) {
    const growing = ask("playlist.m3u8");
    deliver(share);
    const known = new TextDecoder().decode(await growing);
    expect(text.startsWith(known)).toBe(true);
    const { uri } = readPlaylist(known).segments.at(-1)!;
    expect(uri).toBe(["seg-0.m4s", "seg-1.m4s", "seg-4.m4s"][number]);
    expect(Buffer.compare(await ask(uri), await whole.bytes(`audio/0/${uri}`))).toBe(0);
  }
});

describe("Sound in Matroska", () => {
  const SOUNDS = [
    "ac3 late by 213 ms",
    "eac3 5.1",
    "dts 5.1",
    "mp2 44.1 kHz",
    "mp3 48 kHz",
    "vorbis 5.1",
    "pcm 24 bits 5.1",
    "alac 16 bits",
  ] as const;
  test.each(everyNth(SOUNDS, 3))("as %s is heard when it is heard in the file", async (name) => {
    await using clip = await makeClip(name);
    const film = hlsFilm(await readFile(clip.path), factoryOf());
    const source = await decodeSeconds(clip.path, { keepsTimes: true });
    const heard = await decodeSeconds(await wholeRendition(film, "audio/0"), { keepsTimes: true });
    expect(heard.map(({ second }) => second)).toEqual(source.map(({ second }) => second));
    expect(Math.max(...lags(heard, source))).toBeLessThan(0.011);
  });
});

describe("Sound in QuickTime", () => {
  test.each(everyNth(["pcm_s24be", "pcm_f32be", "alac"], 3))(
    "as %s is heard when it is heard in the file",
    async (encoder) => {
      const bytes = await remade(bytesOf.get("MP4")!, `-map 0:v -map 0:a -c:v copy -c:a ${encoder} -ac 2 -t 9`, "mov");
      const source = await decodeSeconds(bytes);
      const heard = await decodeSeconds(await wholeRendition(hlsFilm(bytes, factoryOf()), "audio/0"), {
        keepsTimes: true,
      });
      expect(heard.map(({ second }) => second)).toEqual(source.map(({ second }) => second));
      expect(Math.max(...lags(heard, source))).toBeLessThan(0.011);
    },
  );
});

describe("Which sounds are converted", () => {
  test("is what the query says, which goes on to all addresses", async () => {
    const film = open("Matroska");
    const master = await film.text("master.m3u8?aac=0&token=x");
    expect(attributesOf(master, "MEDIA")[0]?.["URI"]).toBe('"audio/0/playlist.m3u8?aac=0&token=x"');
    const { initUri, segments } = readPlaylist(await film.text("audio/0/playlist.m3u8?aac=0&token=x"));
    expect([initUri, segments[1]?.uri]).toEqual(["init.mp4?aac=0&token=x", "seg-1.m4s?aac=0&token=x"]);
    expect(Buffer.from(await film.bytes(`audio/0/${initUri}`)).includes("esds")).toBe(true);
  });

  test.each(["aac=", "aac=1,7", "aac=x"])("is none of those that ?%s does not name", async (query) => {
    const film = open("Matroska");
    const master = await film.text(`master.m3u8?${query}`);
    expect(attributesOf(master, "STREAM-INF")[0]?.["CODECS"]).toMatch(/,ac-3"$/);
    expect(Buffer.from(await film.bytes(`audio/0/init.mp4?${query}`)).includes("dac3")).toBe(true);
    expect(film.factory.ffmpeg?.active).toBe(0);
  });

  test("is none that cannot be: who asks for it is told, and of TrueHD there is nothing to play", async () => {
    const film = hlsFilm(await makeFilm("mkv", `${H264} -c:a aac`), factoryOf());
    for (const path of ["master.m3u8?aac=0", "audio/0/playlist.m3u8?aac=0", "video/seg-0.m4s?aac=0"]) {
      await expect(film.ask(path)).rejects.toMatchObject({
        code: "unsupported_media",
        message: expect.stringContaining("Sound 0 of this film cannot be converted in segments"),
      });
    }
    expect(attributesOf(await film.text("master.m3u8"), "STREAM-INF")[0]?.["CODECS"]).toMatch(/mp4a/);
    const trueHd = hlsFilm(await makeFilm("mkv", `${H264} -c:a truehd -ac 2`), factoryOf());
    await expect(trueHd.ask("master.m3u8")).rejects.toMatchObject({ code: "unsupported_media" });
  });
});

describe("Without ffmpeg", () => {
  test("a sound that must be converted is left out, and its addresses say why", async () => {
    const film = hlsFilm(bytesOf.get("Matroska")!);
    expect(attributesOf(await film.text("master.m3u8"), "MEDIA").map(({ TYPE }) => TYPE)).toEqual(["SUBTITLES"]);
    for (const name of ["playlist.m3u8", "init.mp4", "seg-0.m4s"]) {
      await expect(film.ask(`audio/0/${name}`)).rejects.toMatchObject({ code: "ffmpeg_missing" });
    }
  });

  test("a film of nothing else cannot be played, with it it can", async () => {
    const bytes = await makeFilm("mka", "-c:a ac3", TONE);
    await expect(hlsFilm(bytes).ask("master.m3u8")).rejects.toMatchObject({ code: "ffmpeg_missing" });
    const master = await hlsFilm(bytes, factoryOf()).text("master.m3u8");
    expect(attributesOf(master, "STREAM-INF")[0]).toMatchObject({ CODECS: '"mp4a.40.2"' });
  });
});

describe("A process that fails", () => {
  const seg = "audio/0/seg-1.m4s";
  test("before anything was heard is started once more", async () => {
    const film = await withScript('mkdir "$0.begun" 2> /dev/null && exit 1\nexec $real "$@"');
    expect(Buffer.compare(await film.bytes(seg), await open("Matroska").bytes(seg))).toBe(0);
  });

  test("twice is one error", async () => {
    const film = await withScript("echo $0: oops >&2; exit 1");
    await expect(film.bytes(seg)).rejects.toMatchObject({ code: "ffmpeg_failed" });
    expect(film.factory.ffmpeg?.exits.failed).toBeGreaterThanOrEqual(2);
  });

  test("later on breaks the segment off", async () => {
    const film = await withScript('$real "$@" | head -c 20000; exit 1');
    const reader = readerOf(await film.ask(seg));
    expect((await reader.read()).value?.length).toBeGreaterThan(1000);
    const rest = async (): Promise<void> => {
      while (!(await reader.read()).done);
    };
    await expect(rest()).rejects.toMatchObject({ code: "ffmpeg_failed" });
  });
});

describe("No process is left", () => {
  test("after clients that leave in the middle, and after the end", async () => {
    const film = open("Matroska");
    for (let number = 0; number < SEGMENTS; number += 1) {
      const reader = readerOf(await film.ask(`audio/0/seg-${number}.m4s`));
      expect((await reader.read()).value?.length).toBeGreaterThan(0);
      await reader.cancel();
    }
    await eventually(() => expect(film.factory.ffmpeg?.active).toBe(0));
    expect(film.viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
    await Promise.all(factories.splice(0).map((factory) => factory[Symbol.asyncDispose]()));
    await eventually(async () => expect(await childProcesses()).toEqual([]));
  });

  test("by one who leaves while the swarm is waited for", async () => {
    const bytes = bytesOf.get("Matroska")!;
    const viewer = createContext({ bytes, clock: realClock, arrivals: { kind: "manual" } });
    const { pieces } = viewer.provider;
    for (const piece of [pieces.start, pieces.end - 1]) viewer.provider.deliver(piece);
    const factory = factoryOf();
    const produced = factory.hls.produce(hlsRequest("audio/0/seg-2.m4s"), viewer.context);
    await eventually(() => expect(viewer.provider.counters().readsWaiting).toBeGreaterThan(0));
    viewer.client.abort(new DOMException("The client closed the request.", "AbortError"));
    await expect(produced).rejects.toBe(viewer.client.signal.reason);
    await eventually(() => expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 }));
    expect(factory.ffmpeg?.active).toBe(0);
  });
});
