import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { rangeLength, StreamError } from "@riptide/core";
import { openMatroska } from "@riptide/media";
import type { FfmpegInstallation } from "@riptide/transcode";
import * as fc from "fast-check";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { realClock, settled, virtualClock } from "../../transcode/test/support/clocks.ts";
import { eventually } from "../../transcode/test/support/eventually.ts";
import { fakeFfmpeg as fakeFfmpegPath, temporaryFolder } from "../../transcode/test/support/fake-ffmpeg.ts";
import { createStreamFactory, serverTiming } from "../src/index.ts";
import { childProcesses } from "./support/child-processes.ts";
import {
  createContext,
  get,
  head,
  KIB,
  MIB,
  readAll,
  readerOf,
  requestOf,
  type TestContext,
} from "./support/context.ts";
import { H264, installedFfmpeg, makeFilm, makeHeavyFilm, probe } from "./support/films.ts";
import { fragmentsOf } from "./support/fragments.ts";

const ffmpeg = await installedFfmpeg();
const { signal } = new AbortController();
let film: Uint8Array;
let heavyFilm: Uint8Array;

beforeAll(async () => {
  film = await makeFilm("mkv", `${H264} -c:a ac3`);
  heavyFilm = await makeHeavyFilm();
});

const factoryOf = (installation: FfmpegInstallation | undefined = ffmpeg) =>
  createStreamFactory({ ffmpeg: installation, clock: realClock });
const remux = (viewer: TestContext, path = "/remux.mp4", installation = ffmpeg): Promise<Response> =>
  factoryOf(installation).remux.produce(get({}, path), viewer.context);
const complete = (bytes: Uint8Array): TestContext => createContext({ bytes, clock: realClock });
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "no error",
    (error) => error.code,
  );

async function fakeFfmpeg(script: string): Promise<FfmpegInstallation> {
  return { path: await fakeFfmpegPath(script), version: "5.9-fake", canEncodeH264: true };
}

describe("The response of a remux", () => {
  test("has no length, no ranges and no validator, and says what it waited for", async () => {
    const viewer = createContext({ bytes: film, clock: realClock, name: 'a "film".mkv' });
    const response = await factoryOf().remux.produce(get({ range: "bytes=0-9" }), viewer.context);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual({
      "accept-ranges": "none",
      "cache-control": "no-store",
      "content-disposition": `inline; filename="a _film_.mkv.mp4"; filename*=UTF-8''a%20%22film%22.mkv.mp4`,
      "content-security-policy": "sandbox",
      "content-type": "video/mp4",
      "x-content-type-options": "nosniff",
    });
    expect(serverTiming(viewer.context.timings)).toMatch(
      /^head;dur=[\d.]+, index;dur=[\d.]+, fragment;dur=[\d.]+, total;dur=/,
    );
    await response.body?.cancel();
  });

  test("to HEAD is the same without a body, and starts no process", async () => {
    const fake = await fakeFfmpeg("echo started >&2; exit 1");
    const viewer = complete(film);
    const response = await factoryOf(fake).remux.produce(head({}, "/remux.mp4?t=2"), viewer.context);
    expect([response.status, response.body, response.headers.get("content-type")]).toEqual([200, null, "video/mp4"]);
    expect(await codeOf(factoryOf(fake).remux.produce(get(), viewer.context))).toBe("ffmpeg_failed");
  });

  test("takes the audio track that was asked for", async () => {
    const bytes = await makeFilm("mkv", `${H264} -map 0:v -map 1:a -map 1:a -c:a:0 aac -b:a:0 64k -c:a:1 flac`);
    const codecs = async (path: string): Promise<string[]> =>
      (await probe(await readAll(await remux(complete(bytes), path)))).map(({ codec }) => codec);
    expect(await codecs("/remux.mp4")).toEqual(["h264", "aac"]);
    expect(await codecs("/remux.mp4?audio=1")).toEqual(["h264", "flac"]);
  });
});

