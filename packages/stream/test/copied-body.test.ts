import { createHash } from "node:crypto";
import { type PieceProvider, READAHEAD_MIN_BYTES, StreamError } from "@riptide/core";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { everyNth } from "../../../test/support/soak.ts";
import { complaintsOf, type Probed, probe } from "../../media/test/fmp4/clips.ts";
import { createStreamFactory } from "../src/index.ts";
import {
  createContext,
  drainEventLoop,
  get,
  head,
  KIB,
  MIB,
  readAll,
  readerOf,
  requestOf,
  type TestContext,
  virtualClock,
} from "./support/context.ts";
import { H264, makeFilm, makeHeavyFilm } from "./support/films.ts";
import { fragmentsOf } from "./support/fragments.ts";
import { lendingProvider, SpoilingPool } from "./support/spoiling-pool.ts";

const AAC = "-c:a aac -ac 2";
const X265 =
  "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=48:bframes=3:open-gop=0 -pix_fmt yuv420p";
const VP9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 48";

/** Four seconds, with keyframes at 0 and 2. Title, extension, and how it is encoded. */
const FILMS = everyNth<[string, "mkv" | "webm" | "mp4", string]>(
  [
    ["Matroska with H.264 and AAC", "mkv", `${H264} ${AAC}`],
    ["Matroska with HEVC and FLAC", "mkv", `${X265} -c:a flac`],
    ["Matroska with AV1 and Opus", "mkv", "-c:v libsvtav1 -preset 12 -g 48 -c:a libopus"],
    ["Matroska without Cues", "mkv", `${H264} ${AAC} -live 1`],
    ["WebM with VP9 and Opus", "webm", `${VP9} -c:a libopus`],
    ["MP4 with its index in front", "mp4", `${H264} ${AAC} -movflags +faststart`],
    ["MP4 with its index at the end", "mp4", `${H264} ${AAC}`],
    ["MP4 with HEVC and FLAC", "mp4", `${X265} -c:a flac`],
    ["fragmented MP4", "mp4", `${H264} ${AAC} -movflags +empty_moov+frag_keyframe`],
  ],
  2,
);

/** RFC 9559 §5.1.3. */
const CLUSTER_ID = Buffer.from([0x1f, 0x43, 0xb6, 0x75]);

const films = new Map<string, Uint8Array>();
let heavyFilm: Uint8Array;
let heavyMp4: Uint8Array;

beforeAll(async () => {
  for (const [title, extension, encoding] of FILMS) films.set(title, await makeFilm(extension, encoding));
  heavyFilm = await makeHeavyFilm("mkv", AAC);
  heavyMp4 = await makeHeavyFilm("mp4", AAC);
});

const clock = virtualClock();
const factoryOf = () => createStreamFactory({ ffmpeg: undefined, clock });
const remux = (viewer: TestContext, query = ""): Promise<Response> =>
  factoryOf().remux.produce(get({}, `/remux.mp4${query}`), viewer.context);
const complete = (bytes: Uint8Array): TestContext => createContext({ bytes, clock });
const copyOf = async (bytes: Uint8Array, query = ""): Promise<Uint8Array> =>
  readAll(await remux(complete(bytes), query));
const idle = { demandsHeld: 0, readsWaiting: 0 };

/** A film that comes from a swarm, in virtual time. */
function swarmOf(bytes: Uint8Array): TestContext {
  const arrivals = { kind: "swarm", bytesPerSecond: 4 * MIB, latencyMs: 30 } as const;
  const viewer = createContext({ bytes, clock, arrivals, pieceLengthBytes: 64 * KIB });
  onTestFinished(() => viewer.provider[Symbol.dispose]());
  return viewer;
}

/** Expects the last packets of a track, as many as were found, at their times. */
function expectLastOf(all: Probed["packets"][number], found: Probed["packets"][number]): void {
  const expected = all.slice(all.length - found.length);
  expect(found.map(({ sizeBytes, isKeyframe }) => [sizeBytes, isKeyframe])).toEqual(
    expected.map(({ sizeBytes, isKeyframe }) => [sizeBytes, isKeyframe]),
  );
  for (const [place, { ptsSeconds, dtsSeconds }] of found.entries()) {
    // What a codec discards at the start lies before 0.
    expect(Math.abs(ptsSeconds - Math.max(0, expected[place]!.ptsSeconds))).toBeLessThanOrEqual(0.001);
    expect(dtsSeconds).toBeGreaterThan(found[place - 1]?.dtsSeconds ?? -1);
  }
}

