import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rawRequest } from "../../packages/http/test/support/raw-client.ts";
import { demoFilmPath } from "../../packages/media/test/support/corpus.ts";
import { launchBrowser } from "../support/browser.ts";
import { makeTorrent } from "../support/made-torrent.ts";
import { startThreatened, type Threatened } from "../support/threatened.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const SCRIPT = '"><img src=x onerror=window.__x=1><script>window.__x=1</script>';
const LINE = '\n{"level":50,"msg":"injected"}\r\nInjected line';
const CONTROLS = "\u001b]0;injected title\u0007\u001b[2J\u202e\u0000";
const page = `<!doctype html><script>window.__x = 1; document.title = "owned"</script><h1>owned</h1>`;
const picture = `<svg xmlns="http://www.w3.org/2000/svg" onload="window.__x=1"><script>window.__x=1</script></svg>`;
const subtitles = `1\n00:00:00,000 --> 00:00:05,000\n<img src=x onerror=window.__x=1><script>window.__x=1</script>\n`;

let us: Threatened;
let infoHash: string;
let names: readonly string[];
beforeAll(async () => {
  const film = await readFile(demoFilmPath("MP4"));
  const content: readonly (readonly [string, Uint8Array])[] = [
    [`${SCRIPT}.mp4`, film],
    ["a.html", Buffer.from(page)],
    ["a.svg", Buffer.from(picture)],
    ["a.xhtml", Buffer.from(`<html xmlns="http://www.w3.org/1999/xhtml">${picture}</html>`)],
    ["a.xml", Buffer.from(`<?xml version="1.0"?>${picture}`)],
    ["page that is a film.mp4", Buffer.from(page)],
    ["film\r\nSet-Cookie: stolen=1\r\n\r\nbody.mp4", film.subarray(0, 300_000)],
    ['quote"semi;colon\\back.mp4', film.subarray(0, 300_000)],
    [`smile 😀 \ud800 half${CONTROLS}.mp4`, film.subarray(0, 300_000)],
    [`${"n".repeat(4_000)}.mp4`, film.subarray(0, 300_000)],
    [`${SCRIPT}.en.srt`, Buffer.from(subtitles)],
  ];
  names = content.map(([name]) => name);
  const files = content.map(([name, bytes]) => ({ path: [name], bytes }));
  const torrent = makeTorrent(`x${CONTROLS}${LINE}${SCRIPT}`, files);
  infoHash = torrent.infoHash;
  us = await startThreatened({ torrents: [torrent] });
});
afterAll(() => us[Symbol.asyncDispose]());

describe("T8 what a torrent holds", () => {
  it.each([1, 2, 3, 4, 5])("T8 is bytes to be saved if it is no film (file %d)", async (index) => {
    const response = await fetch(`${us.riptide.url}/stream/${infoHash}/${index}/direct`);
    await response.arrayBuffer();
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "application/octet-stream",
      "content-disposition": expect.stringMatching(/^attachment; /),
      "content-security-policy": expect.stringMatching(/^sandbox /),
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
    });
  });

  it.each(["direct", "virtual.mp4", "remux.mp4", "hls/master.m3u8", "hls/video/init.mp4", "subtitles/file-10.vtt", ""])(
    "T8 is a medium, sandboxed, if it is one: /%s",
    async (path) => {
      const response = await fetch(`${us.riptide.url}/stream/${infoHash}/0/${path}`.replace(/\/$/, ""));
      await response.body?.cancel();
      expect([response.status, response.headers.get("content-type")]).toEqual([
        200,
        expect.stringMatching(/^(video\/mp4|application\/vnd\.apple\.mpegurl|text\/vtt; charset=utf-8)$/),
      ]);
      const policy = response.headers.get("content-security-policy");
      expect([policy, response.headers.get("x-content-type-options")]).toEqual([
        expect.stringMatching(/^sandbox allow-same-origin; script-src 'none'/),
        "nosniff",
      ]);
    },
  );

  it("T8 no script goes through subtitles", async () => {
    const text = await (await fetch(`${us.riptide.url}/stream/${infoHash}/0/subtitles/file-10.vtt`)).text();
    expect(text).toMatch(/^WEBVTT/);
    expect(text).not.toMatch(/<img|<script/);
  });
});

