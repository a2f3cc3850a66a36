import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import type { NetworkSettings, SessionSettings } from "@riptide/swarm";
import { describe, expect, it } from "vitest";
import { createLsd, openMulticast } from "../../packages/swarm/src/discovery/index.ts";
import {
  announceResponse,
  connectResponse,
  startUdpTracker,
} from "../../packages/swarm/test/discovery/udp-tracker-server.ts";
import { startHttpServer } from "../../packages/swarm/test/metainfo/http-server.ts";
import { startScriptedWebSeed } from "../../packages/swarm/test/webseed/scripted-web-seed.ts";
import { startRouter } from "../support/peers/router.ts";
import { startSocks5Server } from "../support/peers/socks5-server.ts";
import { startTracker } from "../support/peers/tracker.ts";
import { startScriptedSeed } from "../support/scripted-seed.ts";
import { NAMED_HERE, never, readRange, realClock, startTestEngine, type TestEngine } from "../support/test-engine.ts";
import { createTestTorrent, type TestTorrent } from "../support/test-torrent.ts";
import { withWebSeeds } from "../support/torrent-fields.ts";
import { waitUntil } from "../support/wait.ts";

const KIB = 1024;
/** RFC 5737: nobody's. Only the proxy of a test knows where it leads. */
const FAR_PEER = "203.0.113.7:6881";
/** RFC 2606 §2: no name server knows it. */
const FAR_TRACKER = "tracker.invalid";
const LOGIN = { username: "me", password: "pass-word-canary" };

function settingsWith(network: NetworkSettings, more: Partial<SessionSettings> = {}): SessionSettings {
  return { peerHost: "::", peerPort: 0, dht: undefined, lsd: false, uploadBytesPerSecond: undefined, network, ...more };
}

function smallTorrent(): Promise<TestTorrent> {
  return createTestTorrent({ lengthBytes: 1024 * KIB + 9, pieceLengthBytes: 64 * KIB });
}

async function expectToPlay({ engine }: TestEngine, torrent: TestTorrent): Promise<void> {
  const { provider } = await engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(20_000) });
  const bytes = await readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(20_000));
  expect(Buffer.compare(bytes, torrent.bytes)).toBe(0);
}

function magnetWith(torrent: TestTorrent, ...parameters: readonly (readonly [string, string])[]): string {
  const query = parameters.map(([name, value]) => `&${name}=${encodeURIComponent(value)}`).join("");
  return `magnet:?xt=urn:btih:${torrent.infoHash}${query}`;
}

