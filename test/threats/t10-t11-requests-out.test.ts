import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer as createHttpServer, type RequestListener, type ServerResponse } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Problem } from "@riptide/http";
import { createRandom } from "@riptide/sim";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScriptedWebSeed } from "../../packages/swarm/test/webseed/scripted-web-seed.ts";
import { listening } from "../support/listening.ts";
import { type MadeTorrent, makeTorrent } from "../support/made-torrent.ts";
import { startSocks5Server } from "../support/peers/socks5-server.ts";
import { residentBytes } from "../support/resident-bytes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startThreatened, type Threatened } from "../support/threatened.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1024 * 1024;
const GROWTH_LIMIT_BYTES = 64 * MIB;
/** Of the internet, as far as anybody knows. Only the proxy of the test knows where it leads. */
const FAR = "8.8.8.8:80";

describe("T10 what a stranger asks us to fetch", () => {
  let us: Threatened;
  let canary: Awaited<ReturnType<typeof startCanary>>;
  beforeAll(async () => {
    canary = await startCanary();
    us = await startThreatened();
  });
  afterAll(async () => {
    await us[Symbol.asyncDispose]();
    await canary[Symbol.asyncDispose]();
  });

  const spellings = [
    "127.0.0.1",
    "localhost",
    "[::ffff:127.0.0.1]",
    "[::1]",
    "0x7f.1",
    "2130706433",
    "0.0.0.0",
    "127.1",
  ];

  it.each(spellings)("T10 a .torrent of this machine, as http://%s, is not asked for", async (host) => {
    const response = await post({ source: `http://${host}:${canary.port}/film.torrent` });
    expect([response.status, ((await response.json()) as Problem).code]).toEqual([502, "fetch_failed"]);
    expect(canary.heard).toEqual([]);
  });

  it.each([
    "file:///etc/passwd",
    "ftp://127.0.0.1/x.torrent",
    "gopher://127.0.0.1/",
    "http://",
    "/etc/passwd",
    "data:,x",
  ])("T10 %s is no source", async (source) => {
    const response = await post({ source });
    expect([response.status, ((await response.json()) as Problem).code]).toEqual([400, "bad_source"]);
  });

  it("T10 web seeds, trackers and xs= of a torrent find nobody in here", async () => {
    const origins = spellings.map((host) => `http://${host}:${canary.port}`);
    const torrent = makeTorrent("film", [{ path: ["film.bin"], bytes: createRandom(3).bytes(50_000) }], {
      announce: `${origins[0]}/admin?delete=everything`,
      "announce-list": origins.flatMap((origin) => [[`${origin}/other`], [udp(origin)]]),
      "url-list": origins.flatMap((origin) => [`${origin}/`, `${origin}/film.bin?x=1`]),
    });
    await us.riptide.add(torrent.torrentFile);
    const words = origins.flatMap((origin) => [
      `ws=${encodeURIComponent(`${origin}/film.bin`)}`,
      ...["/announce", "/announce?cmd=reboot", "/announceX", "/x/announce/../admin"].map(
        (path) => `tr=${encodeURIComponent(origin + path)}`,
      ),
      `tr=${encodeURIComponent(udp(origin))}`,
      `xs=${encodeURIComponent(`${origin}/film.torrent`)}`,
      `as=${encodeURIComponent(`${origin}/film.torrent`)}`,
    ]);
    await us.riptide.add(`magnet:?xt=urn:btih:${torrent.infoHash}&${words.join("&")}`);
    // Somebody waits for it, so that all that could be asked is asked.
    const reading = new AbortController();
    const read = fetch(`${us.riptide.url}/stream/${torrent.infoHash}/0/direct`, { signal: reading.signal });
    await waitUntil("it is wanted", async () => (await us.riptide.torrent(torrent.infoHash)).activeDemands > 0);
    await expect(Promise.race([read, quiet(1_500)])).resolves.toBe("quiet");
    reading.abort();
    await read.catch(() => undefined);
    expect(canary.heard).toEqual([]);
  });

  it("T10 T11 a redirect from outside does not lead in, of a .torrent or of a web seed", async () => {
    await using far = await serveHttp((_request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${canary.port}/latest/meta-data/` }).end();
    });
    await using proxy = await startSocks5Server({ routes: () => ({ [FAR]: far.port }) });
    const { host, port } = proxy.proxy;
    await using behind = await startThreatened({ words: [`--proxy=socks5://${host}:${port}`] });
    const response = await post({ source: `http://${FAR}/film.torrent` }, behind);
    expect([response.status, ((await response.json()) as Problem).code]).toEqual([502, "fetch_failed"]);
    const torrent = makeTorrent("film", [{ path: ["film.bin"], bytes: createRandom(4).bytes(50_000) }], {
      "url-list": `http://${FAR}/`,
    });
    await behind.riptide.add(torrent.torrentFile);
    const read = fetch(`${behind.riptide.url}/stream/${torrent.infoHash}/0/direct`).catch(() => undefined);
    await waitUntil("the web seed is asked", () => far.asked.length > 1);
    await expect(Promise.race([read, quiet(200)])).resolves.toBe("quiet");
    expect([new Set(far.asked), new Set(proxy.requests)]).toEqual([
      new Set(["/film.torrent", "/film/film.bin"]),
      new Set([FAR]),
    ]);
    expect(canary.heard).toEqual([]);
  });

  function post(body: unknown, to = us): Promise<Response> {
    return fetch(`${to.riptide.url}/api/torrents`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }
});

describe("T11 an answer that is a bomb", () => {
  it("T11 costs little memory, and its web seed is asked no more", async () => {
    await using folder = await temporaryFolder("bombs");
    const torrents: MadeTorrent[] = [];
    await using endless = await startScriptedWebSeed({
      files: {},
      script: ({ response }) => {
        sendForEver(response.writeHead(200));
        return true;
      },
    });
    await using corrupt = await startScriptedWebSeed({
      files: { "/film/film.bin": createRandom(99).bytes(2 * MIB) },
    });
    await using bomb = await serveHttp((request, response) => {
      if (request.url?.startsWith("/announce") === true) {
        response.writeHead(200, { "content-encoding": "gzip" }).end(GZIP_BOMB);
      } else sendForEver(response.writeHead(200, { "content-type": "application/x-bittorrent" }));
    });
    for (const [number, url] of [`${endless.origin}/`, `${corrupt.origin}/`].entries()) {
      const bytes = createRandom(number).bytes(2 * MIB);
      torrents.push(
        makeTorrent("film", [{ path: ["film.bin"], bytes }], {
          announce: `http://127.0.0.1:${bomb.port}/announce`,
          "url-list": url,
        }),
      );
    }
    const paths = torrents.map((_torrent, number) => join(folder.path, `${number}.torrent`));
    for (const [number, { torrentFile }] of torrents.entries()) await writeFile(paths[number]!, torrentFile);
    // Only what the command line names may be on this machine.
    const honest = makeTorrent("honest", [{ path: ["film.bin"], bytes: createRandom(7).bytes(8 * MIB) }]);
    await using us = await startThreatened({
      torrents: [honest],
      words: [...paths, `http://127.0.0.1:${bomb.port}/x.torrent`],
    });
    // What the program takes of memory to play anything at all is not the bombs'.
    await (await fetch(`${us.riptide.url}/stream/${honest.infoHash}/0/direct`)).arrayBuffer();
    const pid = us.riptide.process.child.pid!;
    const before = await residentBytes(pid);
    await waitUntil("both torrents are there", async () => {
      const { torrents: listed } = await us.riptide.api<{ torrents: object[] }>("/api/torrents");
      return listed.length === 1 + torrents.length;
    });
    const reading = new AbortController();
    const reads = torrents.map(({ infoHash }) =>
      fetch(`${us.riptide.url}/stream/${infoHash}/0/direct`, { signal: reading.signal }).catch(() => undefined),
    );
    await waitUntil(
      "all were asked",
      () => endless.asked.length > 0 && corrupt.asked.length > 0 && bomb.asked.length >= 3,
    );
    await waitUntil("the bomb of a .torrent is refused", () =>
      us.riptide.process.stderr().includes("could not be fetched"),
    );
    const growthBytes: number[] = [];
    for (let sample = 0; sample < 20; sample += 1) {
      growthBytes.push((await residentBytes(pid)) - before);
      await quiet(100);
    }
    expect(Math.max(...growthBytes)).toBeLessThan(GROWTH_LIMIT_BYTES);
    expect(corrupt.asked.length).toBeLessThan(20);
    expect(endless.asked.length).toBeLessThan(10);
    for (const { infoHash } of torrents) expect((await us.riptide.torrent(infoHash)).verifiedBytes).toBe(0);
    reading.abort();
    await Promise.all(reads);
  });
});

/** 64 MiB of nothing. */
const GZIP_BOMB = gzipSync(Buffer.alloc(64 * MIB));

function sendForEver(response: ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(MIB)));
  };
  response.on("drain", more);
  more();
}

function udp(origin: string): string {
  return `${origin.replace("http:", "udp:")}/announce`;
}

/** Hears whoever comes to a port of loopback, by IPv4 or IPv6, TCP or UDP, and keeps the first line that is said. */
async function startCanary() {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (bytes) => {
      heard.push(bytes.toString("latin1").split("\r\n")[0]!);
      socket.destroy();
    });
  });
  const { port, [Symbol.asyncDispose]: close } = await listening(server, "::");
  const datagrams = createSocket("udp6").on("message", (bytes) => heard.push(`UDP ${bytes.toString("hex")}`));
  datagrams.bind(port, "::");
  await once(datagrams, "listening");
  return {
    heard,
    port,
    [Symbol.asyncDispose]: async () => {
      datagrams.close();
      await close();
    },
  };
}

async function serveHttp(listener: RequestListener) {
  const asked: string[] = [];
  const server = createHttpServer((request, response) => {
    asked.push(request.url ?? "");
    listener(request, response);
  });
  const { port, [Symbol.asyncDispose]: close } = await listening(server);
  return {
    port,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await close();
    },
  };
}

async function quiet(ms: number): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return "quiet";
}
