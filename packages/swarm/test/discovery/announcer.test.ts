import { beforeEach, describe, expect, it } from "vitest";
import { type Announcer, startAnnouncer } from "../../src/discovery/announcer.ts";
import { type AnnounceRequest, type AnnounceResult, TrackerError } from "../../src/discovery/tracker.ts";
import { FakeClock } from "../metainfo/fake-clock.ts";

const INTERVAL_SECONDS = 900;
const PEER = { host: "10.0.0.1", port: 6_881 };

type Behaviour = (request: AnnounceRequest) => Promise<AnnounceResult>;

const answers: Behaviour = async () => ({ intervalSeconds: INTERVAL_SECONDS, peers: [PEER] });
const fails: Behaviour = async () => {
  throw new TrackerError("unreachable", "down");
};
const hangs: Behaviour = ({ signal }) =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

/** An announcer over scripted trackers in virtual time; `log` says what they heard, and when. */
class Scene {
  readonly clock = new FakeClock();
  readonly controller = new AbortController();
  readonly log: string[] = [];
  readonly requests: AnnounceRequest[] = [];
  readonly trackers: Record<string, Behaviour> = {};
  readonly errors: [string, string][] = [];
  leftBytes = 3;
  readonly peers: unknown[] = [];

  start(tiers: string[][], families?: readonly (4 | 6)[]): Announcer {
    // Keeps the order of each tier, then leaves backoffs whole.
    let roll = 0.999;
    const announcer = startAnnouncer({
      tiers,
      announce: async (request) => {
        this.log.push(`${this.clock.nowMs() / 1_000} ${new URL(request.url).hostname} ${request.event ?? "-"}`);
        this.requests.push(request);
        return await (this.trackers[new URL(request.url).hostname] ?? answers)(request);
      },
      infoHash: "ab".repeat(20),
      peerId: new Uint8Array(20),
      port: 6_881,
      families,
      clock: this.clock,
      reach: () => "public",
      random: () => roll,
      signal: this.controller.signal,
      stats: () => ({ uploadedBytes: 1, downloadedBytes: 2, leftBytes: this.leftBytes }),
      onPeers: (peers, url) => this.peers.push(url, ...peers),
      onError: (error, url) => this.errors.push([new URL(url).hostname, error.message]),
    });
    roll = 0;
    return announcer;
  }
}

