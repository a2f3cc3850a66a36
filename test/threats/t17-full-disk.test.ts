import type { Torrent } from "@riptide/http";
import { expect, it } from "vitest";
import { sha256 } from "../support/sha256.ts";
import { ROOM_BYTES, startOnSmallDisk } from "../support/small-disk.ts";

/** Without a budget nothing may go: then what is there plays, and the rest waits for room (`test/faults/f10`). */
it("T17 where there is a budget, what was played makes way on a disk that others fill, before it is full", async () => {
  await using world = await startOnSmallDisk("--max-disk=64M");
  const { torrent, riptide, url, film } = world;
  const whole = new Uint8Array(await (await fetch(film)).arrayBuffer());
  expect(sha256(whole)).toBe(sha256(torrent.bytes));
  const after = (await (await fetch(`${url}/api/torrents/${torrent.infoHash}`)).json()) as Torrent;
  expect(after.error ?? null).toBe(null);
  expect(after.verifiedBytes).toBeLessThan(ROOM_BYTES);
  expect(riptide.stderr()).toBe("");
});
