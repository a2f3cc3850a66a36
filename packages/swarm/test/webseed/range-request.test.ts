import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { assertInvariant } from "@riptide/core";
import { createRandom } from "@riptide/sim";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { startSocks5Server } from "../../../../test/support/peers/socks5-server.ts";
import { Network } from "../../src/network/network.ts";
import { createWebAgents } from "../../src/webseed/index.ts";
import { type RangeRequest, readRange } from "../../src/webseed/range-request.ts";
import { virtualTime } from "../session/virtual-time.ts";
import { type AskedRange, type ScriptedWebSeed, startScriptedWebSeed } from "./scripted-web-seed.ts";

// Test files share their modules: those loaded before know nothing of the mock, and those loaded here are for nobody else.
vi.hoisted(() => vi.resetModules());
afterAll(() => void vi.resetModules());

/** 127.0.0.9 plays a server of the internet; the rest of loopback is private as ever. */
vi.mock("../../src/metainfo/public-address.ts", () => ({
  isPublicAddress: (address: string) => address === "127.0.0.9",
}));

const MIB = 1024 * 1024;
const FILE = createRandom(3).bytes(3 * MIB + 17);
const RANGE = { start: 100_000, end: 300_000 };
const clock = virtualTime();

afterEach(() => assertInvariant(clock.pendingTimers === 0, "A timer is left behind"));

function start(script?: (asked: AskedRange) => boolean, host?: string): Promise<ScriptedWebSeed> {
  return startScriptedWebSeed({ files: { "/film": FILE }, ...(script && { script }), ...(host && { host }) });
}

async function read({ origin }: ScriptedWebSeed, changes: Partial<RangeRequest> = {}): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const request: RangeRequest = {
    url: `${origin}/film`,
    range: RANGE,
    fileLengthBytes: FILE.length,
    reach: "anywhere",
    network: new Network({}),
    agents: undefined,
    clock,
    signal: new AbortController().signal,
    onSkipping: () => undefined,
    onLocated: () => undefined,
    ...changes,
  };
  for await (const chunk of readRange(request)) chunks.push(chunk.slice());
  return Buffer.concat(chunks);
}

it("reads through the proxy, and as it looks up the name", async () => {
  await using seed = await start();
  const port = Number(new URL(seed.origin).port);
  await using socks = await startSocks5Server({ routes: () => ({ "seed.invalid:80": port }) });
  const network = new Network({ proxy: socks.proxy });
  const agents = createWebAgents();
  const bytes = await read(seed, { url: "http://seed.invalid/film", network, agents });
  expect(Buffer.compare(bytes, FILE.subarray(RANGE.start, RANGE.end))).toBe(0);
  expect(socks.requests).toEqual(["seed.invalid:80"]);
  agents.close();
});

it.each([0, 9])("lets go of the connection of an error that is there whole, with %i bytes", async (lengthBytes) => {
  await using seed = await start(({ response }) => {
    response.writeHead(503, { "content-length": lengthBytes }).end("x".repeat(lengthBytes));
    return true;
  });
  const agents = createWebAgents();
  await expect(read(seed, { agents })).rejects.toThrow("503");
  // Node's server hangs up by itself after five seconds.
  await expect.poll(() => Object.keys(agents.http.sockets), { timeout: 2000 }).toEqual([]);
  agents.close();
});

/** Sends the range that was asked for, with these headers. */
function partial({ response, range, file }: AskedRange, headers: Record<string, string> = {}): true {
  const { start: first, end } = range!;
  response.writeHead(206, { "content-range": `bytes ${first}-${end - 1}/${file!.length}`, ...headers });
  response.end(file!.subarray(first, end));
  return true;
}

/** Sends bytes for as long as somebody takes them. */
function pour(response: ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(64 * 1024)));
  };
  response.on("drain", more);
  more();
}

function status(code: number, headers: Record<string, string> = {}): (asked: AskedRange) => boolean {
  return ({ response }) => !!response.writeHead(code, headers).end("no");
}

describe("readRange gives the bytes of the range, and no others,", () => {
  it.each<[string, ((asked: AskedRange) => boolean) | undefined]>([
    ["from a server that takes ranges", undefined],
    ["without a length", (asked) => partial(asked)],
    ["without the length of the whole", (asked) => partial(asked, { "content-range": "bytes 100000-299999/*" })],
    ["from one that ignores Range and sends the file", ({ response, file }) => !!response.writeHead(200).end(file)],
    [
      "from one that never stops",
      ({ response, range, file }) => {
        response.writeHead(206, { "content-range": `bytes ${range!.start}-${range!.end - 1}/${file!.length}` });
        response.write(file!.subarray(range!.start, range!.end));
        pour(response);
        return true;
      },
    ],
  ])("%s", async (_title, script) => {
    await using server = await start(script);
    expect(Buffer.compare(await read(server), FILE.subarray(RANGE.start, RANGE.end))).toBe(0);
    expect(server.asked).toEqual([{ path: "/film", range: RANGE }]);
  });

  it("over redirects, and says where it found them", async () => {
    await using server = await start(({ path, response, count }) => {
      if (path === "/film" && count > 2) return false;
      response.writeHead(302, { location: count < 2 ? `/hop${count}` : "/film" }).end();
      return true;
    });
    const locations: unknown[] = [];
    const bytes = await read(server, {
      url: `${server.origin}/start`,
      onLocated: ({ url, reach }) => locations.push(url, reach),
    });
    expect(Buffer.compare(bytes, FILE.subarray(RANGE.start, RANGE.end))).toBe(0);
    expect(locations).toEqual([`${server.origin}/film`, "anywhere"]);
  });
});

