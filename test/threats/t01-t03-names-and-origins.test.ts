import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rawRequest, statusOf } from "../../packages/http/test/support/raw-client.ts";
import { demoFilmPath } from "../../packages/media/test/support/corpus.ts";
import { launchBrowser } from "../support/browser.ts";
import { type MadeTorrent, makeTorrent } from "../support/made-torrent.ts";
import { startThreatened, type Threatened } from "../support/threatened.ts";
import { describeWith } from "../support/tools.ts";

const SECRET = "Secret film";
const CLOSE = "Connection: close";

let torrent: MadeTorrent;
let us: Threatened;
beforeAll(async () => {
  torrent = makeTorrent(SECRET, [{ path: ["film.mp4"], bytes: await readFile(demoFilmPath("MP4")) }]);
  us = await startThreatened({ torrents: [torrent] });
  const watched = { method: "PUT", headers: json(), body: JSON.stringify({ positionSeconds: 1.5 }) };
  await fetch(`${us.riptide.url}/api/torrents/${torrent.infoHash}/files/0/viewing`, watched);
});
afterAll(() => us[Symbol.asyncDispose]());

describe("T1 a name that is not ours", () => {
  it.each<[string, readonly string[], number]>([
    ["a foreign Host", ["GET /api/torrents HTTP/1.1", "Host: evil.example:PORT"], 421],
    ["localhost as a label", ["GET /api/torrents HTTP/1.1", "Host: LOCALHOST.evil.com:PORT"], 421],
    ["our address as a label", ["GET /api/torrents HTTP/1.1", "Host: 127.0.0.1.evil.com:PORT"], 421],
    ["an address that is not bound", ["GET /api/torrents HTTP/1.1", "Host: 0.0.0.0:PORT"], 421],
    ["our address in IPv6, mapped", ["GET /api/torrents HTTP/1.1", "Host: [::ffff:127.0.0.1]:PORT"], 400],
    ["a foreign Host at the page", ["GET / HTTP/1.1", "Host: evil.example:PORT"], 421],
    ["a foreign Host at a stream", ["GET /stream/HASH/0 HTTP/1.1", "Host: evil.example:PORT"], 421],
    [
      "a foreign Host with an upgrade to a WebSocket",
      ["GET /api/events HTTP/1.1", "Host: evil.example", "Upgrade: websocket", "Sec-WebSocket-Version: 13"],
      421,
    ],
    ["no Host", ["GET /api/torrents HTTP/1.1"], 400],
    ["two Hosts", ["GET /api/torrents HTTP/1.1", "Host: 127.0.0.1:PORT", "Host: evil.example"], 400],
    ["a foreign absolute target", ["GET http://evil.example/api/torrents HTTP/1.1", "Host: 127.0.0.1:PORT"], 421],
    ["a foreign Host and our target", ["GET http://127.0.0.1/api/torrents HTTP/1.1", "Host: evil.example"], 421],
  ])("T1 %s is refused, and no torrent is named", async (_what, lines, status) => {
    const answer = await rawRequest(us.port, [...spelled(lines), CLOSE]);
    expect([statusOf(answer), answer.body.includes(SECRET)]).toEqual([status, false]);
  });

  it.each(["127.0.0.1:PORT", "[::1]:PORT", "LocalHost:PORT", "localhost.:PORT"])("T1 %s is ours", async (host) => {
    const answer = await rawRequest(us.port, [...spelled(["GET /api/torrents HTTP/1.1", `Host: ${host}`]), CLOSE]);
    expect([statusOf(answer), answer.body.includes(SECRET)]).toEqual([200, true]);
  });
});

describe("T2 another origin", () => {
  it.each(["https://evil.example", "null", "http://localhost.evil", "http://127.0.0.1:1"])(
    "T2 %s gets no permission to read",
    async (origin) => {
      for (const path of ["/", "/api/torrents", `/stream/${torrent.infoHash}/0/direct`, "/readyz", "/nothing"]) {
        const response = await fetch(us.riptide.url + path, { headers: { origin, range: "bytes=0-0" } });
        await response.arrayBuffer();
        expect([path, ...corsHeaders(response)]).toEqual([path]);
        expect(response.headers.get("cross-origin-resource-policy")).toBe("same-origin");
      }
    },
  );

  it("T2 a preflight is not granted, nor one into this private network", async () => {
    const response = await fetch(`${us.riptide.url}/api/torrents`, {
      method: "OPTIONS",
      headers: {
        origin: "https://evil.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
        "access-control-request-private-network": "true",
      },
    });
    expect([response.status, corsHeaders(response)]).toEqual([405, []]);
  });
});