describe("How much of a film is fetched", () => {
  test("before the first fragment of an 8 Mb/s film: less than 2 MB, and not a whole GOP of 4 MB", async () => {
    const viewer = createContext({
      bytes: heavyFilm,
      clock: realClock,
      arrivals: { kind: "swarm", bytesPerSecond: 4 * MIB, latencyMs: 30 },
      pieceLengthBytes: 256 * KIB,
    });
    onTestFinished(() => viewer.provider[Symbol.dispose]());
    const response = await remux(viewer);
    const { fetchedBytes, readBytes } = viewer.provider.counters();
    expect(readBytes).toBeLessThan(1.3 * MIB);
    expect(fetchedBytes).toBeLessThan(2_000_000);
    await response.body?.cancel();
  });

  test("stops where an idle client stops, bounded by pipes and one window", async () => {
    const viewer = complete(heavyFilm);
    const response = await remux(viewer);
    const reader = readerOf(response);
    await reader.read();
    const idleAt = await settled(() => viewer.provider.counters().readBytes);
    expect(idleAt).toBeLessThan(2.5 * MIB);
    let received = 0;
    while (received < 3 * MIB) received += (await reader.read()).value?.length ?? 0;
    expect(viewer.provider.counters().readBytes).toBeGreaterThan(idleAt + MIB);
    await reader.cancel();
  });
});

describe("Starting at a time", () => {
  test("plays from the keyframe before it, at the times of the film", async () => {
    const response = await remux(complete(film), "/remux.mp4?t=3.2");
    const output = await readAll(response);
    const [video, audio] = await probe(output);
    expect(video?.startSeconds).toBeGreaterThan(1.9);
    expect(video?.startSeconds).toBeLessThan(2.1);
    expect(Math.abs((audio?.startSeconds ?? 0) - (video?.startSeconds ?? 9))).toBeLessThan(0.15);
    expect(video?.frames).toBe(48);
    expect(fragmentsOf(output)[0]?.startSeconds.get(1)).toBeCloseTo(video?.startSeconds ?? 0, 1);
  });

  test("asks for the head, the index and what follows the time, and for nothing between", async () => {
    const viewer = createContext({
      bytes: heavyFilm,
      clock: realClock,
      arrivals: { kind: "swarm", bytesPerSecond: 8 * MIB, latencyMs: 5 },
      pieceLengthBytes: 64 * KIB,
    });
    onTestFinished(() => viewer.provider[Symbol.dispose]());
    const whole = complete(heavyFilm).provider;
    const index = await (await openMatroska(whole, { signal })).keyIndex({ signal });
    const target = index?.findLast(({ timeSeconds }) => timeSeconds <= 9)?.offsetBytes ?? 0;
    expect(target).toBeGreaterThan(5 * MIB);
    await readAll(await remux(viewer, "/remux.mp4?t=9"));
    const between = { start: 128 * KIB, end: target - 64 * KIB };
    expect(viewer.provider.available(between)).toEqual([]);
    const fetched = viewer.provider
      .available({ start: 0, end: heavyFilm.length })
      .reduce((sum, range) => sum + rangeLength(range), 0);
    expect(fetched).toBeLessThan(heavyFilm.length - target + 256 * KIB);
  });

  test("plays Matroska whose sound we cannot put into an envelope from there, too", async () => {
    const bytes = await makeFilm("mkv", `${H264} -c:a pcm_s16le`);
    const [video, audio] = await probe(await readAll(await remux(complete(bytes), "/remux.mp4?t=3.2")));
    expect([video?.startSeconds, video?.frames]).toEqual([expect.closeTo(2, 1), 48]);
    // All that lies behind the entry: some of it is heard before its picture is shown.
    expect(audio?.startSeconds).toBeGreaterThan(1.8);
    expect(audio?.startSeconds).toBeLessThan(2.05);
  });

  test.each<[string, () => Uint8Array]>([
    ["without an index", () => film.subarray(0, film.length - 500)],
    ["whose index lies", () => withWrongCues(film)],
  ])("in a film %s plays from where the time is found", async (_, bytes) => {
    const [video] = await probe(await readAll(await remux(complete(bytes()), "/remux.mp4?t=3.2")));
    expect(video?.startSeconds).toBeCloseTo(2, 1);
    expect(video?.frames).toBeLessThanOrEqual(48);
  });

  test("of zero is all of it", async () => {
    const [video] = await probe(await readAll(await remux(complete(film), "/remux.mp4?t=0.0")));
    expect(video?.frames).toBe(96);
  });

  test("of a film that is transcoded plays from the picture that is shown then, with a keyframe every two seconds", async () => {
    const bytes = await makeFilm("mkv", "-c:v mpeg2video -g 48 -q:v 5 -c:a mp2");
    const [video, audio] = await probe(await readAll(await remux(complete(bytes), "/remux.mp4?t=1.6")));
    // What its encoder puts in front of MP2 begins the film, and its picture 481 samples later.
    expect(video?.startSeconds).toBeCloseTo(38 / 24 + 481 / 48_000, 3);
    expect(video?.frames).toBe(58);
    expect(video?.keyframes).toBe(2);
    expect(audio?.startSeconds).toBeCloseTo(1.6, 2);
  });

  test.each<[string, string, () => Promise<Uint8Array>]>([
    ["beyond the end", "?t=4.5", async () => film],
    ["in a container without a place to enter", "?t=1", () => makeFilm("flv", `${H264} -c:a libmp3lame`)],
    ["in MP4 whose sound we cannot put into an envelope", "?t=1", () => makeFilm("mov", `${H264} -c:a pcm_s16le`)],
    ["in a film of nothing but a header", "?t=1", async () => film.subarray(0, clusterStarts(film)[0])],
  ])("%s is not seekable", async (_, query, bytes) => {
    const viewer = complete(await bytes());
    expect(await codeOf(remux(viewer, `/remux.mp4${query}`))).toBe("not_seekable");
    expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });
});