describe("readRange says of a web seed", () => {
  it.each<[string, "absent" | "failed", (asked: AskedRange) => boolean]>([
    ["answers 404", "absent", status(404)],
    ["answers 403", "absent", status(403)],
    ["answers 410", "absent", status(410)],
    ["answers 416, its file being shorter", "absent", status(416)],
    ["answers 429", "failed", status(429)],
    ["answers 500", "failed", status(500)],
    ["answers 204", "failed", status(204)],
    ["redirects for ever", "failed", ({ response }) => !!response.writeHead(302, { location: "/film" }).end()],
    ["redirects to no web address", "failed", status(302, { location: "file:///etc/passwd" })],
    ["has a longer file", "absent", (asked) => partial(asked, { "content-range": "bytes 100000-299999/9999999" })],
    ["sends another range", "failed", (asked) => partial(asked, { "content-range": `bytes 0-199999/${FILE.length}` })],
    [
      "sends a shorter range",
      "failed",
      (asked) => partial(asked, { "content-range": `bytes 100000-100001/${FILE.length}` }),
    ],
    ["does not say what it sends", "failed", ({ response, file }) => !!response.writeHead(206).end(file)],
    [
      "sends several ranges",
      "failed",
      (asked) => partial(asked, { "content-range": "", "content-type": "multipart/byteranges" }),
    ],
    [
      "packs its answer",
      "failed",
      ({ response }) => !!response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(FILE)),
    ],
    [
      "has a whole file of another length",
      "absent",
      ({ response }) => !!response.writeHead(200, { "content-length": 3 }).end("abc"),
    ],
    [
      "ends early",
      "failed",
      ({ response, range, file }) => {
        response.writeHead(206, { "content-range": `bytes ${range!.start}-${range!.end - 1}/${file!.length}` });
        return !!response.end(file!.subarray(range!.start, range!.start + 5_000));
      },
    ],
    ["hangs up", "failed", ({ response }) => !!response.destroy()],
  ])("that %s: %s", async (_title, kind, script) => {
    await using server = await start(script);
    await expect(read(server)).rejects.toMatchObject({ name: "WebSeedError", kind });
  });

  it("that ignores Range: absent, where it would have to send megabytes in vain", async () => {
    await using server = await start(({ response, file }) => !!response.writeHead(200).end(file));
    const range = { start: 2 * MIB, end: 2 * MIB + 10 };
    await expect(read(server, { range })).rejects.toMatchObject({ kind: "absent" });
  });

  it("when it may be asked again", async () => {
    await using server = await start(status(503, { "retry-after": "77" }));
    await expect(read(server)).rejects.toMatchObject({ kind: "failed", retryAfterMs: 77_000 });
  });

  it.each<[string, (asked: AskedRange) => boolean]>([
    ["before it answers", () => true],
    [
      "in the middle",
      ({ response }) => response.writeHead(206, { "content-range": `bytes 100000-299999/${FILE.length}` }).write("a"),
    ],
  ])("that it has failed when it sends nothing for 15 s %s", async (_when, script) => {
    let isAsked = false;
    await using server = await start((asked) => {
      isAsked = true;
      script(asked);
      return true;
    });
    const failure = read(server).catch((error: unknown) => error);
    await expect.poll(() => isAsked).toBe(true);
    // The byte that came may have been taken into account only now.
    await clock.advance(15_000);
    await clock.advance(15_000);
    expect(await failure).toMatchObject({ kind: "failed", message: "The web seed sends nothing" });
  });
});

describe("readRange goes nowhere that a torrent may not send us", () => {
  it.each(["127.0.0.1", "localhost", "0x7f.1", "[::ffff:127.0.0.1]"])("such as http://%s", async (host) => {
    await using server = await start();
    const url = `http://${host}:${new URL(server.origin).port}/film`;
    await expect(read(server, { url, reach: "public" })).rejects.toMatchObject({ kind: "failed" });
    expect(server.asked).toEqual([]);
  });

  it.each(["public", "anywhere"] as const)("by a redirect from the internet (reach: %s)", async (reach) => {
    await using canary = await start();
    await using server = await start(
      ({ response }) => !!response.writeHead(302, { location: `${canary.origin}/film` }).end(),
      "127.0.0.9",
    );
    await expect(read(server, { reach })).rejects.toMatchObject({ kind: "failed" });
    expect([server.asked.length, canary.asked.length, canary.counters.connections]).toEqual([1, 0, 0]);
  });

  it("but to servers of the internet", async () => {
    await using server = await start(undefined, "127.0.0.9");
    expect((await read(server, { reach: "public" })).length).toBe(RANGE.end - RANGE.start);
  });
});
