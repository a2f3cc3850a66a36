import { describe, expect, test } from "vitest";
import { realClock } from "../../../transcode/test/support/clocks.ts";
import { createStreamFactory } from "../../src/index.ts";
import { createContext, drainEventLoop, head, KIB, readAll, requestOf, virtualClock } from "../support/context.ts";
import { HLS_FOLDER, hlsFilm, hlsRequest, readPlaylist } from "../support/hls.ts";
import { attributesOf } from "../support/hls-grammar.ts";
import { unindexedDemo } from "../support/unindexed.ts";

const bytes = unindexedDemo();
const PIECE_BYTES = 16 * KIB;
const FOLDERS = ["video", "audio/0", "subtitles/0"];

/** A film whose pieces come when the test says so, and who asks for it. */
function comingFilm() {
  const clock = virtualClock();
  const { provider } = createContext({ bytes, clock, arrivals: { kind: "manual" }, pieceLengthBytes: PIECE_BYTES });
  const factory = createStreamFactory({ ffmpeg: undefined, clock });
  const ask = (path: string): Promise<Uint8Array> =>
    factory.hls.produce(hlsRequest(path), requestOf(provider, clock).context).then(readAll);
  const text = async (path: string): Promise<string> => new TextDecoder().decode(await ask(path));
  const deliver = async (share: number): Promise<void> => {
    const end = provider.pieces.end * share;
    for (let piece = 0; piece < end; piece += 1) if (!provider.hasPiece(piece)) provider.deliver(piece);
    provider.deliver(provider.pieces.end - 1);
    for (let turn = 0; turn < 20; turn += 1) await drainEventLoop();
  };
  return { provider, clock, factory, ask, text, deliver };
}

describe("The playlists of a film without an index", () => {
  test.each(FOLDERS)("are complete if all of it is there (%s)", async (folder) => {
    const text = await hlsFilm(bytes).text(`${folder}/playlist.m3u8`);
    expect(text).toContain("#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-START:TIME-OFFSET=0\n");
    expect(text).toContain("#EXT-X-TARGETDURATION:14\n");
    expect(text.endsWith("#EXT-X-ENDLIST\n")).toBe(true);
    const { segments } = readPlaylist(text);
    expect(segments).toHaveLength(12);
    expect(segments.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0)).toBeCloseTo(48, 1);
  });

  test.each(FOLDERS)("only grow, by lines at their ends (%s)", async (folder) => {
    const { text, deliver, clock } = comingFilm();
    const path = `${folder}/playlist.m3u8`;
    const first = text(path);
    await deliver(0.2);
    const playlists = [await clock.runUntil(first, 10_000)];
    for (const share of [0.35, 0.6, 0.8, 1]) {
      const known = readPlaylist(playlists.at(-1)!).segments.at(-1)!.uri;
      await clock.runUntil(text(`${folder}/${known}`), 10_000);
      const next = text(path);
      await deliver(share);
      playlists.push(await clock.runUntil(next, 10_000));
    }
    for (const [number, playlist] of playlists.slice(1).entries()) {
      expect(playlist.startsWith(playlists[number]!)).toBe(true);
      expect(playlist.length).toBeGreaterThan(playlists[number]!.length);
    }
    expect(playlists.map((playlist) => playlist.endsWith("#EXT-X-ENDLIST\n"))).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
    expect(playlists.at(-1)).toBe(await hlsFilm(bytes).text(path));
  });

  test("say what they know of the rates", async () => {
    const { text, deliver, clock } = comingFilm();
    const master = text("master.m3u8");
    await deliver(0.3);
    const [stream] = attributesOf(await clock.runUntil(master, 10_000), "STREAM-INF");
    expect(Number(stream?.["AVERAGE-BANDWIDTH"]) / ((bytes.length * 8) / 48)).toBeCloseTo(1, 0);
  });

  test("are waited for, until the client leaves", async () => {
    const { provider, factory, clock, deliver } = comingFilm();
    await deliver(0.02);
    const viewer = requestOf(provider, clock);
    const produced = factory.hls.produce(hlsRequest("video/playlist.m3u8"), viewer.context);
    produced.catch(() => undefined);
    await drainEventLoop();
    expect(provider.counters().readsWaiting).toBe(1);
    viewer.client.abort();
    await expect(produced).rejects.toMatchObject({ name: "AbortError" });
    await drainEventLoop();
    expect([clock.pendingTimers, provider.counters()]).toMatchObject([0, { demandsHeld: 0, readsWaiting: 0 }]);
  });
});

describe("The segments of a film without an index", () => {
  test.each(FOLDERS)("are the same when they have just become known (%s)", async (folder) => {
    const { ask, text, deliver, clock } = comingFilm();
    const whole = hlsFilm(bytes);
    for (const share of [0.3, 0.6, 1]) {
      const playlist = text(`${folder}/playlist.m3u8`);
      await deliver(share);
      for (const { uri } of readPlaylist(await clock.runUntil(playlist, 10_000)).segments) {
        const segment = await clock.runUntil(ask(`${folder}/${uri}`), 10_000);
        expect(Buffer.from(segment).equals(await whole.bytes(`${folder}/${uri}`))).toBe(true);
      }
    }
  });

  test("that are not known yet are not found", async () => {
    const { ask, deliver, provider } = comingFilm();
    const early = ask("video/seg-9.m4s");
    early.catch(() => undefined);
    await deliver(0.3);
    await expect(early).rejects.toMatchObject({ code: "stream_not_found" });
    await expect(ask("subtitles/0/seg-9.vtt")).rejects.toMatchObject({ code: "stream_not_found" });
    expect(provider.counters().readsWaiting).toBe(0);
  });

  test("are not made for HEAD", async () => {
    const film = hlsFilm(bytes);
    const { viewer, factory } = film;
    await film.text("video/playlist.m3u8");
    const { readBytes } = viewer.provider.counters();
    const request = head({}, `${HLS_FOLDER}video/seg-3.m4s`);
    expect((await factory.hls.produce(request, requestOf(viewer.provider, realClock).context)).status).toBe(200);
    expect(viewer.provider.counters().readBytes).toBe(readBytes);
  });
});
