import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { type App, ListenError, listen } from "../../src/index.ts";
import { listenError } from "../../src/node/listen-error.ts";
import { Deferred } from "../support/deferred.ts";
import { openRequest, readToEnd, statusOf } from "../support/raw-client.ts";
import { answering, endlessBody, serve } from "../support/server.ts";
import { createWorld } from "../support/world.ts";

const GET = ["GET / HTTP/1.1", "Host: 127.0.0.1", "Connection: close"];

describe("starting", () => {
  test("on an IPv6 address gives a URL that works", async () => {
    const { app } = await createWorld();
    const { url, port } = await serve(app, { host: "::1" });
    expect(url).toBe(`http://[::1]:${port}`);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });

  test("on a port in use fails with one sentence that names the port", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const failure = await listen(
      answering(() => new Response()),
      { host: "127.0.0.1", port },
    ).catch((error) => error);
    other.close();
    expect(failure).toBeInstanceOf(ListenError);
    expect(failure).toMatchObject({ code: "port_in_use", host: "127.0.0.1", port });
    expect(failure.message).toMatch(new RegExp(`^Port ${port} on 127.0.0.1 is already in use`));
  });

  test("on an address of another machine fails with a sentence", async () => {
    const failure = listen(
      answering(() => new Response()),
      { host: "192.0.2.1", port: 8888 },
    );
    await expect(failure).rejects.toMatchObject({
      code: "address_unavailable",
      message: expect.stringContaining("192.0.2.1 to listen on (port 8888)"),
    });
  });

  test.each([
    ["EACCES", "port_forbidden", "Port 80 on 127.0.0.1"],
    ["EADDRNOTAVAIL", "address_unavailable", "(port 80)"],
    ["ENOTFOUND", "address_unavailable", "(port 80)"],
    ["EMFILE", "listen_failed", "127.0.0.1 port 80"],
  ])("that fails with %s is told as %s", (code, expected, words) => {
    const cause = Object.assign(new Error("what Node said"), { code });
    const error = listenError(cause, { host: "127.0.0.1", port: 80 });
    expect([error.code, error.cause]).toEqual([expected, cause]);
    expect(error.message).toContain(words);
  });
});

test("an upload that trickles in ends at the limit of a request, and nobody waits for the rest of it", async () => {
  const { app, failures, engine } = await createWorld();
  const answered = new Deferred<Response>();
  const noted: App = {
    async fetch(request) {
      const response = await app.fetch(request);
      answered.resolve(response);
      return response;
    },
  };
  const { port } = await serve(noted, { requestTimeoutMs: 150 });
  const upload = ["Content-Type: application/x-bittorrent", "Content-Length: 9999"];
  const socket = openRequest(port, ["POST /api/torrents HTTP/1.1", "Host: 127.0.0.1", ...upload]);
  const trickle = setInterval(() => socket.write("d"), 20);
  const answer = await readToEnd(socket);
  clearInterval(trickle);
  expect([statusOf(answer), (await answered.promise).status]).toEqual([408, 499]);
  expect([failures, engine.list().length]).toEqual([[], 1]);
});

test("connections beyond the limit are told so, and when to come back; one client has half of them", async () => {
  const { app } = await createWorld();
  const rejected: string[] = [];
  const { port } = await serve(app, { maxConnections: 2, rejected: (reason) => rejected.push(reason) });
  const open = (localAddress: string): Socket => {
    const socket = connect({ port, host: "127.0.0.1", localAddress });
    socket.write("GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    return socket;
  };
  const first = open("127.0.0.2");
  const kept = [first, open("127.0.0.3")];
  for (const socket of kept) expect(String((await once(socket, "data"))[0])).toMatch(/^HTTP\/1\.1 200 /);
  expect((await readToEnd(open("127.0.0.2"))).head).toBe("");
  const refused = await readToEnd(open("127.0.0.4"));
  expect(refused.head).toMatch(/^HTTP\/1\.1 503 [^]*^retry-after: 5\r$/m);
  expect(refused.body.toString()).toContain('"code":"too_many_connections"');
  expect(rejected).toEqual(["too_many_connections", "too_many_connections"]);
  first.destroy();
  await expect.poll(async () => String((await once(open("127.0.0.4").unref(), "data"))[0])).toMatch(/^HTTP\/1\.1 200 /);
  for (const socket of kept) socket.destroy();
});

describe("closing", () => {
  test("takes no more connections and lets a body end", async () => {
    const finished = new Deferred();
    const stream = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await finished.promise;
        controller.enqueue(Buffer.from("the end"));
        controller.close();
      },
    });
    const listener = await serve(answering(() => new Response(stream)));
    const response = await fetch(listener.url); // its connection is kept alive
    const closed = listener.close({ graceMs: 10_000 });
    await expect(fetch(listener.url)).rejects.toThrow("fetch failed");
    const startMs = performance.now();
    finished.resolve();
    expect(await response.text()).toBe("the end");
    await closed;
    expect(performance.now() - startMs).toBeLessThan(5_000);
    await listener.close({ graceMs: 0 });
  });

  test("destroys what is left after the grace", async () => {
    const body = endlessBody();
    const listener = await serve(answering(() => new Response(body.stream)));
    const socket = openRequest(listener.port, GET).pause();
    const answer = readToEnd(socket);
    await once(socket.resume(), "data");
    await listener.close({ graceMs: 50 });
    await body.cancelled;
    expect((await answer).body.subarray(-5).toString()).not.toBe("0\r\n\r\n");
  });

  test("does not wait for connections that nobody uses", async () => {
    const { app } = await createWorld();
    const listener = await serve(app);
    await (await fetch(`${listener.url}/livez`)).text();
    const startMs = performance.now();
    await listener.close({ graceMs: 10_000 });
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });
});
