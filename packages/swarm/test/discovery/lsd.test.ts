import { describe, expect, it } from "vitest";
import { createLsd } from "../../src/discovery/lsd.ts";
import { encodeLsdMessage, parseLsdMessage } from "../../src/discovery/lsd-message.ts";
import type { PeerAddress } from "../../src/types.ts";
import { virtualTime } from "../session/virtual-time.ts";

const MINUTE_MS = 60_000;

function infoHashOf(number: number): string {
  return number.toString(16).padStart(40, "0");
}

/** A node in virtual time, in a group whose datagrams are written down instead of sent. */
async function setUp() {
  const clock = virtualTime();
  const sent: { atMs: number; infoHashes: readonly string[]; datagram: Uint8Array }[] = [];
  let isClosed = false;
  const members: ((datagram: Uint8Array, senderHost: string) => void)[] = [];
  const startMs = clock.nowMs();
  const lsd = await createLsd({
    hosts: ["0.0.0.0"],
    listenPort: 6881,
    clock,
    random: () => 0.5,
    openMulticast: async ({ onDatagram }) => {
      members.push(onDatagram);
      return {
        send: (datagram) => {
          const { port, infoHashes } = parseLsdMessage(datagram)!;
          expect(port).toBe(6881);
          sent.push({ atMs: clock.nowMs() - startMs, infoHashes, datagram });
        },
        close: async () => {
          isClosed = true;
        },
      };
    },
  });
  const [receive] = members;
  const hear = (port: number, infoHashes: readonly string[], senderHost = "192.168.1.7"): void =>
    receive!(encodeLsdMessage({ port, infoHashes, cookie: "other" }, "group"), senderHost);
  return {
    clock,
    lsd,
    sent,
    hear,
    receive,
    isClosed: () => isClosed,
  };
}