describe("Without ffmpeg", () => {
  test.each(FILMS)("%s has the packets of the source, at their times, and decodes", async (title, extension) => {
    const bytes = films.get(title)!;
    const viewer = complete(bytes);
    const output = await readAll(await remux(viewer));
    const [source, found] = await Promise.all([
      probe(bytes, extension === "mp4" ? "mp4" : "mkv"),
      probe(output, "mp4"),
    ]);
    expect(found.packets.map(({ length }) => length)).toEqual(source.packets.map(({ length }) => length));
    for (const [index, packets] of source.packets.entries()) expectLastOf(packets, found.packets[index]!);
    expect(await complaintsOf(output)).toBe("");
    expect(viewer.provider.counters()).toMatchObject(idle);
  });

  test.each(FILMS)("%s starts at the keyframe before a time, at the times of the film", async (title, extension) => {
    const bytes = films.get(title)!;
    const output = await copyOf(bytes, "?t=3.2");
    const [source, found] = await Promise.all([
      probe(bytes, extension === "mp4" ? "mp4" : "mkv"),
      probe(output, "mp4"),
    ]);
    const [pictures, sounds] = found.packets;
    expect(pictures).toHaveLength(48);
    for (const [index, packets] of source.packets.entries()) expectLastOf(packets, found.packets[index]!);
    expect(pictures?.[0]?.isKeyframe).toBe(true);
    expect(Math.abs(pictures![0]!.ptsSeconds - sounds![0]!.ptsSeconds)).toBeLessThan(0.6);
    expect(await complaintsOf(output)).toBe("");
  });

  test.each([
    ["Matroska", () => heavyFilm],
    ["MP4", () => heavyMp4],
  ])("long reads and fragments of %s take memory that is lent and used again, and are the same", async (_, film) => {
    const viewer = complete(film());
    const chunks = new SpoilingPool();
    const provider = lendingProvider(viewer.provider, chunks);
    const response = await factoryOf().remux.produce(get({}, "/remux.mp4"), { ...viewer.context, provider, chunks });
    const whole = createHash("sha256");
    for await (const chunk of response.body!) {
      expect(chunk.length).toBeLessThanOrEqual(MIB);
      whole.update(chunk);
      chunks.giveBack(chunk);
    }
    expect(whole.digest("hex")).toBe(
      createHash("sha256")
        .update(await copyOf(film()))
        .digest("hex"),
    );
    expect(chunks.lentCount).toBeGreaterThan(24);
    // Being read, held by packets, read ahead, two fragments.
    expect(chunks.buffers.size).toBeLessThanOrEqual(6);
    expect(chunks.missingCount).toBe(0);
  });

  test("a read that fails while a fragment is sent fails the body when its packets are asked for", async () => {
    const viewer = complete(heavyFilm);
    const { provider } = viewer;
    const failure = new StreamError("no_peers", "No peer has this part.");
    const failing: PieceProvider = {
      sizeBytes: provider.sizeBytes,
      available: (range) => provider.available(range),
      want: (demand) => provider.want(demand),
      readAt: (offset, length, options) =>
        offset > 10 * MIB ? Promise.reject(failure) : provider.readAt(offset, length, options),
    };
    const { remux: producer } = factoryOf();
    const response = await producer.produce(get({}, "/remux.mp4"), { ...viewer.context, provider: failing });
    await expect(readAll(response)).rejects.toBe(failure);
    expect(provider.counters()).toMatchObject(idle);
  });

  test("a film that is entered in front of pictures that nothing decodes leaves them out", async () => {
    const bytes = Buffer.from(await makeFilm("mkv", `${H264} -g 24 ${AAC}`));
    const third = [0, 1, 2].reduce((at) => bytes.indexOf(CLUSTER_ID, at + 1), 0);
    // RFC 9559 §10.2: the first block of track 1 there is no keyframe any more.
    const isKeyframe = (_: number, at: number): boolean =>
      at > third && bytes[at - 3] === 0x81 && bytes[at - 2] === 0 && bytes[at] === 0x80;
    bytes[bytes.findIndex(isKeyframe)] = 0;
    const [pictures, sounds] = (await probe(await copyOf(bytes, "?t=2.5"), "mp4")).packets;
    expect(pictures).toHaveLength(24);
    expect([pictures![0]!.isKeyframe, Math.round(pictures![0]!.ptsSeconds * 10)]).toEqual([true, 30]);
    expect(sounds![0]!.ptsSeconds).toBeLessThan(2.1);
  });

  test("a film plays with the sound that was asked for", async () => {
    const sounds = "-map 0:v -map 1:a -map 1:a -map 1:a -c:a:0 aac -c:a:1 flac -c:a:2 ac3";
    const viewer = complete(await makeFilm("mkv", `${H264} ${sounds}`));
    for (const [query, codec] of [
      ["", "aac mp4a"],
      ["?audio=1", "flac fLaC"],
    ] as const) {
      expect((await probe(await readAll(await remux(viewer, query)), "mp4")).codecs).toEqual(["h264 avc1", codec]);
    }
    await expect(remux(viewer, "?audio=2")).rejects.toMatchObject({ code: "ffmpeg_missing" });
    expect(viewer.provider.counters()).toMatchObject(idle);
  });

  test("a sound that begins late, or never, begins when it does", async () => {
    const late = await makeHeavyFilm("mkv", AAC, 7);
    const [source, found] = await Promise.all([probe(late, "mkv"), probe(await copyOf(late), "mp4")]);
    for (const [index, packets] of source.packets.entries()) expectLastOf(packets, found.packets[index]!);
    expect(found.packets[1]![0]!.ptsSeconds).toBeCloseTo(7, 1);
    const never = Buffer.from(films.get("Matroska with H.264 and AAC")!);
    // RFC 9559 §5.1.4.1.1: the TrackNumber that none of its blocks has.
    never[never.indexOf(Buffer.from([0xd7, 0x81, 0x02])) + 2] = 3;
    expect((await probe(await copyOf(never), "mp4")).packets.map(({ length }) => length)).toEqual([96, 0]);
  });

  test("a film with a track that we cannot read is left to ffmpeg", async () => {
    const bytes = Buffer.from(films.get("Matroska with H.264 and AAC")!);
    // RFC 9559 §5.1.4.1.1: the TrackNumber of the picture, which nobody can tell from it by its blocks.
    bytes[bytes.indexOf(Buffer.from([0xd7, 0x81, 0x02])) + 2] = 1;
    await expect(remux(complete(bytes))).rejects.toMatchObject({ code: "ffmpeg_missing" });
  });

  test("a film that has no packets is damaged, and one that ends before a time cannot be entered there", async () => {
    const bytes = Buffer.from(films.get("Matroska with H.264 and AAC")!);
    const viewer = complete(bytes.subarray(0, bytes.indexOf(CLUSTER_ID)));
    await expect(remux(viewer)).rejects.toMatchObject({ code: "damaged_media" });
    await expect(remux(viewer, "?t=1")).rejects.toMatchObject({ code: "not_seekable" });
    await expect(remux(complete(bytes), "?t=5")).rejects.toMatchObject({ code: "not_seekable" });
    expect(viewer.provider.counters()).toMatchObject(idle);
  });
});

