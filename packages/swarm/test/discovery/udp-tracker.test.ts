import { beforeEach, describe, expect, it } from "vitest";
import { startSocks5Server } from "../../../../test/support/peers/socks5-server.ts";
import { createTrackerClient } from "../../src/discovery/tracker-client.ts";
import { Network } from "../../src/network/network.ts";
import { FakeClock } from "../metainfo/fake-clock.ts";
import { announceRequest, expectUnreachable } from "./requests.ts";
import {
  announceResponse,
  connectResponse,
  errorResponse,
  type ReceivedRequest,
  startUdpTracker,
} from "./udp-tracker-server.ts";

const CONNECT = 0;
const PEER = [10, 0, 0, 1, 0x1a, 0xe1];
const PEER6 = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x1a, 0xe1];

/** Answers as a tracker should. */
function answerWell({ action, transactionId }: ReceivedRequest): Uint8Array[] {
  return [
    action === CONNECT ? connectResponse(transactionId, 0x0123_4567_89ab_cdefn) : announceResponse(transactionId, PEER),
  ];
}

describe("announcing to a UDP tracker", () => {
  let clock = new FakeClock();

  beforeEach(() => {
    clock = new FakeClock();
  });

  it("asks for a connection and announces over it, byte for byte as BEP 15 says", async () => {
    await using tracker = await startUdpTracker(answerWell);
    const result = await createTrackerClient(
      clock,
      new Network({}),
    )(announceRequest({ url: tracker.url, event: "started" }));
    expect(result).toEqual({
      intervalSeconds: 1_800,
      leechers: 3,
      seeders: 4,
      peers: [{ host: "10.0.0.1", port: 6_881 }],
    });
    const [connect, announce] = tracker.requests.map(({ bytes }) => bytes.toString("hex"));
    expect(connect).toMatch(/^0000041727101980000000(00.{8})$/);
    expect(announce).toMatch(
      new RegExp(
        "^0123456789abcdef00000001.{8}" +
          "00ff20417e".repeat(4) +
          Buffer.from("-RT0001-abcdefghWXYZ").toString("hex") +
          "0000010000000000" + // downloaded
          "0000000000000021" + // left
          "000000000000000b" + // uploaded
          "00000002" + // started
          "00000000" + // the sender's address
          "5758595a" + // key
          "00000032" + // wanted
          "1ae1$",
      ),
    );
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ["completed", 1],
    ["started", 2],
    ["stopped", 3],
    [undefined, 0],
  ] as const)("numbers the event %s %i", async (event, number) => {
    await using tracker = await startUdpTracker(answerWell);
    await createTrackerClient(clock, new Network({}))(announceRequest({ url: tracker.url, ...(event && { event }) }));
    expect(tracker.requests[1]?.bytes.readUInt32BE(80)).toBe(number);
  });

  it("reads IPv6 peers over an IPv6 socket", async () => {
    await using tracker = await startUdpTracker(
      (request) =>
        request.action === CONNECT ? answerWell(request) : [announceResponse(request.transactionId, PEER6)],
      6,
    );
    const { peers } = await createTrackerClient(clock, new Network({}))(announceRequest({ url: tracker.url }));
    expect(peers).toEqual([{ host: "2001:db8::1", port: 6_881 }]);
  });

  it.each([
    [4, 6],
    [6, 4],
  ] as const)("does not ask an IPv%i tracker over IPv%i", async (family, other) => {
    await using tracker = await startUdpTracker(answerWell, family);
    const announce = createTrackerClient(clock, new Network({}));
    await expectUnreachable(announce(announceRequest({ url: tracker.url, family: other })));
    await announce(announceRequest({ url: tracker.url, family }));
    expect(tracker.requests).toHaveLength(2);
  });

  it("asks none in a private network for a torrent that a stranger names", async () => {
    await using tracker = await startUdpTracker(answerWell);
    const announce = createTrackerClient(clock, new Network({}));
    await expectUnreachable(announce(announceRequest({ url: tracker.url, reach: "public" })));
    await using socks = await startSocks5Server({ routes: () => ({}) });
    const announceByProxy = createTrackerClient(clock, new Network({ proxy: socks.proxy }));
    for (const host of ["127.0.0.1", "[::1]", "localhost", "%6cocalhost", "0x7f.1", "2130706433"]) {
      const url = tracker.url.replace("127.0.0.1", host);
      await expectUnreachable(announceByProxy(announceRequest({ url, reach: "public" })));
    }
    expect([tracker.requests, socks.requests]).toEqual([[], []]);
  });

  it("uses a connection again for a minute, and never the transaction id", async () => {
    await using tracker = await startUdpTracker(answerWell);
    const announce = createTrackerClient(clock, new Network({}));
    await announce(announceRequest({ url: tracker.url }));
    await clock.advance(54_000);
    await announce(announceRequest({ url: tracker.url }));
    await clock.advance(2_000);
    await announce(announceRequest({ url: tracker.url }));
    expect(tracker.requests.map(({ action }) => action)).toEqual([0, 1, 1, 0, 1]);
    expect(new Set(tracker.requests.map(({ transactionId }) => transactionId)).size).toBe(5);
  });

  it("connects anew when a tracker refuses the old connection", async () => {
    let announces = 0;
    await using tracker = await startUdpTracker((request) => {
      if (request.action === CONNECT) return answerWell(request);
      announces += 1;
      return announces === 2 ? [errorResponse(request.transactionId, "bad connection id")] : answerWell(request);
    });
    const announce = createTrackerClient(clock, new Network({}));
    await announce(announceRequest({ url: tracker.url }));
    expect((await announce(announceRequest({ url: tracker.url }))).peers).toHaveLength(1);
    expect(tracker.requests.map(({ action }) => action)).toEqual([0, 1, 1, 0, 1]);
  });

  it("sends again after 2 and 4 more seconds", async () => {
    await using tracker = await startUdpTracker((request) =>
      tracker.requests.length === 3 || request.action !== CONNECT ? answerWell(request) : [],
    );
    const announcing = createTrackerClient(clock, new Network({}))(announceRequest({ url: tracker.url }));
    await tracker.received(1);
    await clock.advance(2_000);
    await tracker.received(2);
    await clock.advance(4_000);
    expect((await announcing).peers).toHaveLength(1);
    const [first, second, third] = tracker.requests;
    expect(first?.bytes).toEqual(second?.bytes);
    expect(first?.bytes).toEqual(third?.bytes);
    expect(clock.pendingTimers).toBe(0);
  });

  it("gives up after 15 s and four tries", async () => {
    await using tracker = await startUdpTracker(() => []);
    const announcing = createTrackerClient(clock, new Network({}))(announceRequest({ url: tracker.url }));
    const failed = expectUnreachable(announcing);
    await tracker.received(1);
    await clock.advance(14_999);
    await tracker.received(4);
    expect(clock.pendingTimers).toBe(2);
    await clock.advance(1);
    await failed;
    expect(tracker.requests).toHaveLength(4);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each<[string, (request: ReceivedRequest) => Uint8Array]>([
    ["another transaction id", ({ transactionId }) => connectResponse((transactionId + 1) % 2 ** 32, 666n)],
    ["another action", ({ transactionId }) => announceResponse(transactionId)],
    ["seven bytes", () => new Uint8Array(7)],
    ["nothing", () => new Uint8Array()],
  ])("ignores an answer with %s", async (_title, wrong) => {
    await using tracker = await startUdpTracker((request) =>
      request.action === CONNECT ? [wrong(request), ...answerWell(request)] : answerWell(request),
    );
    expect(
      (await createTrackerClient(clock, new Network({}))(announceRequest({ url: tracker.url }))).peers,
    ).toHaveLength(1);
    expect(tracker.requests[1]?.bytes.readBigUInt64BE()).toBe(0x0123_4567_89ab_cdefn);
  });

  it.each<[string, (request: ReceivedRequest) => Uint8Array, object]>([
    [
      "refuses to connect",
      ({ transactionId }) => errorResponse(transactionId, "go away"),
      { kind: "refused", message: "The tracker refuses: go away" },
    ],
    [
      "cuts its answer short",
      ({ transactionId }) => connectResponse(transactionId, 1n).subarray(0, 12),
      { kind: "invalid" },
    ],
  ])("fails when the tracker %s", async (_title, answer, error) => {
    await using tracker = await startUdpTracker((request) => [answer(request)]);
    await expect(
      createTrackerClient(clock, new Network({}))(announceRequest({ url: tracker.url })),
    ).rejects.toMatchObject({
      name: "TrackerError",
      ...error,
    });
    expect(clock.pendingTimers).toBe(0);
  });

  it("fails at once when nothing listens there", async () => {
    const tracker = await startUdpTracker(() => []);
    await tracker[Symbol.asyncDispose]();
    await expect(
      createTrackerClient(clock, new Network({}))(announceRequest({ url: tracker.url })),
    ).rejects.toMatchObject({
      kind: "unreachable",
    });
    expect(clock.pendingTimers).toBe(0);
  });

  it.each(["udp://127.0.0.1/announce", "udp://127.0.0.1:0", "udp://[::zz]:1", "udp://:80"])(
    "fails for %s",
    async (url) => {
      await expect(createTrackerClient(clock, new Network({}))(announceRequest({ url }))).rejects.toMatchObject({
        name: "TrackerError",
      });
    },
  );

  it("stops with the signal's reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    await using tracker = await startUdpTracker(() => {
      controller.abort(reason);
      return [];
    });
    const announcing = createTrackerClient(
      clock,
      new Network({}),
    )(announceRequest({ url: tracker.url, signal: controller.signal }));
    await expect(announcing).rejects.toBe(reason);
    expect(clock.pendingTimers).toBe(0);
  });
});
