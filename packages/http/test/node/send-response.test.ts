import { once } from "node:events";
import { ChunkPool } from "@riptide/core";
import { describe, expect, test } from "vitest";
import type { App } from "../../src/index.ts";
import { Deferred } from "../support/deferred.ts";
import { openRequest, rawRequest, readToEnd, statusOf } from "../support/raw-client.ts";
import { answering, bodyOf, endlessBody, serve } from "../support/server.ts";
import { createWorld, FILM, FILM_BYTES } from "../support/world.ts";

const GET = ["GET / HTTP/1.1", "Host: 127.0.0.1", "Connection: close"];

describe("an answer over a real socket", () => {
  test("carries status, header fields, cookies and bytes", async () => {
    const bytes = new Uint8Array(3_000_000).map((_, index) => index % 251);
    const chunks = [bytes.subarray(0, 1), bytes.subarray(1, 1_048_577), bytes.subarray(1_048_577)];
    const headers = new Headers({ "content-length": "3000000", "x-name": "value" });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    const { port } = await serve(answering(() => new Response(bodyOf(chunks), { status: 206, headers })));
    const { head, body } = await rawRequest(port, GET);
    expect(head.split("\r\n")).toEqual(
      expect.arrayContaining([
        "HTTP/1.1 206 Partial Content",
        "content-length: 3000000",
        "x-name: value",
        "set-cookie: a=1",
        "set-cookie: b=2",
      ]),
    );
    expect(Buffer.compare(body, bytes)).toBe(0);
  });

  test("sends its headers before the first byte of the body is there", async () => {
    const body = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
    const { port } = await serve(answering(() => new Response(body)));
    const socket = openRequest(port, GET);
    const [head] = await once(socket, "data");
    expect(String(head)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*transfer-encoding: chunked\r\n/i);
    socket.destroy();
  });

  test("of the app streams a film, answers HEAD and the next request on the same connection", async () => {
    const { app } = await createWorld();
    const { url } = await serve(app);
    const film = await fetch(`${url}/stream/${FILM}/0/direct`);
    expect(Buffer.compare(new Uint8Array(await film.arrayBuffer()), FILM_BYTES)).toBe(0);
    const head = await fetch(`${url}/stream/${FILM}/0/direct`, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe("600000");
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });

  test("never brings its own framing", async () => {
    const headers = { "transfer-encoding": "chunked", connection: "keep-alive", "content-length": "2" };
    const { port } = await serve(answering(() => new Response(bodyOf([Buffer.from("ok")]), { headers })));
    const { head, body } = await rawRequest(port, ["GET / HTTP/1.0", "Host: 127.0.0.1"]);
    expect(head).not.toMatch(/transfer-encoding/i);
    expect(body.toString()).toBe("ok");
  });
});

describe("the memory of a body", () => {
  test("goes back to the pool it was lent from, chunk by chunk, and what was not lent stays away", async () => {
    const chunks = new ChunkPool();
    const lent = [chunks.lend(300_000)!.fill(1), chunks.lend(300_000)!.fill(2)];
    const body = bodyOf([lent[0]!, Buffer.from("between"), lent[1]!]);
    const { port } = await serve(
      answering(() => new Response(body)),
      { chunks },
    );
    const { body: received } = await rawRequest(port, GET);
    expect(received.length).toBeGreaterThan(600_007);
    const again = [chunks.lend(300_000)!.buffer, chunks.lend(300_000)!.buffer];
    expect(new Set(again)).toEqual(new Set(lent.map((chunk) => chunk.buffer)));
  });
});

describe("a body that fails after its headers", () => {
  const half = new Uint8Array(500_000).fill(7);

  test.each([
    ["with a Content-Length is short", { "content-length": "1000000" }],
    ["in chunks lacks the last one", {}],
  ])("%s", async (_title, headers) => {
    const log: string[] = [];
    const app = answering(() => new Response(bodyOf([half], new Error("no peer has the rest")), { headers }));
    const { port } = await serve(app, { log: (message) => log.push(message) });
    const answer = await rawRequest(port, GET);
    expect(statusOf(answer)).toBe(200);
    expect(answer.body.length).toBeLessThan(600_000);
    expect(answer.body.toString("latin1")).not.toContain("no peer");
    expect(answer.body.subarray(-5).toString()).not.toBe("0\r\n\r\n");
    expect(log).toEqual(["The body of GET broke off"]);
  });

  test("to an HTTP/1.0 client resets the connection: an ordinary end would look complete", async () => {
    const failure = new Deferred<Uint8Array>();
    const chunks = [half];
    const stream = new ReadableStream<Uint8Array>({
      async pull(controller) {
        controller.enqueue(chunks.pop() ?? (await failure.promise));
      },
    });
    const { port } = await serve(answering(() => new Response(stream)));
    const socket = openRequest(port, ["GET / HTTP/1.0", "Host: 127.0.0.1"]);
    const answer = readToEnd(socket);
    while (socket.bytesRead < half.length) await once(socket, "data");
    failure.reject(new Error("broken"));
    expect((await answer).errorCode).toBe("ECONNRESET");
  });

  test.each([
    ["without a reason", bodyOf([half], null)],
    ["before its first byte", bodyOf([], new Error("broken"))],
    ["by ending early", bodyOf([half])],
    ["by being too long", bodyOf([half, half, half])],
  ])("%s breaks off", async (_title, body) => {
    const { port } = await serve(answering(() => new Response(body, { headers: { "content-length": "1000000" } })));
    const keepAlive = GET.slice(0, 2);
    const answer = await rawRequest(port, keepAlive); // settles only if the server closes
    expect(answer.body.length).toBeLessThanOrEqual(1_000_000);
  });

  test("is seen as an error by fetch, with a length and without", async () => {
    for (const headers of [{ "content-length": "1000000" }, {}]) {
      const { url } = await serve(answering(() => new Response(bodyOf([half], new Error("broken")), { headers })));
      const response = await fetch(url);
      await expect(response.arrayBuffer()).rejects.toThrow("terminated");
    }
  });
});

describe("a client that goes or does not read", () => {
  test("aborts the request and cancels the body within a second", async () => {
    const requested = new Deferred();
    const aborted = new Deferred();
    const cancelled = new Deferred();
    const app = answering((request) => {
      request.signal.addEventListener("abort", () => aborted.resolve());
      requested.resolve();
      return new Response(new ReadableStream({ cancel: () => cancelled.resolve() }));
    });
    const { port } = await serve(app);
    const socket = openRequest(port, GET);
    await requested.promise;
    const startMs = performance.now();
    socket.destroy();
    await Promise.all([aborted.promise, cancelled.promise]);
    expect(performance.now() - startMs).toBeLessThan(1_000);
  });

  test("before the answer is ready has its body cancelled unread", async () => {
    const requested = new Deferred();
    const cancelled = new Deferred();
    const app: App = {
      async fetch(request) {
        requested.resolve();
        await once(request.signal, "abort");
        return new Response(new ReadableStream({ cancel: () => cancelled.resolve() }));
      },
    };
    const { port } = await serve(app);
    const socket = openRequest(port, GET);
    await requested.promise;
    socket.destroy();
    expect(await cancelled.promise).toBeUndefined();
  });

  test("and takes nothing is dropped, and no more was read for it than sockets hold", async () => {
    const body = endlessBody();
    const { port } = await serve(
      answering(() => new Response(body.stream)),
      { stalledReaderMs: 200 },
    );
    const socket = openRequest(port, GET).pause();
    const closed = once(
      socket.on("error", () => {}),
      "close",
    );
    await body.cancelled;
    expect(body.pulledBytes()).toBeLessThan(32 * 1024 * 1024);
    socket.resume();
    await closed;
  });

  test("and pauses is waited for longer if its body cannot be resumed by range, but not for ever", async () => {
    const body = endlessBody();
    const headers = { "accept-ranges": "none" };
    const { port } = await serve(
      answering(() => new Response(body.stream, { headers })),
      { stalledReaderMs: 100, pausedReaderMs: 1_500 },
    );
    const startedMs = performance.now();
    const socket = openRequest(port, GET).pause();
    socket.on("error", () => {});
    await body.cancelled;
    expect(performance.now() - startedMs).toBeGreaterThan(1_000);
    socket.destroy();
  });

  test("and takes little at a time is served on", async () => {
    const body = endlessBody();
    const { port } = await serve(
      answering(() => new Response(body.stream)),
      { stalledReaderMs: 1_500 },
    );
    const socket = openRequest(port, GET);
    // Long enough to be dropped twice, in steps that are as nothing against the limit on a busy machine, too.
    const endMs = performance.now() + 4_000;
    while (performance.now() < endMs) {
      await once(socket.resume(), "data");
      socket.pause();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(socket.closed).toBe(false);
    socket.destroy();
    await body.cancelled;
  });

  test("and waits for bytes that we do not have is not dropped", async () => {
    const late = new Promise<void>((resolve) => setTimeout(resolve, 600));
    const stream = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await late;
        controller.enqueue(Buffer.from("at last"));
        controller.close();
      },
    });
    const headers = { "content-length": "7" };
    const { port } = await serve(
      answering(() => new Response(stream, { headers })),
      { stalledReaderMs: 150 },
    );
    expect((await rawRequest(port, GET)).body.toString()).toBe("at last");
  });
});
