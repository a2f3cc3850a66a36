import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import type { VirtualClock } from "@riptide/sim";
import { describe, expect, it } from "vitest";
import { Network } from "../../src/network/network.ts";
import { ConnectionBudget, type Need } from "../../src/session/connection-budget.ts";
import { Connections } from "../../src/session/connections.ts";
import type { Peer } from "../../src/session/peer.ts";
import type { PeerAddress } from "../../src/types.ts";
import type { Utp } from "../../src/utp/index.ts";
import { FakeWire, fakeAddress, remoteHandshake } from "./fake-peer.ts";
import { startSilentListener } from "./silent-listener.ts";
import { virtualTime } from "./virtual-time.ts";

const OWN_ID = new Uint8Array(20).fill(200);

interface Options {
  readonly clock?: VirtualClock;
  readonly budget?: ConnectionBudget;
  readonly need?: Need;
  readonly utp?: Utp;
}

function setUp({ clock = virtualTime(), budget = new ConnectionBudget(), need = "wanted", utp }: Options = {}) {
  const setting = { need };
  const events: string[] = [];
  const connections = new Connections({
    infoHash: "ab".repeat(20),
    peerId: OWN_ID,
    network: new Network({}),
    utp,
    clock,
    budget,
    need: () => setting.need,
    listener: {
      peerHandshook: (peer) => events.push(`handshook ${peer.address.host}`),
      peerExtended: (peer, id) => events.push(`extended ${peer.address.host} ${id}`),
      peerToldDhtPort: (peer, port) => events.push(`dht ${peer.address.host} ${port}`),
      peerClosed: (peer, reason) => events.push(`closed ${peer.address.host}: ${reason}`),
    },
  });
  /** Somebody connects to us, and finishes the handshake with this peer id. */
  const accept = (number: number, id = number): { peer: Peer | undefined; wire: FakeWire } => {
    const wire = new FakeWire(fakeAddress(number), false);
    const peer = connections.accept(wire);
    if (peer !== undefined) {
      wire.onClose = (reason) => peer.onClose(reason);
      peer.onHandshake(remoteHandshake(id));
    }
    return { peer, wire };
  };
  return { clock, connections, events, accept, setting };
}