/** The same film, but its Cues say that everything begins a few bytes later (RFC 9559 §5.1.5.1.2.2). */
function withWrongCues(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  const cues = copy.lastIndexOf(Buffer.from([0x1c, 0x53, 0xbb, 0x6b]));
  for (let at = copy.indexOf(0xf1, cues); at >= 0 && at < copy.length - 4; at = copy.indexOf(0xf1, at + 1)) {
    const lengthBytes = copy[at + 1]! & 0x7f;
    if (lengthBytes < 8) copy[at + 1 + lengthBytes]! ^= 0x04;
  }
  return copy;
}

/** Where the bytes are with which Clusters begin (RFC 9559 §5.1.3). */
function clusterStarts(bytes: Uint8Array): number[] {
  const starts: number[] = [];
  const file = Buffer.from(bytes);
  for (let at = file.indexOf(CLUSTER_ID); at >= 0; at = file.indexOf(CLUSTER_ID, at + 4)) starts.push(at);
  return starts;
}

const CLUSTER_ID = Buffer.from([0x1f, 0x43, 0xb6, 0x75]);

describe("What cannot be remuxed says why", () => {
  test.each<[string, string, string]>([
    ["a time that is no number", "?t=abc", "not_seekable"],
    ["a negative time", "?t=-1", "not_seekable"],
    ["an endless time", "?t=1e9", "not_seekable"],
    ["an empty time", "?t=", "not_seekable"],
    ["an audio track that is no number", "?audio=x", "unsupported_media"],
    ["an audio track that is not there", "?audio=7", "unsupported_media"],
  ])("%s", async (_, query, code) => {
    expect(await codeOf(remux(complete(film), `/remux.mp4${query}`))).toBe(code);
  });

  test("a file that is no media", async () => {
    const viewer = complete(Buffer.from("#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n"));
    expect(await codeOf(remux(viewer))).toBe("not_media");
    expect(viewer.provider.counters().demandsHeld).toBe(0);
  });

  test("a server without ffmpeg, which streams directly all the same", async () => {
    const factory = factoryOf(undefined);
    const missing = createStreamFactory({ ffmpeg: undefined, clock: realClock });
    await expect(missing.remux.produce(get(), complete(film).context)).rejects.toThrow(/Install ffmpeg/);
    expect(await codeOf(missing.remux.produce(get(), complete(film).context))).toBe("ffmpeg_missing");
    expect((await missing.direct.produce(get(), complete(film).context)).status).toBe(200);
    expect([missing.ffmpeg, factory.ffmpeg?.active]).toEqual([undefined, 0]);
  });

  test("a film to transcode, for an ffmpeg without libx264, also to HEAD", async () => {
    const bytes = await makeFilm("avi", "-c:v mpeg4 -q:v 5 -c:a mp2");
    const limited = factoryOf({ ...ffmpeg, canEncodeH264: false });
    for (const request of [get(), head()]) {
      await expect(limited.remux.produce(request, complete(bytes).context)).rejects.toThrow("libx264");
    }
  });

  test.each([
    ["fails", "echo 'Invalid data' >&2; exit 1"],
    ["crashes", "kill -SEGV $$"],
    ["ends without output", "cat > /dev/null"],
    ["writes garbage", "yes garbage"],
    ["writes next to nothing", "printf 'ft'"],
  ])("an ffmpeg that %s before the first fragment", async (_, script) => {
    const factory = factoryOf(await fakeFfmpeg(script));
    const viewer = complete(film);
    expect(await codeOf(factory.remux.produce(get(), viewer.context))).toBe("ffmpeg_failed");
    await eventually(() => expect(factory.ffmpeg?.active).toBe(0));
    expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });

  test("an ffmpeg that fails later errors the body", async () => {
    const fake = await fakeFfmpeg(String.raw`printf '\000\000\000\010ftyp'; sleep 0.1; exit 1`);
    const response = await remux(complete(film), "/remux.mp4", fake);
    expect(await codeOf(readAll(response))).toBe("ffmpeg_failed");
  });

  test("a swarm that cannot deliver the rest errors the body with its own reason", async () => {
    const viewer = createContext({
      bytes: heavyFilm,
      clock: realClock,
      arrivals: { kind: "manual" },
      pieceLengthBytes: MIB,
    });
    for (const piece of [0, 1]) viewer.provider.deliver(piece);
    const response = await remux(viewer);
    const body = readAll(response);
    await eventually(() => expect(viewer.provider.counters().readsWaiting).toBe(1));
    const failure = new StreamError("no_peers", "No peer has this part.");
    viewer.provider.fail(failure);
    await expect(body).rejects.toBe(failure);
    expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });
});

