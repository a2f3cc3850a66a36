import { EventEmitter, once } from "node:events";
import type { RequestListener, ServerResponse } from "node:http";
import { deflateSync, gzipSync } from "node:zlib";
import { assertInvariant } from "@riptide/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fetchTorrentFile } from "../../src/metainfo/fetch-torrent.ts";
import { Network } from "../../src/network/network.ts";
import { FakeClock } from "./fake-clock.ts";
import { startHttpServer } from "./http-server.ts";

const TORRENT = Buffer.from("d4:infod4:name1:xee");

describe("fetchTorrentFile", () => {
  let clock = new FakeClock();
  let controller = new AbortController();

  beforeEach(() => {
    clock = new FakeClock();
    controller = new AbortController();
  });

  afterEach(() => {
    assertInvariant(clock.pendingTimers === 0, "A timer is left behind");
  });

  const fetch = (url: string) =>
    fetchTorrentFile(url, { network: new Network({}), clock, signal: controller.signal, reach: "anywhere" });

  it.each<[string, RequestListener]>([
    ["as it is", (_request, response) => response.end(TORRENT)],
    [
      "in pieces",
      (_request, response) => [...TORRENT].forEach((byte) => response.write(Buffer.of(byte))) ?? response.end(),
    ],
    ["packed by gzip", (_request, response) => response.setHeader("content-encoding", "gzip").end(gzipSync(TORRENT))],
    [
      "packed by deflate",
      (_request, response) => response.setHeader("content-encoding", "deflate").end(deflateSync(TORRENT)),
    ],
  ])("gets a file sent %s", async (_title, listener) => {
    await using server = await startHttpServer(listener);
    expect(Buffer.from(await fetch(`${server.origin}/a.torrent?key=1#fragment`))).toEqual(TORRENT);
    expect(server.paths).toEqual(["/a.torrent?key=1"]);
  });

  it("asks the resolver for names", async () => {
    await using server = await startHttpServer((_request, response) => response.end(TORRENT));
    expect(Buffer.from(await fetch(server.origin.replace("127.0.0.1", "localhost")))).toEqual(TORRENT);
  });

  it("follows five redirects, relative ones too", async () => {
    await using server = await startHttpServer(countDown);
    expect(Buffer.from(await fetch(`${server.origin}/5`))).toEqual(TORRENT);
    expect(server.paths).toEqual(["/5", "/4", "/3", "/2", "/1", "/0"]);
  });

  it("does not follow a sixth redirect", async () => {
    await using server = await startHttpServer(countDown);
    await expectFetchFailed(fetch(`${server.origin}/6`), "the server redirects too often");
    expect(server.paths).toHaveLength(6);
  });

  it.each(["file:///etc/passwd", "ftp://127.0.0.1/x", "data:text/plain,x", "http://", "//"])(
    "does not follow a redirect to %s",
    async (location) => {
      await using server = await startHttpServer((_request, response) => response.writeHead(302, { location }).end());
      await expectFetchFailed(fetch(server.origin), "the address is no http or https address");
    },
  );

  it.each(["ftp://example.com/a.torrent", "file:///etc/passwd", "magnet:?xt=x", "nonsense", ""])(
    "refuses the address '%s'",
    async (url) => {
      await expectFetchFailed(fetch(url), "the address is no http or https address");
    },
  );

  it.each([
    [404, "the server answers 404"],
    [500, "the server answers 500"],
    [204, "the server answers 204"],
    [206, "the server answers 206"],
    [302, "the server answers 302"],
  ])("refuses status %i", async (status, message) => {
    await using server = await startHttpServer((_request, response) => response.writeHead(status).end());
    await expectFetchFailed(fetch(server.origin), message);
  });

  it.each<[string, RequestListener]>([
    [
      "announces more than 10 MB",
      (_request, response) => response.writeHead(200, { "content-length": 10_000_001 }).write("d"),
    ],
    ["never ends", (_request, response) => pour(response)],
    [
      "packs 20 MB into 20 KB",
      (_request, response) => response.setHeader("content-encoding", "gzip").end(gzipSync(Buffer.alloc(20_000_000))),
    ],
  ])("refuses a body that %s, and hangs up", async (_title, listener) => {
    await using server = await startHttpServer(listener);
    await expectFetchFailed(fetch(server.origin), "the document is too large");
    await server.idle();
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ["does not answer", () => {}],
    ["stops after the headers", (response) => response.writeHead(200).flushHeaders()],
    ["drips", (response) => response.writeHead(200).write("d")],
    [
      "sends half of what it packed",
      (response) => response.writeHead(200, { "content-encoding": "gzip" }).write(gzipSync(TORRENT).subarray(0, 12)),
    ],
  ])("gives a server that %s 15 s, and hangs up", async (_title, respond) => {
    const asked = new EventEmitter();
    await using server = await startHttpServer((_request, response) => {
      respond(response);
      asked.emit("request");
    });
    const failed = expectFetchFailed(fetch(server.origin), "the server takes too long");
    await once(asked, "request");
    await clock.advance(14_999);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(1);
    await failed;
    await server.idle();
  });

  it("counts redirects into its 15 s", async () => {
    await using server = await startHttpServer((request, response) => {
      void clock.advance(4_000).then(() => countDown(request, response));
    });
    await expectFetchFailed(fetch(`${server.origin}/5`), "the server takes too long");
  });

  it.each<[string, RequestListener]>([
    ["resets the connection", (request) => request.socket.resetAndDestroy()],
    [
      "closes in the middle of the body",
      (request, response) =>
        response.writeHead(200, { "content-length": 100 }).write("d", () => request.socket.destroy()),
    ],
    ["speaks no HTTP", (request) => request.socket.end("SSH-2.0-OpenSSH\r\n")],
    ["packs badly", (_request, response) => response.setHeader("content-encoding", "gzip").end("no gzip")],
  ])("fails when the server %s", async (_title, listener) => {
    await using server = await startHttpServer(listener);
    await expectFetchFailed(fetch(server.origin), "the server cannot be reached");
  });

  it.each([
    ["to WebSocket", "connection: upgrade\r\nupgrade: websocket\r\n"],
    ["without saying to which", ""],
  ])("refuses a server that switches protocols %s, and hangs up", async (_title, fields) => {
    await using server = await startHttpServer(({ socket }) => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n`);
    });
    await expectFetchFailed(fetch(server.origin), "the server answers 101");
    await server.idle();
  });

  it("fails when nothing listens", async () => {
    const server = await startHttpServer(() => {});
    await server[Symbol.asyncDispose]();
    await expectFetchFailed(fetch(server.origin), "the server cannot be reached");
  });

  it("stops with the signal's reason, and hangs up", async () => {
    const reason = new Error("enough");
    await using server = await startHttpServer(() => controller.abort(reason));
    await expect(fetch(server.origin)).rejects.toBe(reason);
    await server.idle();
  });

  it("does not start when the signal has aborted", async () => {
    controller.abort(new Error("too late"));
    await using server = await startHttpServer((_request, response) => response.end(TORRENT));
    await expect(fetch(server.origin)).rejects.toThrow("too late");
    expect(server.paths).toEqual([]);
  });
});

/** `/3` redirects to `/2` and so on to `/0`, which is the file. */
const countDown: RequestListener = ({ url = "" }, response) => {
  const count = Number(url.slice(1));
  if (count === 0) response.end(TORRENT);
  else response.writeHead([301, 302, 303, 307, 308][count % 5] ?? 302, { location: `/${count - 1}` }).end();
};

function pour(response: ServerResponse): void {
  const chunk = Buffer.alloc(65_536, "l");
  const write = () => {
    while (response.write(chunk));
  };
  response.on("drain", write);
  write();
}

async function expectFetchFailed(fetching: Promise<Uint8Array>, why: string): Promise<void> {
  await expect(fetching).rejects.toMatchObject({
    name: "SourceError",
    code: "fetch_failed",
    message: `The .torrent file could not be fetched: ${why}. Check the address and try again.`,
  });
}