describe("the search of the local network", () => {
  it("announces to both groups, and goes on with one where the other cannot be joined", async () => {
    const clock = virtualTime();
    const sent: string[] = [];
    const start = (unavailable: string) =>
      createLsd({
        hosts: ["0.0.0.0", "::"],
        listenPort: 6881,
        clock,
        random: () => 0.5,
        openMulticast: async ({ group, host }) => {
          if (unavailable === "all" || unavailable === host) throw new Error("no port");
          const record = (datagram: Uint8Array) => sent.push(`${group.address} ${Buffer.from(datagram).toString()}`);
          return { send: record, close: async () => undefined };
        },
      });
    for (const unavailable of ["none", "::"]) {
      const lsd = await start(unavailable);
      lsd.join(infoHashOf(1), () => undefined);
      await clock.advance(1);
      await lsd.close();
    }
    expect(sent.map((message) => message.split("\r\nPort")[0])).toEqual([
      "239.192.152.143 BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771",
      "ff15::efc0:988f BT-SEARCH * HTTP/1.1\r\nHost: [ff15::efc0:988f]:6771",
      "239.192.152.143 BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771",
    ]);
    await expect(start("all")).rejects.toThrow("no port");
  });

  it("announces a torrent at once and every five minutes, until it is left", async () => {
    const { clock, lsd, sent } = await setUp();
    const membership = lsd.join(infoHashOf(1), () => undefined);
    await clock.advance(11 * MINUTE_MS);
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 5 * MINUTE_MS, 10 * MINUTE_MS]);
    expect(sent.flatMap(({ infoHashes }) => infoHashes)).toEqual(Array(3).fill(infoHashOf(1)));
    membership[Symbol.dispose]();
    await clock.advance(60 * MINUTE_MS);
    expect([sent.length, clock.pendingTimers]).toEqual([3, 0]);
    await lsd.close();
  });

  it("puts many torrents into few messages, a second apart, and those that are left into none", async () => {
    const { clock, lsd, sent } = await setUp();
    const all = Array.from({ length: 50 }, (_, number) => infoHashOf(number));
    const memberships = all.map((infoHash) => lsd.join(infoHash, () => undefined));
    memberships[49]![Symbol.dispose]();
    await clock.advance(MINUTE_MS);
    expect(sent.map(({ atMs, infoHashes }) => [atMs, infoHashes.length])).toEqual([
      [0, 20],
      [1_000, 20],
      [2_000, 9],
    ]);
    expect(sent.flatMap(({ infoHashes }) => infoHashes)).toEqual(all.slice(0, 49));
    await clock.advance(5 * MINUTE_MS);
    expect(sent).toHaveLength(6);
    await lsd.close();
  });

  it("announces a torrent that comes later a second after the last message at the latest", async () => {
    const { clock, lsd, sent } = await setUp();
    lsd.join(infoHashOf(1), () => undefined);
    await clock.advance(200);
    lsd.join(infoHashOf(2), () => undefined);
    await clock.advance(5_000);
    lsd.join(infoHashOf(3), () => undefined);
    await clock.advance(1);
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 1_000, 5_200]);
    await lsd.close();
  });

  it("tells of others that have the torrent, and of nobody else", async () => {
    const { lsd, sent, hear, receive, clock } = await setUp();
    const found: PeerAddress[] = [];
    const membership = lsd.join(infoHashOf(1), (peer) => found.push(peer));
    hear(4_242, [infoHashOf(9), infoHashOf(1)]);
    hear(4_243, [infoHashOf(2)]);
    hear(4_244, [infoHashOf(1)], "0.0.0.0");
    receive!(Buffer.from("BT-SEARCH * HTTP/1.1\r\n\r\n"), "192.168.1.8");
    await clock.advance(1);
    // Our own message comes back to us.
    receive!(sent[0]!.datagram, "192.168.1.2");
    expect(found).toEqual([{ host: "192.168.1.7", port: 4_242 }]);
    membership[Symbol.dispose]();
    hear(4_245, [infoHashOf(1)]);
    expect(found).toHaveLength(1);
    await lsd.close();
  });

  it("keeps who joined last, whoever leaves after that", async () => {
    const { lsd, hear } = await setUp();
    const found: string[] = [];
    const first = lsd.join(infoHashOf(1), () => found.push("first"));
    lsd.join(infoHashOf(1), () => found.push("second"));
    first[Symbol.dispose]();
    hear(1, [infoHashOf(1)]);
    expect(found).toEqual(["second"]);
    await lsd.close();
  });

  it("announces a torrent that was left and joined again no more often than others", async () => {
    const { clock, lsd, sent } = await setUp();
    const first = lsd.join(infoHashOf(1), () => undefined);
    await clock.advance(2 * MINUTE_MS);
    first[Symbol.dispose]();
    lsd.join(infoHashOf(1), () => undefined);
    await clock.advance(9 * MINUTE_MS);
    expect(sent.map(({ atMs }) => atMs / MINUTE_MS)).toEqual([0, 2, 7]);
    await lsd.close();
  });

  it("reads a hundred messages a second at most", async () => {
    const { clock, lsd, hear } = await setUp();
    const found: PeerAddress[] = [];
    lsd.join(infoHashOf(1), (peer) => found.push(peer));
    for (let port = 1; port <= 1_000; port++) hear(port, [infoHashOf(1)]);
    expect(found).toHaveLength(100);
    await clock.advance(1_000);
    hear(2_000, [infoHashOf(1)]);
    expect(found.at(-1)?.port).toBe(2_000);
    await lsd.close();
  });

  it("leaves nothing behind", async () => {
    const { clock, lsd, sent, isClosed } = await setUp();
    lsd.join(infoHashOf(1), () => undefined);
    await clock.advance(10);
    lsd.join(infoHashOf(2), () => undefined);
    await lsd.close();
    await clock.advance(60 * MINUTE_MS);
    expect([sent.length, clock.pendingTimers, isClosed()]).toEqual([1, 0, true]);
  });
});