describe("A client that leaves", () => {
  test("twenty times, in every way, leaves no process and no demand", async () => {
    const factory = factoryOf();
    const { provider } = complete(heavyFilm);
    for (let index = 0; index < 20; index += 1) {
      const viewer = requestOf(provider, realClock);
      const produced = factory.remux.produce(get(), viewer.context);
      if (index % 4 === 0) viewer.client.abort(new DOMException("The client closed the request.", "AbortError"));
      const response = await produced.catch(() => undefined);
      const reader = response && readerOf(response);
      if (index % 2 === 0) await reader?.read().catch(() => {});
      if (index % 3 === 0) viewer.client.abort(new DOMException("The client closed the request.", "AbortError"));
      else await reader?.cancel().catch(() => {});
    }
    await eventually(async () => {
      expect(provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
      expect(factory.ffmpeg?.active).toBe(0);
      expect(await childProcesses()).toEqual([]);
    });
  });

  test("while the swarm is waited for ends the wait, the process and the demand within a second", async () => {
    const clock = virtualClock();
    const viewer = createContext({ bytes: heavyFilm, clock, arrivals: { kind: "manual" } });
    viewer.provider.deliver(0);
    // It takes all that there is, and has nothing to say yet.
    const factory = createStreamFactory({ ffmpeg: await fakeFfmpeg("exec cat >/dev/null"), clock });
    const produced = factory.remux.produce(get(), viewer.context);
    await eventually(() => expect(factory.ffmpeg?.active).toBe(1));
    viewer.client.abort(new DOMException("The client closed the request.", "AbortError"));
    await expect(produced).rejects.toBe(viewer.client.signal.reason);
    await clock.advance(1000);
    await eventually(() => expect(factory.ffmpeg?.active).toBe(0));
    expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });
});

describe("Many clients", () => {
  test("get as many processes as there is room for; the rest are told to come back", async () => {
    const fake = await fakeFfmpeg(String.raw`printf '\000\000\000\010ftyp'; exec sleep 1000`);
    const factory = factoryOf(fake);
    const { provider } = complete(film);
    const responses = await Promise.allSettled(
      Array.from({ length: 40 }, () => factory.remux.produce(get(), requestOf(provider, realClock).context)),
    );
    const bodies = responses.flatMap((result) => (result.status === "fulfilled" ? [result.value.body] : []));
    const refusals = responses.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    expect(bodies).toHaveLength(factory.ffmpeg?.limit ?? 0);
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: "ffmpeg_busy", retryAfterSeconds: 5 });
    for (const body of bodies) await body?.cancel();
    await eventually(() => expect(factory.ffmpeg?.active).toBe(0));
  });
});

