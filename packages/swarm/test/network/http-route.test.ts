import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, afterEach, expect, it, vi } from "vitest";
import { startSocks5Server } from "../../../../test/support/peers/socks5-server.ts";
import { HttpGetError, httpGet } from "../../src/metainfo/http-get.ts";
import { Network } from "../../src/network/network.ts";
import { FakeClock } from "../metainfo/fake-clock.ts";
import { startHttpServer } from "../metainfo/http-server.ts";
import { CERTIFICATE, PRIVATE_KEY } from "./certificate.ts";

// Test files share their modules: those loaded before know nothing of the mock, and those loaded here are for nobody else.
vi.hoisted(() => vi.resetModules());
afterAll(() => void vi.resetModules());

const lookups = vi.hoisted((): string[] => []);
vi.mock("node:dns/promises", () => ({
  lookup: async (name: string) => {
    lookups.push(name);
    throw new Error("There are no names here");
  },
}));

const { signal } = new AbortController();

afterEach(() => void lookups.splice(0));

function get(network: Network, url: string, reach: "public" | "anywhere" = "anywhere"): Promise<Uint8Array> {
  return httpGet(url, { network, reach, clock: new FakeClock(), signal, maxBytes: 100, timeoutMs: 10_000 });
}

it("has the proxy look up names, over every redirect", async () => {
  await using server = await startHttpServer((request, response) => {
    if (request.url === "/") response.writeHead(302, { location: "http://second.invalid:99/end" }).end();
    else response.end(request.headers.host);
  });
  const port = Number(new URL(server.origin).port);
  const routes = { "first.invalid:80": port, "second.invalid:99": port };
  await using socks = await startSocks5Server({ routes: () => routes });
  const network = new Network({ proxy: socks.proxy });
  expect(Buffer.from(await get(network, "http://first.invalid/")).toString()).toBe("second.invalid:99");
  expect([socks.requests, lookups]).toEqual([Object.keys(routes), []]);
  await server.idle();
});

it("asks no proxy for an address of a private network where that must not be", async () => {
  await using socks = await startSocks5Server({ routes: () => ({}) });
  const network = new Network({ proxy: socks.proxy });
  for (const host of ["10.0.0.1", "[::1]", "[::ffff:7f00:1]", "localhost", "a.LOCALHOST."]) {
    await expect(get(network, `http://${host}/`, "public")).rejects.toThrow("the server is in a private network");
  }
  expect(socks.requests).toEqual([]);
});

it("looks up names itself without one", async () => {
  await expect(get(new Network({}), "http://first.invalid/")).rejects.toThrow(HttpGetError);
  expect(lookups).toEqual(["first.invalid"]);
});

it("speaks TLS with the server, and not with the proxy, and checks whom it speaks with", async () => {
  const names: string[] = [];
  const server = createTlsServer({
    key: PRIVATE_KEY,
    cert: CERTIFICATE,
    SNICallback: (name, done) => {
      names.push(name);
      done(null);
    },
  });
  server.on("tlsClientError", () => undefined).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await using socks = await startSocks5Server({ routes: () => ({ "secure.invalid:443": port }) });
  const error: unknown = await get(new Network({ proxy: socks.proxy }), "https://secure.invalid/").catch(
    (cause: unknown) => cause,
  );
  // Nobody vouches for the certificate: so the handshake came as far as that.
  expect(error).toMatchObject({ cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" } });
  expect(names).toEqual(["secure.invalid"]);
  server.close();
});

it("fails in words when the proxy does not lead there, hangs up, or is not there", async () => {
  await using socks = await startSocks5Server({ routes: () => ({}) });
  for (const proxy of [socks.proxy, { ...socks.proxy, port: 9 }]) {
    const failing = get(new Network({ proxy }), "http://first.invalid/");
    await expect(failing).rejects.toThrow("the server cannot be reached");
  }
});

it("comes from the interface that alone may be used, and from no other when that is gone", async () => {
  const from: (string | undefined)[] = [];
  await using server = await startHttpServer((request, response) => {
    from.push(request.socket.remoteAddress);
    response.end("here");
  });
  await get(new Network({ bindInterface: "127.0.0.3" }), server.origin);
  await expect(get(new Network({ bindInterface: "no-such0" }), server.origin)).rejects.toThrow(HttpGetError);
  await expect(get(new Network({ bindInterface: "192.0.2.99" }), server.origin)).rejects.toThrow(HttpGetError);
  expect(from).toEqual(["127.0.0.3"]);
});
