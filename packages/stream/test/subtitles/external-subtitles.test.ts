import { describe, expect, test } from "vitest";
import { externalSubtitles } from "../../src/index.ts";
import { drainEventLoop } from "../support/context.ts";

const NEVER = new AbortController().signal;
const encoded = (text: string): Uint8Array => new TextEncoder().encode(text);
const CUE = "00:00:01.000 --> 00:00:02.500";
const TIMES = "00:00:01,000 --> 00:00:02,500";
const DIALOGUE = "Dialogue: 0:00:01.00,0:00:02.50,Hi\n";

describe("a file of subtitles without a name", () => {
  test.each([
    ["SRT", `1\r\n${TIMES}\r\nHi\r\n`],
    ["SRT with a mark and junk in front", `\ufeffDownloaded from nowhere\n\n1\n${TIMES}\nHi\n`],
    ["WebVTT", `WEBVTT\n\n${CUE}\nHi\n`],
    ["WebVTT with a mark and a title", `\ufeffWEBVTT - a film\n\nNOTE x\n\n${CUE}\nHi\n`],
    ["ASS", `[Script Info]\nTitle: x\n\n[Events]\nFormat: Start, End, Text\n${DIALOGUE}`],
    ["SSA without a head", `; a comment\n[Events]\r\nFormat: Start, End, Text\r\n${DIALOGUE}`],
  ])("is known as %s by its text", async (_title, text) => {
    expect(await externalSubtitles(encoded(text), NEVER)).toBe(`WEBVTT\n\n${CUE}\nHi\n`);
  });

  test("is read in its character set", async () => {
    const utf16 = new Uint8Array(
      Uint16Array.from(`\ufeff1\n${TIMES}\nПривет`, (letter) => letter.charCodeAt(0)).buffer,
    );
    expect(await externalSubtitles(utf16, NEVER)).toContain("\nПривет\n");
    const latin = Buffer.from(`1\n${TIMES}\nGrüße aus Köln, schöne Füße\n`, "latin1");
    expect(await externalSubtitles(latin, NEVER)).toContain("\nGrüße aus Köln, schöne Füße\n");
  });

  test.each([
    ["nothing", ""],
    ["a text", "Dear diary,\n\ntoday 00:01:00 was fine.\n"],
    ["a picture", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"],
    ["a word that only begins like a signature", "WEBVTTX\n\n"],
    ["times that are too far behind its start", `${"x\n".repeat(40_000)}${TIMES}\nHi\n`],
  ])("is refused if it is %s", async (_title, text) => {
    await expect(externalSubtitles(Buffer.from(text, "latin1"), NEVER)).rejects.toMatchObject({
      name: "MediaError",
      code: "unsupported_media",
    });
  });
});

describe("a file that is made to take long", () => {
  /** Each of its letters is a line of its own; a megabyte of it takes more than half a second. */
  const hostile = encoded(`${TIMES}\n${"a\n".repeat(5000)}`.repeat(100));

  test("lets everybody else run meanwhile", async () => {
    const progress = { isDone: false };
    const work = externalSubtitles(hostile, NEVER).finally(() => {
      progress.isDone = true;
    });
    let turns = 0;
    let longestMs = 0;
    const startMs = performance.now();
    for (let lastMs = startMs; !progress.isDone; turns += 1) {
      await drainEventLoop();
      longestMs = Math.max(longestMs, performance.now() - lastMs);
      lastMs = performance.now();
    }
    const wholeMs = performance.now() - startMs;
    expect(await work).toMatch(/^WEBVTT\n\n00:00:01\.000 --> 00:00:02\.500\na\na\n/);
    expect(turns).toBeGreaterThan(10);
    expect(longestMs).toBeLessThan(wholeMs / 2);
  });

  test("ends when nobody waits for it any more", async () => {
    const client = new AbortController();
    const reason = new DOMException("gone", "AbortError");
    const work = externalSubtitles(hostile, client.signal);
    await drainEventLoop();
    client.abort(reason);
    await expect(work).rejects.toBe(reason);
  });
});
