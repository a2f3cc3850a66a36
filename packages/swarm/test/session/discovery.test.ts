import { expect, it } from "vitest";
import type { Dht, Lsd } from "../../src/discovery/index.ts";
import { Deferred } from "../../src/engine/deferred.ts";
import { Discovery } from "../../src/session/discovery.ts";
import type { PeerAddress } from "../../src/types.ts";
import { virtualTime } from "./virtual-time.ts";

/** A discovery without trackers, and a DHT whose walks end when the test says so. */
function setUp({ connectedPeers = 0, isPrivate = false, trackers = [] as string[][], working = [] as string[] } = {}) {
  const clock = virtualTime();
  const walks: { end: () => void; signal: AbortSignal; isUrgent: (() => boolean) | undefined }[] = [];
  const announces: number[] = [];
  const setting = { connectedPeers, isUrgent: false, working: new Set(working) };
  const asked: string[] = [];
  let switches = 0;
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
    trackers,
    announce: ({ url, event }) => {
      asked.push(`${event ?? "-"} ${url}`);
      return setting.working.has(url) ? Promise.resolve(answer(url)) : Promise.reject(new Error("no tracker"));
    },
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
    isPrivate,
    switched: () => {
      switches += 1;
    },
  });
  discovery.startPublic();
  return {
    clock,
    discovery,
    walks,
    announces,
    setting,
    memberships,
    found,
    searchers,
    asked,
    switches: () => switches,
  };
}

/** A tracker knows one peer, at its own last digit. */
function answer(url: string) {
  return { intervalSeconds: 1_800, peers: [{ host: `10.0.0.${new URL(url).hostname.at(-1)}`, port: 1 }] };
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
  discovery.goPrivate();
  discovery.startPublic();
  expect(memberships).toEqual([]);
  await discovery.close();
});

const TRACKERS = [["http://tracker-1/announce"], ["http://tracker-2/announce"]];

it("asks all tiers of a public torrent at once, and one tracker at a time of a private one", async () => {
  const open = setUp({ trackers: TRACKERS, working: TRACKERS.flat() });
  const closed = setUp({ trackers: TRACKERS, working: TRACKERS.flat(), isPrivate: true });
  await open.clock.advance(0);
  await closed.clock.advance(3_600_000);
  expect([open.asked.length, new Set(closed.asked.map((line) => line.split(" ")[1])).size]).toEqual([2, 1]);
  expect([closed.walks.length, closed.memberships, closed.switches()]).toEqual([0, [], 0]);
  await open.discovery.close();
  await closed.discovery.close();
});

it("says so when another tracker of a private torrent takes over, before its peers are told", async () => {
  const { clock, discovery, setting, found, switches, asked } = setUp({ trackers: TRACKERS, isPrivate: true });
  setting.working = new Set(TRACKERS[0]);
  await clock.advance(120_000);
  expect([found, switches()]).toEqual([[{ host: "10.0.0.1", port: 1 }], 0]);
  setting.working = new Set(TRACKERS[1]);
  await clock.advance(2 * 3_600_000);
  expect(found.at(-1)).toEqual({ host: "10.0.0.2", port: 1 });
  expect(switches()).toBe(1);
  discovery.learn([["http://tracker-3/announce"]]);
  await clock.advance(2 * 3_600_000);
  expect(asked.filter((line) => line.includes("tracker-3"))).toEqual([]);
  await discovery.close();
});

it("leaves all trackers but one when the torrent turns out to be private", async () => {
  const { clock, discovery, asked } = setUp({ trackers: TRACKERS, working: TRACKERS.flat() });
  await clock.advance(0);
  discovery.goPrivate();
  await clock.advance(2_000);
  const stopped = asked.filter((line) => line.startsWith("stopped"));
  const started = asked.filter((line) => line.startsWith("started"));
  expect([stopped.length, started.length]).toEqual([2, 3]);
  await discovery.close();
});
