import { SUBTITLE_FILE_LIMIT_BYTES } from "@riptide/media";
import { expect, test } from "vitest";
import { createStreamFactory } from "../../src/index.ts";
import { createContext, get, head, KIB, readAll, type TestContext, virtualClock } from "../support/context.ts";

const clock = virtualClock();
const { subtitles } = createStreamFactory({ ffmpeg: undefined, clock });
const PATH = "/stream/x/0/subtitles/file-3.vtt";

const sidecar = (name: string, content: Uint8Array | string): TestContext =>
  createContext({ bytes: typeof content === "string" ? new TextEncoder().encode(content) : content, clock, name });
const textOf = async (response: Response): Promise<string> => new TextDecoder().decode(await readAll(response));

const SRT = "1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Guten</i> Tag & gute Nacht\r\n";
const ASS = `[Script Info]
[V4+ Styles]
Format: Name, Italic
Style: Default,0
[Events]
Format: Start, End, Style, Text
Dialogue: 0:00:01.00,0:00:02.50,Default,{\\i1}Guten{\\i0} Tag & gute Nacht
`;
const VTT = "WEBVTT - title\n\n00:01.000 --> 00:02.500 align:center\n<i>Guten</i> Tag &amp; gute Nacht\n";
const CUE = "00:00:01.000 --> 00:00:02.500";
const TEXT = "<i>Guten</i> Tag &amp; gute Nacht";

test.each([
  ["film.srt", SRT, `WEBVTT\n\n${CUE}\n${TEXT}\n`],
  ["FILM.SRT", SRT, `WEBVTT\n\n${CUE}\n${TEXT}\n`],
  ["film.ass", ASS, `WEBVTT\n\n${CUE}\n${TEXT}\n`],
  ["film.ssa", ASS, `WEBVTT\n\n${CUE}\n${TEXT}\n`],
  ["film.vtt", VTT, `WEBVTT\n\n${CUE} align:center\n${TEXT}\n`],
  ["film.srt", "no subtitles", "WEBVTT\n"],
  ["film.srt", "", "WEBVTT\n"],
])("%s becomes WebVTT", async (name, content, expected) => {
  const response = await subtitles.produce(get({}, PATH), sidecar(name, content).context);
  expect([response.status, response.headers.get("content-type"), response.headers.get("cache-control")]).toEqual([
    200,
    "text/vtt; charset=utf-8",
    "private, max-age=86400",
  ]);
  expect(response.headers.get("content-security-policy")).toBe("sandbox");
  expect(await textOf(response)).toBe(expected);
});

test("the charset of a file is found out", async () => {
  const line = "Съешь ещё этих мягких французских булок, да выпей чаю";
  const windows1251 = Array.from(line, (letter) => {
    const code = letter.charCodeAt(0);
    if (letter === "ё") return 0xb8;
    return code < 0x80 ? code : code - 0x410 + 0xc0;
  });
  const file = Buffer.concat([Buffer.from("1\n00:00:01,000 --> 00:00:02,500\n"), Uint8Array.from(windows1251)]);
  const response = await subtitles.produce(get({}, PATH), sidecar("film.srt", file).context);
  expect(await textOf(response)).toBe(`WEBVTT\n\n${CUE}\n${line}\n`);
});

