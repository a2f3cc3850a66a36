import { StreamError } from "@riptide/core";
import { describe, expect, test } from "vitest";
import { ElementId } from "../../../media/src/matroska/element-ids.ts";
import { EBML_HEADER, timedCluster, tracks, VIDEO_TRACK } from "../../../media/test/matroska/film.ts";
import { bytes, claimingElement, element, unknownSizeElement } from "../../../media/test/support/build.ts";
import { createStreamFactory, type StreamFactory } from "../../src/index.ts";
import {
  createContext,
  get,
  head,
  KIB,
  MIB,
  randomBytes,
  readAll,
  readerOf,
  type TestContext,
  virtualClock,
} from "../support/context.ts";
import { deliver, openMissing, textFilm } from "./text-film.ts";

const clock = virtualClock();
const factory = (): StreamFactory => createStreamFactory({ ffmpeg: undefined, clock });

const FONT = randomBytes(300 * KIB);
const OTHER_FONT = randomBytes(100 * KIB);
const attached = (name: string, mediaType: string, data: Uint8Array): Uint8Array =>
  element(
    ElementId.attachedFile,
    element(ElementId.fileName, name),
    element(ElementId.fileMediaType, mediaType),
    element(ElementId.fileData, data),
  );
const ATTACHMENTS = element(
  ElementId.attachments,
  attached("fonts/A b.ttf", "application/x-truetype-font", FONT),
  attached("C:\\\\b.otf", "application/vnd.ms-opentype", OTHER_FONT),
  attached("cover.png", "image/png", new Uint8Array(10)),
);
const { bytes: FILM, clusters } = textFilm({ attachments: ATTACHMENTS });
const FONT_END = clusters[0]!.start;
const TAIL = { start: FILM.length - 16 * KIB, end: FILM.length };
const LISTED = [
  { index: 0, name: "A b.ttf", mediaType: "font/ttf", lengthBytes: FONT.length },
  { index: 1, name: "b.otf", mediaType: "font/otf", lengthBytes: OTHER_FONT.length },
  { index: 2, name: "cover.png", mediaType: "image/png", lengthBytes: 10 },
];

const whole = (film = FILM): TestContext => createContext({ bytes: film, clock, name: "film.mkv" });
const ask = (index: number | string, { context }: TestContext, request = get): Promise<Response> =>
  factory().subtitles.produce(request({}, `/stream/x/3/attachments/${index}`), context);