describe("startAnnouncer", () => {
  let scene = new Scene();

  beforeEach(() => {
    scene = new Scene();
  });

  it("says started, then nothing at each interval, and stopped at the end", async () => {
    const announcer = scene.start([["http://a/"]]);
    await scene.clock.advance(2_000_000);
    await announcer.close();
    expect(scene.log).toEqual(["0 a started", "900 a -", "1800 a -", "2000 a stopped"]);
    expect(scene.requests.map(({ wantedPeers }) => wantedPeers)).toEqual([200, 200, 200, 0]);
    expect(scene.requests[0]).toMatchObject({
      infoHash: "ab".repeat(20),
      port: 6_881,
      uploadedBytes: 1,
      downloadedBytes: 2,
      leftBytes: 3,
    });
    expect(scene.peers.slice(0, 2)).toEqual(["http://a/", PEER]);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it("asks one tracker of each tier, all tiers at once", async () => {
    const announcer = scene.start([["http://a/", "http://b/"], ["udp://c:1"]]);
    await scene.clock.advance(0);
    expect(scene.log).toEqual(["0 a started", "0 c started"]);
    await announcer.close();
  });

  it("asks each tracker over IPv4 and over IPv6, each by itself, and says goodbye to both", async () => {
    scene.trackers["a"] = (request) => (request.family === 6 ? fails(request) : answers(request));
    const announcer = scene.start([["http://a/", "http://b/"]], [4, 6]);
    await scene.clock.advance(1_000);
    await announcer.close();
    const asked = scene.requests.map(({ url, event, family }) => `${url} ${event} ${family}`);
    expect(asked.sort()).toEqual([
      "http://a/ started 4",
      "http://a/ started 6",
      "http://a/ stopped 4",
      "http://b/ started 6",
      "http://b/ stopped 6",
    ]);
  });

  it("goes on within a tier when a tracker fails, and stays with the one that answered", async () => {
    scene.trackers["a"] = fails;
    const announcer = scene.start([["http://a/", "http://b/"]]);
    await scene.clock.advance(1_000_000);
    await announcer.close();
    expect(scene.log).toEqual(["0 a started", "0 b started", "900 b -", "1000 b stopped"]);
    expect(scene.errors).toEqual([["a", "down"]]);
  });

  it("backs off when a whole tier fails, without harm to other tiers", async () => {
    scene.trackers["a"] = fails;
    scene.trackers["b"] = fails;
    const announcer = scene.start([["http://a/", "http://b/"], ["http://c/"]]);
    await scene.clock.advance(120_000);
    await announcer.close();
    const times = (host: string) => scene.log.filter((line) => line.includes(` ${host} `));
    expect(times("a")).toEqual(["0 a started", "15 a started", "45 a started", "105 a started"]);
    expect(times("b")).toEqual(["0 b started", "15 b started", "45 b started", "105 b started"]);
    expect(times("c")).toEqual(["0 c started", "120 c stopped"]);
  });

  it("does not hammer dead trackers: 60 announces of two of them in a day, not more", async () => {
    scene.trackers["a"] = fails;
    scene.trackers["b"] = fails;
    const announcer = scene.start([["http://a/", "http://b/"]]);
    await scene.clock.advance(86_400_000);
    await announcer.close();
    expect(scene.log.length).toBeGreaterThan(40);
    expect(scene.log.length).toBeLessThanOrEqual(66);
  });

  it("obeys no interval of zero", async () => {
    scene.trackers["a"] = async () => ({ intervalSeconds: 0, peers: [] });
    const announcer = scene.start([["http://a/"]]);
    await scene.clock.advance(600_000);
    expect(scene.log).toHaveLength(11);
    await announcer.close();
  });

  it("says started to a tracker that it comes to later", async () => {
    const announcer = scene.start([["http://a/", "http://b/"]]);
    await scene.clock.advance(1_000);
    scene.trackers["a"] = fails;
    await scene.clock.advance(900_000);
    expect(scene.log).toEqual(["0 a started", "900 a -", "900 b started"]);
    await announcer.close();
    expect(scene.log.slice(3)).toEqual(["901 a stopped", "901 b stopped"]);
  });

  it("says completed at once, once, and only to trackers that answered", async () => {
    scene.trackers["b"] = fails;
    const announcer = scene.start([["http://a/"], ["http://b/"]]);
    await scene.clock.advance(5_000);
    announcer.complete();
    await scene.clock.advance(1_000);
    announcer.complete();
    await scene.clock.advance(900_000);
    await announcer.close();
    expect(scene.log.filter((line) => line.includes(" a "))).toEqual([
      "0 a started",
      "5 a completed",
      "905 a -",
      "906 a stopped",
    ]);
    expect(scene.log.filter((line) => line.includes("b completed"))).toEqual([]);
  });

  it("says completed after an answer that took longer than the download", async () => {
    const answered: ((result: AnnounceResult) => void)[] = [];
    scene.trackers["a"] = () => new Promise((resolve) => answered.push(resolve));
    const announcer = scene.start([["http://a/"]]);
    await scene.clock.advance(0);
    announcer.complete();
    scene.trackers["a"] = answers;
    answered[0]?.({ intervalSeconds: 900, peers: [] });
    await scene.clock.advance(1_000);
    expect(scene.log).toEqual(["0 a started", "0 a completed"]);
    await announcer.close();
  });

  it("does not say completed of what was complete at the start", async () => {
    scene.leftBytes = 0;
    const announcer = scene.start([["http://a/"]]);
    announcer.complete();
    await scene.clock.advance(1_000_000);
    await announcer.close();
    expect(scene.log).toEqual(["0 a started", "900 a -", "1000 a stopped"]);
  });

  it("takes up new trackers, and only those", async () => {
    const announcer = scene.start([["http://a/"]]);
    await scene.clock.advance(0);
    announcer.addTiers([["http://a/", "http://b/"], ["wss://c/"]]);
    await scene.clock.advance(0);
    expect(scene.log).toEqual(["0 a started", "0 b started"]);
    await announcer.close();
  });

  it("asks 16 tiers at once, and the others only when the last of those fails", async () => {
    scene.trackers["t15"] = fails;
    const announcer = scene.start(Array.from({ length: 20 }, (_, index) => [`http://t${index}/`]));
    await scene.clock.advance(0);
    const hosts = scene.log.map((line) => line.split(" ")[1]);
    expect(hosts).toEqual([...Array.from({ length: 16 }, (_, index) => `t${index}`), "t16"]);
    await announcer.close();
  });

  it("waits for trackers to hear of its end for a second, not longer", async () => {
    scene.trackers["a"] = (request) => (request.event === "stopped" ? hangs(request) : answers(request));
    const announcer = scene.start([["http://a/"], ["http://b/"]]);
    await scene.clock.advance(10_000);
    let isClosed = false;
    const closing = announcer.close().then(() => (isClosed = true));
    await scene.clock.advance(999);
    expect(isClosed).toBe(false);
    await scene.clock.advance(1);
    await closing;
    expect(scene.log.slice(2)).toEqual(["10 a stopped", "10 b stopped"]);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it("waits no longer for a tracker that does not end its announce either", async () => {
    scene.trackers["a"] = () => new Promise(() => undefined);
    const announcer = scene.start([["http://a/"], ["http://b/"]]);
    await scene.clock.advance(10_000);
    const closing = announcer.close();
    await scene.clock.advance(1_000);
    await closing;
    expect(scene.log).toEqual(["0 a started", "0 b started", "10 b stopped"]);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it("ends an announce under way when closed, and says nothing to trackers that never answered", async () => {
    scene.trackers["a"] = hangs;
    const announcer = scene.start([["http://a/"]]);
    await scene.clock.advance(1_000);
    await Promise.all([announcer.close(), announcer.close()]);
    expect(scene.log).toEqual(["0 a started"]);
    expect(scene.errors).toEqual([]);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it("ends at once and silently with its signal", async () => {
    const announcer = scene.start([["http://a/"], ["http://b/"]]);
    await scene.clock.advance(1_000);
    scene.controller.abort(new Error("the end"));
    await scene.clock.advance(0);
    expect(scene.clock.pendingTimers).toBe(0);
    await announcer.close();
    expect(scene.log).toEqual(["0 a started", "0 b started"]);
  });

  it("does nothing without trackers", async () => {
    const announcer = scene.start([]);
    await scene.clock.advance(HOUR_MS);
    await announcer.close();
    expect(scene.log).toEqual([]);
  });
});

const HOUR_MS = 3_600_000;