describe("T3 a request that changes something", () => {
  it.each<[string, RequestInit & { path?: string }, number]>([
    ["JSON that calls itself text", { headers: { "content-type": "text/plain" } }, 415],
    ["a form", { headers: { "content-type": "application/x-www-form-urlencoded" } }, 415],
    ["a page of another site", { headers: { ...json(), "sec-fetch-site": "cross-site" } }, 403],
    ["a page of a neighbour", { headers: { ...json(), "sec-fetch-site": "same-site" } }, 403],
    ["a foreign Origin", { headers: { ...json(), origin: "https://evil.example" } }, 403],
    ["a sandboxed frame", { headers: { ...json(), origin: "null" } }, 403],
    ["a foreign removal", { ...foreign("DELETE"), path: "?data=true" }, 403],
    ["a foreign removal of what was watched", { ...foreign("DELETE"), path: "/files/0/viewing" }, 403],
  ])("T3 by %s is refused", async (_what, { path, ...init }, status) => {
    const before = await state();
    const source = `magnet:?xt=urn:btih:${"e".repeat(40)}`;
    const address = path === undefined ? "/api/torrents" : `/api/torrents/${torrent.infoHash}${path}`;
    const body = init.method === "DELETE" ? undefined : JSON.stringify({ source });
    const response = await fetch(us.riptide.url + address, { method: "POST", ...(body && { body }), ...init });
    expect([response.status, await state()]).toEqual([status, before]);
  });

  it("T3 is never a GET: all of them together change nothing", async () => {
    const before = await state();
    const { paths } = await us.riptide.api<{ paths: Record<string, object> }>("/openapi.json");
    const addresses = Object.keys(paths).map(withExamples);
    expect(addresses.length).toBeGreaterThan(15);
    const evil = `source=${"e".repeat(40)}&link=${"e".repeat(40)}&data=true&_method=DELETE`;
    for (const path of [...addresses, `/stream?link=${"e".repeat(40)}`, "/shutdown"]) {
      for (const method of ["GET", "HEAD"]) {
        const headers = { "x-http-method-override": "DELETE" };
        const response = await fetch(`${us.riptide.url}${path}?${evil}`, { method, headers });
        await response.body?.cancel();
        expect([path, response.status < 500 || response.status === 503]).toEqual([path, true]);
      }
    }
    expect(await state()).toEqual(before);
  });
});

describeWith("chromium")("T1–T3 a hostile page in a real browser", () => {
  let browser: Browser;
  let evil: Awaited<ReturnType<typeof serveHostilePage>>;
  beforeAll(async () => {
    evil = await serveHostilePage();
    // What an attacker's name server says: his names are this machine.
    browser = await launchBrowser("--host-resolver-rules=MAP *.example 127.0.0.1");
  });
  afterAll(async () => {
    await browser.close();
    await evil[Symbol.asyncDispose]();
  });

  it("T1 whose name leads here then (DNS rebinding) sees nothing", async () => {
    const page = await browser.newPage();
    const response = await page.goto(`http://evil.example:${us.port}/api/torrents`);
    expect([response?.status(), (await response?.text())?.includes(SECRET)]).toEqual([421, false]);
    await page.close();
  });

  it("T2 T3 reads nothing, shows nothing, and changes nothing", async () => {
    const before = await state();
    const page = await browser.newPage();
    await page.goto(`http://evil.example:${evil.port}/`);
    const got = await page.evaluate(attack(us.riptide.url, torrent.infoHash));
    expect(got).toEqual({
      read: "TypeError",
      readJson: "TypeError",
      post: "TypeError",
      removal: "TypeError",
      opaque: "TypeError",
      events: "error",
      image: "error",
      video: "error",
      script: "error",
    });
    // What may not be framed is replaced by a page of the browser's.
    expect(page.frames().map((frame) => frame.url())).toEqual([page.url(), "chrome-error://chromewebdata/"]);
    expect(await state()).toEqual(before);
    await page.close();
  });
});

/** Runs in the hostile page: what it could do to a server that does not look where requests come from. */
const attack = (url: string, infoHash: string): string => `(async () => {
  const attempt = (path, init) => fetch("${url}" + path, init).then(({ type }) => type, ({ name }) => name);
  const load = (name, path) =>
    new Promise((resolve) => {
      const element = document.createElement(name);
      for (const event of ["load", "loadeddata", "error"]) element.addEventListener(event, () => resolve(event));
      element.src = "${url}" + path;
      document.body.append(element);
    });
  const events = new EventSource("${url}/api/events");
  const heard = new Promise((resolve) => {
    events.onerror = () => resolve("error");
    events.onopen = () => resolve("open");
  });
  await load("iframe", "/");
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ source: "e".repeat(40) });
  return {
    read: await attempt("/api/torrents"),
    readJson: await attempt("/api/torrents", { headers }),
    post: await attempt("/api/torrents", { method: "POST", headers, body }),
    removal: await attempt("/api/torrents/${infoHash}", { method: "DELETE" }),
    // A simple request needs no permission: what it asks for is done, or not.
    opaque: await attempt("/api/torrents", { method: "POST", mode: "no-cors", body }),
    events: await heard,
    image: await load("img", "/icon.svg"),
    video: await load("video", "/stream/${infoHash}/0/direct"),
    script: await load("script", "/api/torrents"),
  };
})()`;

async function serveHostilePage() {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Free films</title><body>");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function spelled(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace("PORT", String(us.port)).replace("HASH", torrent.infoHash));
}

function corsHeaders(response: Response): string[] {
  return [...response.headers.keys()].filter((name) => name.startsWith("access-control-"));
}

function foreign(method: string): RequestInit {
  return { method, headers: { "sec-fetch-site": "cross-site" } };
}

function json(): Record<string, string> {
  return { "content-type": "application/json" };
}

/** All that a change would change: which torrents there are, and what was watched. */
async function state(): Promise<unknown> {
  const { torrents } = await us.riptide.api<{ torrents: { infoHash: string; name: string }[] }>("/api/torrents");
  const { viewings } = await us.riptide.api<{ viewings: object[] }>("/api/viewings");
  expect(viewings).toHaveLength(1);
  return [torrents.map(({ infoHash, name }) => [infoHash, name]), viewings];
}

function withExamples(path: string): string {
  return path
    .replace("{infoHash}", torrent.infoHash)
    .replace("{index}", "0")
    .replace("{name}", path.includes("subtitles/{name}") ? "0.vtt" : "playlist.m3u8")
    .replace(/\{\w+\}/g, "0");
}