test("all of a file is demanded at once, and waited for", async () => {
  const content = new TextEncoder().encode(SRT.padEnd(60 * KIB, "\n"));
  const { context, provider } = createContext({
    bytes: content,
    clock,
    name: "film.srt",
    pieceLengthBytes: 16 * KIB,
    arrivals: { kind: "manual" },
  });
  const answer = subtitles.produce(get({}, PATH), context);
  await clock.advance(1000);
  expect(provider.demands()).toContainEqual(
    expect.objectContaining({ range: { start: 0, end: content.length }, urgency: "now", origin: "want" }),
  );
  for (const piece of [3, 1, 2, 0]) provider.deliver(piece);
  expect(await textOf(await answer)).toContain(TEXT);
  expect(provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
});

test("a client that goes leaves nothing behind", async () => {
  const { context, provider, client } = createContext({
    bytes: new TextEncoder().encode(SRT),
    clock,
    name: "film.srt",
    arrivals: { kind: "manual" },
  });
  const answer = subtitles.produce(get({}, PATH), context);
  await clock.advance(1000);
  client.abort(new DOMException("gone", "AbortError"));
  await expect(answer).rejects.toMatchObject({ name: "AbortError" });
  expect(provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
});

test("eight files are read at once, and the next, or a viewer's own, when one of them is done or not wanted any more", async () => {
  const fresh = createStreamFactory({ ffmpeg: undefined, clock });
  const asked = Array.from({ length: 11 }, () => {
    const bytes = new TextEncoder().encode(SRT);
    const { context, provider, client } = createContext({ bytes, clock, name: "a.srt", arrivals: { kind: "manual" } });
    const answer = fresh.subtitles.produce(get({}, PATH), context);
    answer.catch(() => undefined);
    return { provider, client, answer };
  });
  const begun = async (): Promise<boolean[]> => {
    await clock.advance(100);
    return asked.map(({ provider }) => provider.demandLog().length > 0);
  };
  const first = (count: number): boolean[] => asked.map((_, index) => index < count);
  expect(await begun()).toEqual(first(8));
  const own = { isDone: false };
  const document = fresh.externalSubtitles(new TextEncoder().encode(SRT), new AbortController().signal).finally(() => {
    own.isDone = true;
  });
  asked[3]!.client.abort(new DOMException("gone", "AbortError"));
  asked[10]!.client.abort(new DOMException("gone", "AbortError"));
  expect(await begun()).toEqual(first(9));
  asked[0]!.provider.deliver(0);
  expect(await textOf(await asked[0]!.answer)).toContain(TEXT);
  expect(await begun()).toEqual(first(10));
  expect(own.isDone).toBe(false);
  asked[1]!.provider.deliver(0);
  expect(await document).toContain(TEXT);
  await expect(asked[10]!.answer).rejects.toMatchObject({ name: "AbortError" });
});

test("no more is read of a file than any honest one has", async () => {
  const content = Buffer.alloc(SUBTITLE_FILE_LIMIT_BYTES + 100_000, "\n");
  content.write(SRT);
  content.write(SRT, SUBTITLE_FILE_LIMIT_BYTES + 10);
  const { context, provider } = sidecar("film.srt", content);
  const text = await textOf(await subtitles.produce(get({}, PATH), context));
  expect(text).toBe(`WEBVTT\n\n${CUE}\n${TEXT}\n`);
  expect(provider.counters().readBytes).toBe(SUBTITLE_FILE_LIMIT_BYTES);
});

test("HEAD is answered with the headers of GET, and reads nothing", async () => {
  const { context, provider } = createContext({
    bytes: new TextEncoder().encode(SRT),
    clock,
    name: "film.srt",
    arrivals: { kind: "manual" },
  });
  const response = await subtitles.produce(head({}, PATH), context);
  expect([response.status, response.headers.get("content-type"), response.body]).toEqual([
    200,
    "text/vtt; charset=utf-8",
    null,
  ]);
  expect(provider.demandLog()).toEqual([]);
});

test.each([
  ["film.mkv", "stream_not_found"],
  ["film", "stream_not_found"],
  ["film.sup", "unsupported_media"],
  ["film.idx", "unsupported_media"],
])("%s is refused", async (name, code) => {
  const { context, provider } = sidecar(name, SRT);
  await expect(subtitles.produce(get({}, PATH), context)).rejects.toMatchObject({ code });
  await expect(subtitles.produce(head({}, PATH), context)).rejects.toMatchObject({ code });
  expect(provider.demandLog()).toEqual([]);
});
