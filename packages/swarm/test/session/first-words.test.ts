import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { HANDSHAKE_BYTES } from "../../src/wire/handshake.ts";
import { createTorrent, removeFolders, setUp } from "./session-setting.ts";

const BITFIELD_OF_NOTHING = [0, 0, 0, 2, 5, 0];
const INTERESTED = [0, 0, 0, 1, 2];

afterEach(removeFolders);

/** Takes connections, and never says a word. */
async function startListener() {
  const heard: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => heard.push(bytes));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: { host: "127.0.0.1", port },
    heard: (): Buffer => Buffer.concat(heard),
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

describe("what a session says to a peer before it knows what that has", () => {
  // It takes the connection before or after the files are open, as it comes: either way nothing is waited for.
  it("is what there is and that the rest is wanted, behind the handshake of a connection that it made", async () => {
    await using listener = await startListener();
    const { metainfo } = await createTorrent();
    const { infoHash, infoBytes } = metainfo;
    const { session } = await setUp({ infoHash, infoBytes, peers: [listener.address] });
    const words = Buffer.from([...BITFIELD_OF_NOTHING, ...INTERESTED]);
    await expect.poll(() => listener.heard().subarray(HANDSHAKE_BYTES)).toEqual(words);
    await session.close();
  });

  it("is nothing when all is there, or when it is not known what there is to have", async () => {
    await using listener = await startListener();
    const { metainfo, path } = await createTorrent();
    const { infoHash, infoBytes } = metainfo;
    for (const known of [{ infoBytes, seedPaths: [path] }, {}]) {
      const before = listener.heard().length;
      const { session, settled } = await setUp({ infoHash, ...known, peers: [listener.address] });
      await expect.poll(() => listener.heard().length).toBe(before + HANDSHAKE_BYTES);
      if (known.infoBytes !== undefined) await settled();
      await session.close();
      expect(listener.heard().length).toBe(before + HANDSHAKE_BYTES);
    }
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