describe("what is attached to a film", () => {
  test("is listed", async () => {
    expect(await factory().attachments(whole().context)).toMatchObject(LISTED);
    expect(await factory().knownAttachments(whole().context)).toMatchObject(LISTED);
  });

  test.each([
    ["a film that carries nothing", textFilm().bytes],
    [
      "another container",
      Buffer.concat([Buffer.from("OggS\0\x02"), new Uint8Array(21), Buffer.from("\x01\x13OpusHead\x01\x02")]),
    ],
  ])("is nothing in %s", async (_, film) => {
    expect(await factory().attachments(whole(film).context)).toEqual([]);
    expect(await factory().knownAttachments(whole(film).context)).toEqual([]);
  });

  test("is not known while its headers are missing, and then fetched behind all else, without its data", async () => {
    const streams = factory();
    const opened = openMissing(FILM, clock);
    const { provider, context } = opened;
    const info = streams.mediaInfo(context);
    deliver(opened, { start: 0, end: 1 }, { start: FONT.length + OTHER_FONT.length, end: FONT_END }, TAIL);
    await info;
    expect(await streams.knownAttachments(context)).toBeUndefined();
    expect(provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
    const list = streams.attachments(context);
    await clock.advance(10);
    expect(provider.demands()).toMatchObject([{ urgency: "later", origin: "read" }]);
    deliver(opened, { start: FONT.length, end: FONT.length + 16 * KIB });
    expect(await list).toMatchObject(LISTED);
    expect(await streams.knownAttachments(context)).toMatchObject(LISTED);
    const fonts = { start: 0, end: FONT_END };
    const there = provider.available(fonts).reduce((sum, { start, end }) => sum + end - start, 0);
    expect(there).toBeLessThan(FONT_END / 4);
  });

  test("fails as its bytes do", async () => {
    const { context, provider } = whole();
    const streams = factory();
    await streams.mediaInfo(context);
    provider.close(new StreamError("torrent_removed", "It is gone."));
    await expect(streams.knownAttachments(context)).rejects.toMatchObject({ code: "torrent_removed" });
    await expect(streams.attachments(context)).rejects.toMatchObject({ code: "torrent_removed" });
  });
});

describe("a font of a film", () => {
  test("is handed out by its index", async () => {
    const response = await ask(0, whole());
    expect([response.status, Object.fromEntries(response.headers)]).toEqual([
      200,
      {
        "cache-control": "private, max-age=31536000, immutable",
        "content-disposition": "attachment; filename=\"A b.ttf\"; filename*=UTF-8''A%20b.ttf",
        "content-length": String(FONT.length),
        "content-security-policy": "sandbox",
        "content-type": "font/ttf",
        "x-content-type-options": "nosniff",
      },
    ]);
    expect(Buffer.compare(await readAll(response), FONT)).toBe(0);
  });

  test("is fetched behind all that is more urgent, and only while somebody reads it", async () => {
    const opened = whole();
    const { provider } = opened;
    const response = await ask(0, opened);
    expect(provider.demands()).toMatchObject([{ urgency: "later", origin: "want" }]);
    const [{ range }] = provider.demands() as [ReturnType<typeof provider.demands>[number]];
    expect(range.end - range.start).toBe(FONT.length);
    const reader = readerOf(response);
    await reader.read();
    await reader.cancel();
    expect(provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });

  test("is given up when the client is gone", async () => {
    const opened = whole();
    const response = await ask(0, opened);
    opened.client.abort(new DOMException("gone", "AbortError"));
    expect(opened.provider.counters().demandsHeld).toBe(0);
    await expect(readAll(response)).rejects.toMatchObject({ name: "AbortError" });
  });

  test("is answered to HEAD by the headers of GET", async () => {
    const opened = whole();
    const response = await ask(0, opened, head);
    expect([response.status, response.headers.get("content-length"), response.body]).toEqual([
      200,
      String(FONT.length),
      null,
    ]);
    expect(opened.provider.counters().demandsHeld).toBe(0);
  });

  test.each([
    [2, "unsupported_media"],
    [3, "stream_not_found"],
    ["A%20b.ttf", "stream_not_found"],
    ["../0", "stream_not_found"],
    ["00", "stream_not_found"],
  ])("is none at %s", async (index, code) => {
    await expect(ask(index, whole())).rejects.toMatchObject({ code });
  });

  test("is no longer than 32 MiB", async () => {
    const start = bytes(EBML_HEADER, unknownSizeElement(ElementId.segment), tracks(VIDEO_TRACK));
    const fontOf = (lengthBytes: number): Uint8Array => {
      const front = bytes(
        element(ElementId.fileMediaType, "font/otf"),
        claimingElement(ElementId.fileData, lengthBytes),
      );
      const file = bytes(claimingElement(ElementId.attachedFile, front.length + lengthBytes), front);
      return bytes(start, claimingElement(ElementId.attachments, file.length + lengthBytes), file);
    };
    const film = (lengthBytes: number): Uint8Array =>
      Buffer.concat([fontOf(lengthBytes), new Uint8Array(lengthBytes), timedCluster(0)]);
    await expect(ask(0, whole(film(32 * MIB + 1)))).rejects.toMatchObject({ code: "unsupported_media" });
    const response = await ask(0, whole(film(32 * MIB)), head);
    expect([response.status, response.headers.get("content-length")]).toEqual([200, String(32 * MIB)]);
  });
});