describe("T9 a name with the end of a header in it", () => {
  it("T9 is one harmless header for every file", async () => {
    for (const index of names.keys()) {
      const target = `/stream/${infoHash}/${index}/direct`;
      const lines = [`GET ${target} HTTP/1.1`, "Host: localhost", "Range: bytes=0-0", "Connection: close"];
      const { head } = await rawRequest(us.port, lines);
      expect(head).toMatch(/^HTTP\/1\.1 206 /);
      const fields = head.split("\r\n").slice(1);
      expect(fields.filter((field) => !/^[\w-]+: [\x20-\x7e]*$/.test(field))).toEqual([]);
      const named = fields.filter((field) => /^content-disposition:/i.test(field));
      expect(named).toHaveLength(1);
      expect(named[0]).toMatch(
        /^content-disposition: (inline|attachment); filename="[^"\\%]*"; filename\*=UTF-8''[\w.!#$&+^`|~%-]*$/i,
      );
      expect(fields.some((field) => /^set-cookie:/i.test(field))).toBe(false);
    }
  });
});

describe("T23 a name with the end of a line in it", () => {
  it("T23 writes one line of the log, and nothing that a terminal obeys", async () => {
    await waitUntil("the torrent is told of", () => us.riptide.process.lines.some((line) => line.includes("injected")));
    // What fails is logged as well.
    await fetch(`${us.riptide.url}/stream/${infoHash}/0/remux.mp4?audio=99`).then((response) =>
      response.body?.cancel(),
    );
    const said = [...us.riptide.process.lines, ...us.riptide.process.stderr().split("\n")];
    expect(said.filter((line) => /^\s*(\{"level":50,"msg":"injected"|Injected line)/.test(line))).toEqual([]);
    expect(said.filter((line) => /[\p{Cc}\u202e]/u.test(line))).toEqual([]);
  });
});

/** What every hostile name and page tries to set. */
const OWNED = "globalThis.__x";

describeWith("chromium")("T8 in a real browser", () => {
  let browser: Browser;
  let tab: Page;
  beforeAll(async () => {
    browser = await launchBrowser();
    tab = await browser.newPage();
  });
  afterAll(() => browser.close());

  it("T8 our page shows the names, and runs nothing of them", async () => {
    const complaints: string[] = [];
    tab.on("console", (message) => complaints.push(message.text()));
    await tab.goto(us.riptide.url);
    await tab.getByText("window.__x=1").first().waitFor();
    expect([await tab.evaluate(OWNED), await tab.locator("img[src=x]").count()]).toEqual([undefined, 0]);
    expect(complaints.filter((text) => text.includes("Content Security Policy"))).toEqual([]);
  });

  it("T8 nor does the question whether a link's magnet is to be added, or the page where its film is watched", async () => {
    const magnet = `magnet:?xt=urn:btih:${"e".repeat(40)}&dn=${encodeURIComponent(SCRIPT)}`;
    await tab.goto(`${us.riptide.url}/?add=${encodeURIComponent(magnet)}`);
    await tab.getByRole("alertdialog").getByText("window.__x=1").waitFor();
    expect([await tab.evaluate(OWNED), await tab.locator("img[src=x]").count()]).toEqual([undefined, 0]);
    await tab.goto(`${us.riptide.url}/watch/${infoHash}/0`);
    await tab.getByLabel("window.__x=1").waitFor();
    expect([await tab.evaluate(OWNED), await tab.locator("img[src=x]").count()]).toEqual([undefined, 0]);
  });

  it.each(["a.html", "a.svg", "a.xhtml", "a.xml", "page that is a film.mp4"])(
    "T8 %s opened as a page is saved, and runs nothing",
    async (name) => {
      const address = `${us.riptide.url}/stream/${infoHash}/${names.indexOf(name)}/direct`;
      const download = tab.waitForEvent("download");
      await tab.goto(address).catch(() => undefined);
      expect((await download).url()).toBe(address);
      expect([await tab.title(), await tab.evaluate(OWNED)]).not.toContain("owned");
    },
  );

  it("T8 a page in it that is framed by our own origin runs nothing", async () => {
    await tab.goto(us.riptide.url);
    const addresses = names.map((_name, index) => `/stream/${infoHash}/${index}/direct`);
    // What is saved never loads in its frame: what is asked for after it has come when it has.
    await tab.evaluate(`Promise.all(${JSON.stringify(addresses)}.map(async (address) => {
      const frame = document.createElement("iframe");
      frame.src = address;
      document.body.append(frame);
      await (await fetch(address)).arrayBuffer();
    }))`);
    expect([tab.frames().length, await tab.evaluate(OWNED)]).toEqual([1 + names.length, undefined]);
    for (const frame of tab.frames().slice(1)) expect(await frame.content()).not.toContain("owned");
  });

  it("T8 a film opened as a page plays, sandboxed as it is", async () => {
    await tab.goto(`${us.riptide.url}/stream/${infoHash}/0/direct`);
    const film = tab.locator("video");
    await film.waitFor();
    await tab.evaluate(`document.querySelector("video").play()`);
    await expect.poll(() => tab.evaluate(`document.querySelector("video").currentTime`)).toBeGreaterThan(0.1);
    expect(await tab.evaluate(OWNED)).toBeUndefined();
  });
});