describe("How much of a film of 8 Mb/s is fetched", () => {
  test.each([
    ["Matroska", () => heavyFilm],
    ["MP4 with its index at the end", () => heavyMp4],
  ])("before the first fragment of %s: less than 1.3 MB, and not a group of 4 MB", async (_, bytes) => {
    const viewer = swarmOf(bytes());
    const response = await clock.runUntil(remux(viewer), 2000);
    const { readBytes, fetchedBytes } = viewer.provider.counters();
    expect(readBytes).toBeLessThan(1_300_000);
    expect(fetchedBytes).toBeLessThan(1_300_000);
    await response.body?.cancel();
    const [first = 0, second = 0] = fragmentsOf(await copyOf(bytes())).map(({ startSeconds }) => startSeconds.get(1));
    expect(second - first).toBeGreaterThanOrEqual(0.2);
    expect(second - first).toBeLessThanOrEqual(0.5);
  });

  test("while its client does not read: one window", async () => {
    const viewer = swarmOf(heavyFilm);
    const response = await clock.runUntil(remux(viewer), 2000);
    const reader = readerOf(response);
    await clock.runUntil(reader.read(), 2000);
    const { readBytes, demandsHeld } = viewer.provider.counters();
    expect(demandsHeld).toBe(1);
    await clock.advance(60_000);
    const { readBytes: idleBytes, fetchedBytes } = viewer.provider.counters();
    expect(idleBytes).toBe(readBytes);
    expect(fetchedBytes).toBeLessThan(readBytes + READAHEAD_MIN_BYTES + 128 * KIB);
    await clock.runUntil(reader.read(), 2000);
    expect(viewer.provider.counters().readBytes).toBeGreaterThan(readBytes);
    await reader.cancel();
    expect(viewer.provider.counters()).toMatchObject(idle);
  });

  test.each([
    ["Matroska", () => heavyFilm],
    ["MP4 with its index at the end", () => heavyMp4],
  ])("after a seek in %s: its ends and what follows the time, and nothing between", async (_, bytes) => {
    const viewer = swarmOf(bytes());
    const factory = factoryOf();
    const response = await clock.runUntil(factory.remux.produce(get({}, "/remux.mp4?t=9"), viewer.context), 2000);
    await response.body?.cancel();
    const { sizeBytes } = viewer.provider;
    // The keyframe at 8 s of 12 s, at a constant rate.
    const entryBytes = (sizeBytes * 8) / 12;
    const demanded = viewer.provider.demandLog().map(({ range }) => range);
    const others = demanded.filter(
      ({ start, end }) =>
        end > 512 * KIB &&
        start < sizeBytes - 128 * KIB &&
        (start < entryBytes - 512 * KIB || end > entryBytes + 1.5 * MIB),
    );
    expect(others).toEqual([]);
    expect(viewer.provider.counters().fetchedBytes).toBeLessThan(1_900_000);
  });
});