/** Hears whoever comes by TCP or by UDP to one port of loopback. */
async function startCanary() {
  const heard: string[] = [];
  const server = createServer((socket) => {
    heard.push(`TCP from ${socket.remoteAddress}`);
    socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const datagrams = createSocket("udp4").on("message", (_bytes, { address }) => heard.push(`UDP from ${address}`));
  datagrams.bind(port, "127.0.0.1");
  await once(datagrams, "listening");
  return {
    port,
    heard,
    [Symbol.asyncDispose]: async () => {
      server.close();
      datagrams.close();
    },
  };
}

describe("with a proxy", () => {
  it("goes to peers and trackers through it, has it look up names, and never goes around it", async () => {
    await using torrent = await smallTorrent();
    await using seed = await startScriptedSeed({ torrent });
    await using canary = await startCanary();
    await using tracker = await startTracker(() => [canary.port]);
    const trackerPort = Number(new URL(tracker.url).port);
    const routes = { [FAR_PEER]: seed.peer.port, [`${FAR_TRACKER}:80`]: trackerPort };
    await using server = await startSocks5Server({ routes: () => routes, login: LOGIN });
    const logged: unknown[] = [];
    const neighbour = await createLsd({
      hosts: ["0.0.0.0"],
      listenPort: 9,
      clock: realClock,
      random: Math.random,
      openMulticast,
    });
    neighbour.join(torrent.infoHash, () => canary.heard.push("the local network"));
    {
      await using us = await startTestEngine({
        settings: settingsWith(
          { proxy: server.proxy },
          { lsd: true, utp: true, dht: { bootstrap: [{ host: "127.0.0.1", port: canary.port }] } },
        ),
        peers: [{ host: "127.0.0.1", port: canary.port }],
        log: (...line) => logged.push(line),
      });
      const magnet = magnetWith(
        torrent,
        ["x.pe", FAR_PEER],
        ["tr", `http://${FAR_TRACKER}/announce`],
        ["tr", `udp://127.0.0.1:${canary.port}/announce`],
        ["tr", `http://127.0.0.1:${canary.port}/announce`],
      );
      await us.engine.add(magnet, NAMED_HERE);
      await expectToPlay(us, torrent);
      // The tracker names the canary, and so does the user: both are asked for, and the proxy leads there neither time.
      await waitUntil(
        "all were asked for",
        () => server.requests.includes(`127.0.0.1:${canary.port}`) && tracker.announces.length > 0,
      );
      expect(await us.engine.peerPort(never)).toBe(0);
      expect(tracker.announces[0]?.get("port")).toBe("1");
      expect(JSON.stringify([us.engine.list(), logged])).not.toContain(LOGIN.password);
    }
    expect(tracker.announces.at(-1)?.get("event")).toBe("stopped");
    await neighbour.close();
    expect(canary.heard).toEqual([]);
    expect(new Set(server.requests)).toEqual(new Set([...Object.keys(routes), `127.0.0.1:${canary.port}`]));
  });

  it.each([
    ["by a proxy that passes on datagrams", true],
    ["by no proxy that does not", false],
  ])("asks UDP trackers %s, and never around it", async (_how, relays) => {
    await using torrent = await smallTorrent();
    await using seed = await startScriptedSeed({ torrent });
    await using tracker = await startUdpTracker(({ action, transactionId }) => {
      const peer = [203, 0, 113, 7, 6881 >> 8, 6881 & 255];
      return [action === 0 ? connectResponse(transactionId, 7n) : announceResponse(transactionId, peer)];
    });
    const trackerPort = Number(new URL(tracker.url).port);
    const routes = { [FAR_PEER]: seed.peer.port, [`${FAR_TRACKER}:6969`]: trackerPort };
    await using server = await startSocks5Server({ routes: () => routes, login: LOGIN, relays });
    await using us = await startTestEngine({ settings: settingsWith({ proxy: server.proxy }) });
    const trackers = [`udp://${FAR_TRACKER}:6969/announce`, ...(relays ? [] : [tracker.url])];
    const parameters = trackers.map((url) => ["tr", url] as const);
    const always = relays ? [] : [["x.pe", FAR_PEER] as const];
    await us.engine.add(magnetWith(torrent, ...parameters, ...always), NAMED_HERE);
    await expectToPlay(us, torrent);
    expect(tracker.requests.length > 0).toBe(relays);
    expect(server.requests.includes(`UDP ${FAR_TRACKER}:6969`)).toBe(relays);
  });

  it("fetches .torrent files through it", async () => {
    await using torrent = await smallTorrent();
    await using files = await startHttpServer((_request, response) => response.end(torrent.torrentFile));
    const filesPort = Number(new URL(files.origin).port);
    await using server = await startSocks5Server({ routes: () => ({ "files.invalid:8080": filesPort }) });
    await using us = await startTestEngine({ settings: settingsWith({ proxy: server.proxy }) });
    await us.engine.add("http://files.invalid:8080/a.torrent", { signal: never });
    expect(us.engine.get(torrent.infoHash)?.name).toBe(torrent.name);
  });

  it("reaches nobody when it is gone, or does not take the password", async () => {
    await using torrent = await smallTorrent();
    await using canary = await startCanary();
    await using server = await startSocks5Server({ routes: () => ({ [FAR_PEER]: canary.port }), login: LOGIN });
    const wrong = { ...server.proxy, login: { ...LOGIN, password: "no" } };
    const gone = { host: "127.0.0.1", port: 9, login: undefined };
    for (const proxy of [wrong, gone]) {
      await using us = await startTestEngine({ settings: settingsWith({ proxy }) });
      const url = `http://127.0.0.1:${canary.port}/announce`;
      await us.engine.add(
        magnetWith(torrent, ["x.pe", FAR_PEER], ["x.pe", `127.0.0.1:${canary.port}`], ["tr", url]),
        NAMED_HERE,
      );
      await expect(us.engine.add(`http://127.0.0.1:${canary.port}/a.torrent`, NAMED_HERE)).rejects.toMatchObject({
        code: "fetch_failed",
      });
      if (proxy === wrong) await waitUntil("it was refused", () => server.refusedLogins() > 2);
    }
    expect([canary.heard, server.requests]).toEqual([[], []]);
  });
});

describe("with one interface", () => {
  it("goes out from it alone, and is reached there alone", async () => {
    await using torrent = await smallTorrent();
    const from: (string | undefined)[] = [];
    await using seed = await startScriptedSeed({ torrent, connected: (socket) => from.push(socket.remoteAddress) });
    await using tracker = await startTracker(() => [seed.peer.port], {
      asked: ({ remoteAddress }) => from.push(remoteAddress),
    });
    await using udpTracker = await startUdpTracker(({ action, transactionId, remote }) => {
      from.push(remote.address);
      return [action === 0 ? connectResponse(transactionId, 7n) : announceResponse(transactionId)];
    });
    await using us = await startTestEngine({ settings: settingsWith({ bindInterface: "127.0.0.2" }) });
    await us.engine.add(magnetWith(torrent, ["tr", tracker.url], ["tr", udpTracker.url]), NAMED_HERE);
    await expectToPlay(us, torrent);
    await udpTracker.received(2);
    expect(new Set(from)).toEqual(new Set(["127.0.0.2"]));
    const port = await us.engine.peerPort(never);
    const socket = connect({ host: "127.0.0.2", port });
    await once(socket, "connect");
    socket.destroy();
    for (const host of ["127.0.0.1", "::1"]) {
      await expect(once(connect({ host, port }), "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    }
  });

  it("asks web seeds from it alone", async () => {
    await using torrent = await smallTorrent();
    const from: (string | undefined)[] = [];
    await using server = await startScriptedWebSeed({
      files: { [`/${torrent.name}`]: torrent.bytes },
      script: ({ request }) => {
        from.push(request.socket.remoteAddress);
        return false;
      },
    });
    await using us = await startTestEngine({ settings: settingsWith({ bindInterface: "127.0.0.2" }) });
    await us.engine.add(withWebSeeds(torrent.torrentFile, `${server.origin}/`), NAMED_HERE);
    await expectToPlay(us, torrent);
    expect(new Set(from)).toEqual(new Set(["127.0.0.2"]));
  });

  it("searches the DHT and the local network from it alone", async () => {
    // Others announce that of `smallTorrent` at the same time.
    await using torrent = await createTestTorrent({ lengthBytes: KIB, pieceLengthBytes: 16 * KIB, seed: 14 });
    await using node = await startCanary();
    const heard: string[] = [];
    const neighbours = await Promise.all(
      ["127.0.0.1", "0.0.0.0"].map((host) =>
        createLsd({ hosts: [host], listenPort: 9, clock: realClock, random: Math.random, openMulticast }),
      ),
    );
    for (const neighbour of neighbours) {
      neighbour.join(torrent.infoHash, ({ host, port }) => heard.push(`${host}:${port}`));
    }
    {
      const dht = { bootstrap: [{ host: "127.0.0.1", port: node.port }] };
      await using us = await startTestEngine({
        settings: settingsWith({ bindInterface: "127.0.0.2" }, { dht, lsd: true }),
      });
      await us.engine.add(magnetWith(torrent), { signal: never });
      await waitUntil("both were asked", () => heard.length > 0 && node.heard.length > 0);
      expect(new Set(node.heard)).toEqual(new Set(["UDP from 127.0.0.2"]));
      expect(new Set(heard)).toEqual(new Set([`127.0.0.2:${await us.engine.peerPort(never)}`]));
    }
    await Promise.all(neighbours.map((neighbour) => neighbour.close()));
  });

  it("listens on each of its addresses when it is named", async () => {
    await using us = await startTestEngine({ settings: settingsWith({ bindInterface: "lo" }) });
    const port = await us.engine.peerPort(never);
    for (const host of ["127.0.0.1", "::1"]) {
      const socket = connect({ host, port });
      await once(socket, "connect");
      expect(socket.remoteAddress).toBe(host);
      socket.destroy();
    }
  });

  it.each([
    ["no-such0", "This machine has no interface no-such0."],
    ["192.0.2.99", "This machine cannot use the address 192.0.2.99."],
  ])("does not start where %s is missing", async (bindInterface, sentence) => {
    const starting = startTestEngine({ settings: settingsWith({ bindInterface }) });
    const advice = "Give --bind-interface the name or an address of an interface that is up.";
    await expect(starting).rejects.toMatchObject({ code: "engine_unavailable", message: `${sentence} ${advice}` });
  });
});

describe("with port mapping", () => {
  it("has the router let peers in while it runs, and says so when it does not", async () => {
    await using router = await startRouter({ gateway: "pcp" });
    await using stubborn = await startRouter({ upnp: "conflict" });
    const network = { bindInterface: "127.0.0.1" };
    const logged: unknown[] = [];
    {
      await using us = await startTestEngine({ settings: settingsWith(network, { portMapping: router.settings }) });
      await using _refused = await startTestEngine({
        settings: settingsWith(network, { portMapping: stubborn.settings }),
        log: (...line) => logged.push(line),
      });
      const port = await us.engine.peerPort(never);
      await waitUntil("the port is open", () => router.mappings.has(port));
      await waitUntil("the other one complains", () => logged.length > 0);
    }
    expect([...router.mappings]).toEqual([]);
    const problem = "another machine has this port of the router: choose another --peer-port";
    expect(logged).toEqual([["The router opens no port for Riptide", problem]]);
  });
});
