import { expect, it } from "vitest";
import type { Dht, Lsd } from "../../src/discovery/index.ts";
import { Deferred } from "../../src/engine/deferred.ts";
import { Discovery } from "../../src/session/discovery.ts";
import type { PeerAddress } from "../../src/types.ts";
import { virtualTime } from "./virtual-time.ts";

/** A discovery without trackers, and a DHT whose walks end when the test says so. */
function setUp({ connectedPeers = 0 } = {}) {
  const clock = virtualTime();
  const walks: { end: () => void; signal: AbortSignal; isUrgent: (() => boolean) | undefined }[] = [];
  const announces: number[] = [];
  const setting = { connectedPeers, isUrgent: false };
  let walk = new Deferred<void>();
  const dht: Dht = {
    nodeCount: 1,
    port: 1,
    addNode: () => undefined,
    lookup: (_infoHash, _onPeer, signal, isUrgent) => {
      walk = new Deferred();
      walks.push({ end: () => walk.resolve(), signal, isUrgent });
      return walk.wait(signal);
    },
    announce: async (_infoHash, port, signal) => {
      await walk.wait(signal);
      announces.push(port);
    },
    close: async () => undefined,
  };
  const memberships: string[] = [];
  const found: PeerAddress[] = [];
  const searchers: ((peer: PeerAddress) => void)[] = [];
  const lsd: Lsd = {
    join: (infoHash, onPeer) => {
      memberships.push(infoHash);
      searchers.push(onPeer);
      return { [Symbol.dispose]: () => void memberships.splice(0) };
    },
    close: async () => undefined,
  };
  const discovery = new Discovery({
    infoHash: "ab".repeat(20),
    peerId: new Uint8Array(20),
    trackers: [],
    announce: () => Promise.reject(new Error("no trackers")),
    dht,
    lsd,
    clock,
    random: () => 0,
    listenPort: 6881,
    reach: () => "public",
    transferred: () => ({ uploadedBytes: 0, downloadedBytes: 0, leftBytes: 1 }),
    connectedPeers: () => setting.connectedPeers,
    isUrgent: () => setting.isUrgent,
    found: (peers) => found.push(...peers),
  });
  discovery.startPublic();
  return { clock, discovery, walks, announces, setting, memberships, found, searchers };
}

it.each([
  { peers: 7, delayMs: 30_000 },
  { peers: 8, delayMs: 900_000 },
])("asks the DHT again $delayMs ms after it answered, with $peers peers, however long that took", async (row) => {
  const { clock, discovery, walks, announces } = setUp({ connectedPeers: row.peers });
  await clock.advance(3_600_000);
  expect([walks.length, announces]).toEqual([1, []]);
  walks[0]!.end();
  await clock.advance(row.delayMs - 1);
  expect([walks.length, announces]).toEqual([1, [6881]]);
  await clock.advance(1);
  expect(walks).toHaveLength(2);
  await discovery.close();
  await clock.advance(3_600_000);
  expect([walks.length, walks[1]!.signal.aborted, clock.pendingTimers]).toEqual([2, true, 0]);
});

it("tells the DHT whether somebody waits, as it is at the time", async () => {
  const { discovery, walks, setting } = setUp();
  const [walk] = walks;
  expect(walk!.isUrgent?.()).toBe(false);
  setting.isUrgent = true;
  expect(walk!.isUrgent?.()).toBe(true);
  await discovery.close();
});

it("searches the local network until the torrent turns out to be private, and not again after that", async () => {
  const { discovery, memberships, found, searchers } = setUp();
  expect(memberships).toEqual(["ab".repeat(20)]);
  searchers[0]!({ host: "192.168.1.7", port: 6881 });
  expect(found).toEqual([{ host: "192.168.1.7", port: 6881 }]);
  discovery.stopPublic();
  discovery.startPublic();
  expect(memberships).toEqual([]);
  await discovery.close();
});