/** With what it takes to hand out the first fragment, and no more. */
async function stalled(): Promise<TestContext & { readonly response: Response }> {
  const viewer = createContext({ bytes: heavyFilm, clock, arrivals: { kind: "manual" }, pieceLengthBytes: MIB });
  for (const piece of [0, 1]) viewer.provider.deliver(piece);
  return { ...viewer, response: await remux(viewer) };
}

/** Reads until nothing more is there; resolves with the read that waits. */
async function readToStall(viewer: TestContext, response: Response) {
  const reader = readerOf(response);
  for (;;) {
    const next = reader.read();
    next.catch(() => {});
    await drainEventLoop();
    if (viewer.provider.counters().readsWaiting > 0) return { reader, next };
    await next;
  }
}

describe("A film whose pieces are waited for", () => {
  test("is let go of when its body is cancelled", async () => {
    const { response, ...viewer } = await stalled();
    const { reader, next } = await readToStall(viewer, response);
    await reader.cancel();
    expect((await next).done).toBe(true);
    expect(viewer.provider.counters()).toMatchObject(idle);
  });

  test("is let go of when its client has gone", async () => {
    const { response, ...viewer } = await stalled();
    const { next } = await readToStall(viewer, response);
    viewer.client.abort(new DOMException("gone", "AbortError"));
    await expect(next).rejects.toBe(viewer.client.signal.reason);
    expect(viewer.provider.counters()).toMatchObject(idle);
  });

  test("errors the body when no peer has them, and goes no further", async () => {
    const { response, ...viewer } = await stalled();
    const { next } = await readToStall(viewer, response);
    const failure = new StreamError("no_peers", "No peer has this part.");
    viewer.provider.fail(failure);
    await expect(next).rejects.toBe(failure);
    expect(viewer.provider.counters()).toMatchObject(idle);
  });

  test.each([0, 1])("is refused when no peer has them before the first fragment (after %d pieces)", async (pieces) => {
    const viewer = createContext({
      bytes: heavyFilm,
      clock,
      arrivals: { kind: "manual" },
      pieceLengthBytes: 128 * KIB,
    });
    for (let piece = 0; piece < pieces; piece += 1) viewer.provider.deliver(piece);
    const produced = remux(viewer);
    produced.catch(() => {});
    await drainEventLoop();
    expect(viewer.provider.counters().readsWaiting).toBe(1);
    const failure = new StreamError("no_peers", "No peer has this part.");
    viewer.provider.fail(failure);
    await expect(produced).rejects.toBe(failure);
    expect(viewer.provider.counters()).toMatchObject(idle);
  });
});

describe("A request", () => {
  test.each(["", "?t=3.2"])(
    "by HEAD has the headers of one by GET, and reads no more than headers (%s)",
    async (query) => {
      const bytes = heavyFilm;
      const [asked, told] = [complete(bytes), complete(bytes)];
      const response = await remux(asked, query);
      const answer = await factoryOf().remux.produce(head({}, `/remux.mp4${query}`), told.context);
      expect([answer.status, answer.body]).toEqual([response.status, null]);
      expect([...answer.headers]).toEqual([...response.headers]);
      expect(told.provider.counters()).toMatchObject(idle);
      expect(told.provider.counters().readBytes).toBeLessThan(128 * KIB);
      await response.body?.cancel();
    },
  );

  test("reads by the provider it came with, also what an earlier one with another began to know", async () => {
    const bytes = films.get("Matroska with H.264 and AAC")!;
    const factory = factoryOf();
    const first = complete(bytes);
    const produce = (viewer: TestContext, query: string): Promise<Response> =>
      factory.remux.produce(get({}, `/remux.mp4${query}`), viewer.context);
    await (await produce(first, "")).body?.cancel();
    first.provider.close(new StreamError("torrent_removed", "The torrent was removed."));
    const second = complete(bytes);
    const output = await readAll(await produce(second, "?t=3.2"));
    expect((await probe(output, "mp4")).packets[0]).toHaveLength(48);
    const third = requestOf(second.provider, clock);
    expect(await readAll(await produce(third, "?t=3.2"))).toEqual(output);
  });
});
