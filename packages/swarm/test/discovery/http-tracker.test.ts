import { EventEmitter, once } from "node:events";
import type { RequestListener } from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readAnnounceResponse } from "../../src/discovery/http-tracker.ts";
import { createTrackerClient } from "../../src/discovery/tracker-client.ts";
import { type BencodeInput, encodeBencode } from "../../src/metainfo/bencode.ts";
import { Network } from "../../src/network/network.ts";
import { FakeClock } from "../metainfo/fake-clock.ts";
import { startHttpServer } from "../metainfo/http-server.ts";
import { announceRequest, expectUnreachable } from "./requests.ts";

const PEERS = Uint8Array.from([10, 0, 0, 1, 0x1a, 0xe1]);
const PEERS6 = Uint8Array.from([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x1a, 0xe1]);

describe("announcing to an http tracker", () => {
  it("asks as BEP 3, 7 and 23 say, keeping the query of the URL", async () => {
    await using server = await startHttpServer((_request, response) =>
      response.end(encodeBencode({ interval: 900, peers: PEERS })),
    );
    const clock = new FakeClock();
    const url = `${server.origin}/announce?passkey=a%20b#fragment`;
    const result = await createTrackerClient(clock, new Network({}))(announceRequest({ url, event: "started" }));
    expect(result).toEqual({ intervalSeconds: 900, peers: [{ host: "10.0.0.1", port: 6_881 }] });
    expect(server.paths).toEqual([
      `/announce?passkey=a%20b&info_hash=${"%00%ff%20%41%7e".repeat(4)}` +
        "&peer_id=%2d%52%54%30%30%30%31%2d%61%62%63%64%65%66%67%68%57%58%59%5a&port=6881&uploaded=11&downloaded=1099511627776" +
        "&left=33&numwant=50&key=5758595a&compact=1&event=started",
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("names no event at intervals, and asks for no more peers than it would take", async () => {
    await using server = await startHttpServer((_request, response) => response.end(encodeBencode({ interval: 900 })));
    await createTrackerClient(
      new FakeClock(),
      new Network({}),
    )(announceRequest({ url: `${server.origin}/announce`, wantedPeers: 10_000 }));
    expect(server.paths[0]).toMatch(/^\/announce\?info_hash=.*&numwant=500&key=[0-9a-f]+&compact=1$/);
  });

  it.each<[string, RequestListener, object]>([
    [
      "refuses",
      (_request, response) => response.end(encodeBencode({ "failure reason": "unregistered torrent" })),
      { kind: "refused", message: "The tracker refuses: unregistered torrent" },
    ],
    [
      "answers 500",
      (_request, response) => response.writeHead(500).end(),
      { kind: "unreachable", message: "The tracker does not answer: the server answers 500" },
    ],
    ["answers a web page", (_request, response) => response.end("<html>"), { kind: "invalid" }],
    ["answers a list", (_request, response) => response.end("le"), { kind: "invalid" }],
    ["answers nothing", (_request, response) => response.end(), { kind: "invalid" }],
    ["nests 20,000 lists", (_request, response) => response.end("l".repeat(20_000)), { kind: "invalid" }],
    [
      "answers 1 MB and a byte",
      (_request, response) => response.end(Buffer.alloc(1_000_001, "1")),
      { kind: "unreachable", message: "The tracker does not answer: the document is too large" },
    ],
    [
      "packs 20 MB into 20 KB",
      (_request, response) => response.setHeader("content-encoding", "gzip").end(gzipSync(Buffer.alloc(20_000_000))),
      { kind: "unreachable", message: "The tracker does not answer: the document is too large" },
    ],
    ["hangs up", (request) => request.socket.destroy(), { kind: "unreachable" }],
    [
      "redirects for ever",
      (_request, response) => response.writeHead(302, { location: "/announce" }).end(),
      { kind: "unreachable", message: "The tracker does not answer: the server redirects too often" },
    ],
  ])("fails when the tracker %s", async (_title, listener, error) => {
    await using server = await startHttpServer(listener);
    const clock = new FakeClock();
    const announcing = createTrackerClient(clock, new Network({}))(announceRequest({ url: server.origin }));
    await expect(announcing).rejects.toMatchObject({ name: "TrackerError", ...error });
    expect(clock.pendingTimers).toBe(0);
  });

  it("gives a tracker that does not answer 15 s", async () => {
    const asked = new EventEmitter();
    await using server = await startHttpServer(() => asked.emit("request"));
    const clock = new FakeClock();
    const announcing = createTrackerClient(clock, new Network({}))(announceRequest({ url: server.origin }));
    const failed = expectUnreachable(announcing);
    await once(asked, "request");
    await clock.advance(14_999);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(1);
    await failed;
    await server.idle();
  });

  it("stops with the signal's reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    await using server = await startHttpServer(() => controller.abort(reason));
    const announcing = createTrackerClient(
      new FakeClock(),
      new Network({}),
    )(announceRequest({ url: server.origin, signal: controller.signal }));
    await expect(announcing).rejects.toBe(reason);
  });

  it("asks none in a private network for a torrent that a stranger names, whatever its path", async () => {
    await using server = await startHttpServer((_request, response) => response.end("d8:intervali60e5:peers0:e"));
    const announce = createTrackerClient(new FakeClock(), new Network({}));
    for (const path of ["/announce", "/announceX?cmd=reboot", "/"]) {
      await expectUnreachable(announce(announceRequest({ url: server.origin + path, reach: "public" })));
    }
    expect(server.paths).toEqual([]);
  });

  it.each(["wss://tracker.example", "nonsense", ""])("does not know the tracker '%s'", async (url) => {
    const announcing = createTrackerClient(new FakeClock(), new Network({}))(announceRequest({ url }));
    await expect(announcing).rejects.toMatchObject({ name: "TrackerError", kind: "invalid" });
  });
});

describe("readAnnounceResponse", () => {
  it.each<[string, Record<string, BencodeInput>, object]>([
    [
      "everything",
      { interval: 1_800, "min interval": 60, complete: 5, incomplete: 7, peers: PEERS, peers6: PEERS6 },
      {
        intervalSeconds: 1_800,
        minIntervalSeconds: 60,
        seeders: 5,
        leechers: 7,
        peers: [
          { host: "10.0.0.1", port: 6_881 },
          { host: "2001:db8::1", port: 6_881 },
        ],
      },
    ],
    [
      "peers as dictionaries",
      { interval: 1, peers: [peer("10.0.0.1", 1), peer("2001:db8::1", 2)] },
      {
        intervalSeconds: 1,
        peers: [
          { host: "10.0.0.1", port: 1 },
          { host: "2001:db8::1", port: 2 },
        ],
      },
    ],
    [
      "no peers that are names or nonsense",
      {
        interval: 1,
        peers: [peer("peer.example", 1), peer("10.0.0.1", 0), peer("10.0.0.1", "1"), peer(1, 1), [], 7, {}],
      },
      { intervalSeconds: 1, peers: [] },
    ],
    ["nothing as no peers and half an hour", {}, { intervalSeconds: 1_800, peers: [] }],
    [
      "fields of wrong types as missing",
      { interval: "soon", "min interval": -1, complete: [], incomplete: "x", peers: 7, peers6: {} },
      { intervalSeconds: 1_800, peers: [] },
    ],
    [
      "a warning beside the answer",
      { "warning message": "careful", interval: 60, peers: PEERS },
      { intervalSeconds: 60, peers: [{ host: "10.0.0.1", port: 6_881 }] },
    ],
  ])("reads %s", (_title, response, result) => {
    expect(readAnnounceResponse(encodeBencode(response))).toEqual(result);
  });

  it("takes 500 peers of thousands", () => {
    const response = { interval: 60, peers: new Uint8Array(60_000).fill(1), peers6: new Uint8Array(180_000).fill(1) };
    expect(readAnnounceResponse(encodeBencode(response)).peers).toHaveLength(500);
  });

  it("cuts a refusal that is a novel", () => {
    const response = encodeBencode({ "failure reason": "x".repeat(10_000) });
    expect(() => readAnnounceResponse(response)).toThrow(/^The tracker refuses: x{200}$/);
  });

  it("takes a refusal without words", () => {
    expect(() => readAnnounceResponse(encodeBencode({ "failure reason": 7 }))).toThrow(
      "The tracker refuses: no reason given",
    );
  });
});

function peer(ip: BencodeInput, port: BencodeInput): BencodeInput {
  return { ip, port, "peer id": "x".repeat(20) };
}
