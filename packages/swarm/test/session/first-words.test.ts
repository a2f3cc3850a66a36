import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { HANDSHAKE_BYTES } from "../../src/wire/handshake.ts";
import { remoteHandshake } from "./fake-peer.ts";
import { createTorrent, removeFolders, setUp } from "./session-setting.ts";

/** A bitfield of nothing, and "interested" (BEP 3). */
const FIRST_WORDS = Buffer.from([0, 0, 0, 2, 5, 0, 0, 0, 0, 1, 2]);

afterEach(removeFolders);

/** Takes connections, and answers handshakes by itself only if it has an id. Whoever says more than that is hung up on by who minds it. */
async function startListener({ peerId, minds = false }: { readonly peerId?: string; readonly minds?: boolean } = {}) {
  const heard: Buffer[] = [];
  let ended = 0;
  const server = createServer((socket) => {
    const index = heard.push(Buffer.alloc(0)) - 1;
    socket.on("error", () => undefined);
    socket.on("close", () => {
      ended += 1;
    });
    socket.on("data", (bytes) => {
      const before = heard[index]!.length;
      heard[index] = Buffer.concat([heard[index]!, bytes]);
      if (heard[index].length === HANDSHAKE_BYTES) return;
      if (before <= HANDSHAKE_BYTES && peerId !== undefined) {
        socket.write(Buffer.concat([heard[index].subarray(0, HANDSHAKE_BYTES - 20), Buffer.from(peerId, "latin1")]));
      }
      if (minds) socket.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: { host: "127.0.0.1", port },
    /** What each connection said. */
    heard: (): readonly Buffer[] => heard,
    /** How many connections are over. */
    ended: (): number => ended,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

describe("what a session says to a peer before it knows what that has", () => {
  // It takes the connection before or after the files are open, as it comes: either way nothing is waited for.
  it("is what there is and that the rest is wanted, a moment after the handshake of a connection that it made", async () => {
    await using listener = await startListener();
    const { infoHash, infoBytes } = (await createTorrent()).metainfo;
    const { clock, session } = await setUp({ infoHash, infoBytes, peers: [listener.address] });
    await expect.poll(() => listener.heard()[0]?.length).toBe(HANDSHAKE_BYTES);
    await expect
      .poll(async () => {
        await clock.advance(10);
        return listener.heard()[0]!.subarray(HANDSHAKE_BYTES);
      })
      .toEqual(FIRST_WORDS);
    await session.close();
  });

  it("is nothing when all is there, or when it is not known what there is to have", async () => {
    await using listener = await startListener();
    const { metainfo, path } = await createTorrent();
    const { infoHash, infoBytes } = metainfo;
    const handshakes: number[] = [];
    const heardLengths = (): number[] => listener.heard().map(({ length }) => length);
    for (const known of [{ infoBytes, seedPaths: [path] }, {}]) {
      handshakes.push(HANDSHAKE_BYTES);
      const { clock, session, settled } = await setUp({ infoHash, ...known, peers: [listener.address] });
      await expect.poll(heardLengths).toEqual(handshakes);
      if (known.infoBytes !== undefined) await settled();
      await clock.advance(100);
      await session.close();
    }
    expect(heardLengths()).toEqual(handshakes);
  });

  it.each([
    ["hangs up", { peerId: "-XX0001-000000000000", minds: true }],
    ["is an aria2, which would hang up later", { peerId: "A2-1-37-0-0000000000" }],
  ])("is nothing once it was too much for a peer: that is dialled anew at once (%s)", async (_who, who) => {
    await using listener = await startListener(who);
    const { infoHash, infoBytes } = (await createTorrent()).metainfo;
    const { clock, session, settled } = await setUp({ infoHash, infoBytes, peers: [listener.address] });
    await settled();
    await expect
      .poll(async () => {
        await clock.advance(10);
        return listener.heard().map((bytes) => bytes.subarray(HANDSHAKE_BYTES, HANDSHAKE_BYTES + FIRST_WORDS.length));
      })
      .toEqual([FIRST_WORDS, Buffer.alloc(0)]);
    await clock.advance(5_000);
    expect(listener.heard()[1]).toHaveLength(HANDSHAKE_BYTES);
    expect(listener.heard()).toHaveLength(2);
    await session.close();
  });

  it("does not make it dial anew whom it hangs up on itself, as it is connected already", async () => {
    await using listener = await startListener({ peerId: Buffer.from(remoteHandshake(1).peerId).toString("latin1") });
    const { infoHash, infoBytes } = (await createTorrent()).metainfo;
    const { clock, session, connect, settled } = await setUp({ infoHash, infoBytes, peers: [listener.address] });
    connect(1);
    await settled();
    await expect
      .poll(async () => {
        await clock.advance(10);
        return listener.ended();
      })
      .toBe(1);
    await clock.advance(5_000);
    expect(listener.heard()).toHaveLength(1);
    await session.close();
  });

  it.each([true, false])(
    "wants what it does not know yet, of peers that come before the metadata (fast: %s)",
    async (supportsFast) => {
      const { metainfo } = await createTorrent();
      const { clock, session, connect, settled } = await setUp({ infoHash: metainfo.infoHash });
      const [seed, leecher] = [connect(1, supportsFast), connect(2, supportsFast)];
      const first = supportsFast ? [["haveNone"], ["interested"]] : [["interested"]];
      expect([seed.wire.take(), leecher.wire.take()]).toEqual([first, first]);
      seed.peer.onBitfield(Uint8Array.of(0xf0));
      seed.peer.onUnchoke();
      session.setDemand(1, { range: { start: 0, end: 16 * 1024 }, urgency: "now" });
      session.learn([], [], metainfo.infoBytes);
      await settled();
      // It was unchoked for what it hoped for, and says so again.
      expect(seed.wire.take().map(([name]) => name)).toEqual(["interested", "request"]);
      await clock.advance(2_000);
      expect(leecher.wire.take()).toEqual([["notInterested"]]);
      await session.close();
    },
  );

  it.each([
    ["nothing of a torrent that may be complete on the disk", false, []],
    ["all of one that was just added", true, [["interested"]]],
  ])("wants %s while its files are opened", async (_what, isNew, wanted) => {
    const { metainfo } = await createTorrent();
    const { infoHash, infoBytes } = metainfo;
    const { session, connect, settled } = await setUp({ infoHash, infoBytes, isNew });
    const { peer, wire } = connect(1);
    expect(wire.take()).toEqual([["haveNone"], ...wanted]);
    peer.onHaveNone();
    await settled();
    expect(wire.take().at(-1)).toEqual(["notInterested"]);
    await session.close();
  });

  it("wants the rest of whoever comes, and no longer once it says that it has nothing of it", async () => {
    const { metainfo } = await createTorrent();
    const { infoHash, infoBytes } = metainfo;
    const { session, connect, settled } = await setUp({ infoHash, infoBytes });
    await settled();
    const { peer, wire } = connect(1);
    expect(wire.take()).toEqual([["haveNone"], ["interested"]]);
    peer.onHaveNone();
    expect(wire.take()).toEqual([["notInterested"]]);
    peer.onHave(2);
    expect(wire.take()).toEqual([["interested"]]);
    await session.close();
  });
});