describe("Connections", () => {
  it("takes a peer from its handshake to its end", () => {
    const { connections, events, accept } = setUp();
    const { peer, wire } = accept(1);
    expect([...connections.peers.values()]).toEqual([peer]);
    peer!.onExtended(1, new Uint8Array());
    wire.close("enough");
    expect(events).toEqual(["handshook 10.0.0.1", "extended 10.0.0.1 1", "closed 10.0.0.1: enough"]);
    expect([connections.size, connections.peers.size]).toEqual([0, 0]);
  });

  it("hears of a peer's DHT node once", () => {
    const { events, accept } = setUp();
    const { peer } = accept(1);
    for (const port of [6881, 6882, 6883]) peer!.onPort(port);
    expect(events.slice(1)).toEqual(["dht 10.0.0.1 6881"]);
  });

  it("closes a connection to ourselves, and a second one to the same peer", () => {
    const { connections, events, accept } = setUp();
    const self = new FakeWire(fakeAddress(1), false);
    const own = connections.accept(self)!;
    own.onHandshake({ ...remoteHandshake(1), peerId: OWN_ID.slice() });
    expect(self.closeReason).toBe("connected to ourselves");
    accept(2);
    const second = accept(3, 2);
    expect(second.wire.closeReason).toBe("connected twice");
    // What it says in the same breath is not heard.
    second.peer!.onExtended(1, new Uint8Array());
    second.peer!.onPort(1);
    expect(events).toEqual(["handshook 10.0.0.2"]);
  });

  it("takes 40 strangers at most", () => {
    const { connections, accept } = setUp();
    const accepted = Array.from({ length: 45 }, (_, number) => accept(number + 1).peer !== undefined);
    expect(accepted.filter(Boolean)).toHaveLength(40);
    expect(connections.size).toBe(40);
  });

  it.each<[string, (setting: ReturnType<typeof setUp>) => void]>([
    ["is banned", ({ connections }) => connections.ban(fakeAddress(1).host, "it lied")],
    ["comes after the end", ({ connections }) => connections.close()],
  ])("refuses a peer that %s", (_what, prepare) => {
    const setting = setUp();
    prepare(setting);
    expect(setting.accept(1).peer).toBeUndefined();
  });

  it("closes what was of no use for longest, and leaves the budget, for a torrent that is needed more", () => {
    const budget = new ConnectionBudget(3);
    const idle = setUp({ budget });
    const peers = [1, 2, 3].map((number) => idle.accept(number));
    idle.setting.need = "idle";
    peers[0]!.peer!.usedAtMs = 20;
    peers[1]!.peer!.usedAtMs = 10;
    peers[2]!.peer!.usedAtMs = 30;
    const playing = setUp({ budget });
    expect(playing.accept(4).peer).toBeDefined();
    const reason = "makes room for a torrent that is needed more";
    expect(peers.map(({ wire }) => wire.closeReason)).toEqual([undefined, reason, undefined]);
    expect(idle.accept(5).peer).toBeUndefined();
    playing.accept(6);
    playing.accept(7);
    expect([idle.connections.size, playing.connections.size]).toEqual([0, 3]);
    expect(playing.accept(8).peer).toBeUndefined();
    playing.connections.close();
    expect(idle.accept(9).peer).toBeDefined();
  });

  it("dials at once for a reader when idle torrents hold all connections", async () => {
    await using seed = await startSilentListener();
    const budget = new ConnectionBudget(40);
    const clock = virtualTime();
    const idle = Array.from({ length: 30 }, () => setUp({ clock, budget, need: "idle" }));
    const hosts = Array.from({ length: 20 }, (_, index) => `127.0.1.${index + 1}`);
    const learnAll = (): void => {
      for (const { connections } of idle)
        connections.learn(
          hosts.map((host) => ({ host, port: seed.port })),
          "found",
        );
    };
    learnAll();
    // Half of all together, shared as evenly as they go.
    expect(idle.map(({ connections }) => connections.dials).sort((a, b) => b - a)).toEqual([
      ...Array.from({ length: 20 }, () => 1),
      ...Array.from({ length: 10 }, () => 0),
    ]);
    // They were played, and nobody looks any more.
    for (const { setting, connections } of idle) {
      setting.need = "wanted";
      connections.dialDue();
      setting.need = "idle";
    }
    const sizes = (): number => idle.reduce((sum, { connections }) => sum + connections.size, 0);
    expect(sizes()).toBe(40);
    const playing = setUp({ clock, budget });
    playing.connections.learn([{ host: "127.0.2.1", port: seed.port }], "found");
    expect([playing.connections.dials, sizes()]).toEqual([1, 39]);
    await expect.poll(() => seed.hosts, { timeout: 10_000 }).toContain("127.0.2.1");
    for (const { connections } of [...idle, playing]) connections.close();
  });

  it("dials the next address as soon as one takes the connection, be it that it says nothing", async () => {
    await using listener = await startSilentListener();
    const { connections } = setUp();
    const hosts = Array.from({ length: 45 }, (_, index) => `127.0.3.${index + 1}`);
    connections.learn(
      hosts.map((host) => ({ host, port: listener.port })),
      "given",
    );
    expect([connections.dials, connections.size]).toEqual([30, 30]);
    // No virtual time goes by: nobody waits for the rhythm of retries.
    await expect.poll(() => [connections.dials, connections.size]).toEqual([0, 45]);
    expect(connections.peers.size).toBe(0);
    connections.close();
  });

  it("dials with uTP whom TCP does not reach", async () => {
    await using listener = await startSilentListener();
    const dialled: PeerAddress[] = [];
    const utp: Utp = {
      reaches: ({ host }) => host !== "127.0.4.3",
      // In place of a packet, a connection to somebody who takes it.
      dial: (target, { onConnect }) => {
        dialled.push(target);
        return connect(listener.port, "127.0.0.1").on("connect", onConnect);
      },
      close: () => Promise.resolve(),
    };
    const { connections } = setUp({ utp });
    const closedPort = await freePort();
    const addresses = [
      { host: "127.0.4.1", port: listener.port },
      { host: "127.0.4.2", port: closedPort },
      { host: "127.0.4.3", port: closedPort },
    ];
    connections.learn(addresses, "given");
    await expect.poll(() => [connections.dials, connections.size]).toEqual([0, 2]);
    expect(dialled).toEqual([addresses[1]]);
    expect(connections.peers.size).toBe(0);
    connections.close();
  });

  it("closes all connections of a host that it bans", () => {
    const { connections, events, accept } = setUp();
    accept(1, 1);
    accept(1, 2);
    accept(3, 3);
    connections.ban(fakeAddress(1).host, "it lied");
    expect(events.slice(3)).toEqual(["closed 10.0.0.1: banned: it lied", "closed 10.0.0.1: banned: it lied"]);
    expect(connections.size).toBe(1);
  });

  it("closes a peer that asks for more than it takes", async () => {
    const { clock, accept } = setUp();
    const [greedy, modest] = [accept(1), accept(2)];
    greedy.wire.queuedBytes = 9 * 1024 * 1024;
    modest.wire.queuedBytes = 2 * 1024 * 1024;
    await clock.advance(250);
    expect([greedy.wire.isClosed, modest.wire.isClosed]).toEqual([true, false]);
  });

  it("keeps connections alive while nothing is said", async () => {
    const { clock, accept } = setUp();
    const { wire } = accept(1);
    await clock.advance(119_000);
    expect(wire.take()).toEqual([["keepAlive"]]);
    await clock.advance(240_000);
    expect(wire.take().length).toBeGreaterThanOrEqual(2);
  });

  it("leaves neither a connection nor a timer when it is closed", () => {
    const { clock, connections, events, accept } = setUp();
    accept(1);
    accept(2);
    connections.close();
    expect(events.slice(2)).toEqual([
      "closed 10.0.0.1: the torrent is closed",
      "closed 10.0.0.2: the torrent is closed",
    ]);
    connections.learn([fakeAddress(9)], "found");
    expect([connections.size, clock.pendingTimers]).toEqual([0, 0]);
  });
});

/** Nobody listens there. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
