import { afterEach, describe, expect, it } from "vitest";
import { createTorrent, removeFolders, setUp } from "./session-setting.ts";

afterEach(removeFolders);

describe("what a session says to a peer before it knows what that has", () => {
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
