import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { realClock } from "../../../../test/support/test-engine.ts";
import type { ServeOptions } from "../../src/arguments.ts";
import { parseCommandLine } from "../../src/arguments.ts";
import { checkHttpPort, checkPeerPort, checkUtpProcess } from "../../src/doctor/check-ports.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** The port of a server that holds it until the end of the test. */
async function held(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function options(...words: readonly string[]): ServeOptions {
  const command = parseCommandLine(["doctor", ...words], {});
  if (command.kind !== "doctor") throw new Error("The word doctor asks for the doctor");
  return command.options;
}

test("a port that is free, and any free one, are fine", async () => {
  const server = createServer();
  const port = await held(server);
  server.close();
  await once(server, "close");
  expect(await checkHttpPort({ host: "127.0.0.1", port })).toMatchObject({ check: "http-port", status: "ok" });
  expect(await checkHttpPort({ host: "127.0.0.1", port: 0 })).toMatchObject({ status: "ok" });
  const peer = await checkPeerPort(options("--peer-host=127.0.0.1", `--peer-port=${port}`));
  expect(peer).toMatchObject({ check: "peer-port", status: "ok" });
});

test("a port that another program holds is a failure, be it a web server or not", async () => {
  const silent = await held(createServer((socket) => socket.destroy()));
  const web = await held(createHttpServer((_, response) => response.end('{"status":"ok"}')));
  for (const port of [silent, web]) {
    expect(await checkHttpPort({ host: "127.0.0.1", port })).toEqual({
      check: "http-port",
      status: "fail",
      message: `Port ${port} on 127.0.0.1 is in use. Stop the program that holds it, or choose another one with --port (0 takes any free one).`,
    });
  }
});

test("a port that a Riptide holds is where it is expected", async () => {
  const riptide = createHttpServer((_, response) => response.setHeader("x-request-id", "a").end('{"status":"ok"}'));
  const port = await held(riptide);
  expect(await checkHttpPort({ host: "127.0.0.1", port })).toMatchObject({
    status: "ok",
    message: expect.stringContaining("already"),
  });
});

test("an address of another machine is a failure, for the page and for peers", async () => {
  const page = await checkHttpPort({ host: "192.0.2.1", port: 8888 });
  expect(page).toMatchObject({ status: "fail", message: expect.stringContaining("--host") });
  const peers = await checkPeerPort(options("--peer-host=192.0.2.1"));
  expect(peers).toMatchObject({ status: "fail", message: expect.stringContaining("--peer-host") });
  const tunnel = await checkPeerPort(options("--bind-interface=nosuch0"));
  expect(tunnel).toMatchObject({ status: "fail", message: expect.stringContaining("has no interface nosuch0") });
});

test("a port for peers that is taken means another one", async () => {
  const port = await held(createServer());
  const finding = await checkPeerPort(options("--peer-host=127.0.0.1", `--peer-port=${port}`));
  expect(finding).toMatchObject({ status: "warn", message: expect.stringContaining("(EADDRINUSE): another one") });
});

test("through a proxy nobody connects", async () => {
  const finding = await checkPeerPort(options("--proxy=socks5://127.0.0.1:1"));
  expect(finding).toMatchObject({ status: "ok", message: "Through the proxy nobody connects to us." });
});

test("uTP is tried where it is to be used", async () => {
  const { signal } = new AbortController();
  const check = async (...words: readonly string[]) =>
    (await checkUtpProcess(options(...words), realClock, signal)).message;
  expect(await check("--no-utp")).toBe("uTP is not used.");
  expect(await check("--proxy=socks5://127.0.0.1:1")).toBe("Through the proxy uTP is not used.");
  const folder = process.env["TMPDIR"];
  process.env["TMPDIR"] = "/nonexistent";
  try {
    expect(await check()).toMatch(/^Peers are reached over TCP alone: uTP does not run here \(ENOENT.*\)\.$/);
  } finally {
    if (folder === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = folder;
  }
});