describe("Nothing that a client writes reaches ffmpeg", () => {
  test("whatever the query and the names are", async () => {
    const log = join(await temporaryFolder(), "argv");
    const factory = factoryOf(await fakeFfmpeg(`printf '%s\\n' "$@" >> ${log}; exit 1`));
    const hostile = fc.oneof(
      fc.constantFrom(
        "-i",
        "-y.ts",
        "x -f lavfi",
        "drawtext=textfile=/etc/shadow",
        "\n-vf",
        "concat:a|b",
        "%0a-i",
        "0",
        "1",
        "2.5",
        "$(id)",
        "../../x",
        "0;1",
      ),
      fc.string({ maxLength: 12 }),
    );
    await fc.assert(
      fc.asyncProperty(hostile, hostile, hostile, async (t, audio, name) => {
        const query = new URLSearchParams([
          ["t", t],
          ["audio", audio],
          [name, t],
          ["t", name],
        ]);
        const viewer = createContext({ bytes: film, clock: realClock, name });
        await factory.remux.produce(get({}, `/remux.mp4?${query.toString()}`), viewer.context).catch(() => {});
      }),
      {
        numRuns: 60,
        examples: [
          ["0", "0", "-y"],
          ["2.5", "0", "$(id)"],
        ],
      },
    );
    const words = new Set((await readFile(log, "utf8")).trimEnd().split("\n"));
    const allowed = new Set(
      `-hide_banner -loglevel error -nostdin -max_alloc 268435456 -protocol_whitelist pipe -format_whitelist matroska
       -codec_whitelist -max_streams 64 -probesize 500000 -threads 2 -f -i pipe:0 -map 0:V:0 -c:v copy 0:a:0 -c:a aac -ac
       -b:a 192k -af aresample=async=1,atrim=start=0.000000 -bsf:a noise=drop='lt(pts*tb,0.000000-0.002)' -itsoffset -10.000000 -copyts -avoid_negative_ts disabled -sn -dn -map_metadata -1
       -map_chapters -movflags empty_moov+default_base_moof+delay_moov+frag_discont -frag_duration 200000 -flush_packets 1 -strict
       experimental mp4 pipe:1`.split(/\s+/),
    );
    const unknown = [...words].filter((word) => !allowed.has(word) && !/^h264,hevc,[a-z0-9_,-]+$/.test(word));
    expect(unknown).toEqual([]);
    expect(words.has("pipe:1")).toBe(true);
  });
});
