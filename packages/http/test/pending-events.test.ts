import type { TorrentStatus } from "@riptide/core";
import { expect, test } from "vitest";
import { PendingEvents } from "../src/pending-events.ts";

const NOTHING = { torrents: [], engine: { state: "running", restarts: 0 } } as const;

function torrent(number: number, downloadedBytes = 0): TorrentStatus {
  return {
    infoHash: number.toString(16).padStart(40, "0"),
    name: `Torrent ${number}`,
    state: "ready",
    files: [],
    sizeBytes: 0,
    pieceLengthBytes: 0,
    verifiedBytes: 0,
    downloadedBytes,
    uploadedBytes: 0,
    downloadBytesPerSecond: 0,
    uploadBytesPerSecond: 0,
    connectedPeers: 0,
    knownPeers: 0,
    activeDemands: 0,
    error: undefined,
  };
}

function afterSnapshot(): PendingEvents {
  const pending = new PendingEvents();
  pending.take(() => NOTHING);
  return pending;
}

test("what happens before the snapshot is sent is in the snapshot, and not told twice", () => {
  const pending = new PendingEvents();
  pending.add({ type: "added", torrent: torrent(1) });
  expect(pending.take(() => NOTHING)?.name).toBe("snapshot");
  expect(pending.take(() => NOTHING)).toBeUndefined();
});

test.each([
  [["added", "updated"], { name: "added", data: { downloadedBytes: 1 } }],
  [["updated", "updated"], { name: "updated", data: { downloadedBytes: 1 } }],
  [["added", "removed"], { name: "removed", data: { infoHash: torrent(1).infoHash } }],
  [["removed", "added"], { name: "added", data: { downloadedBytes: 1 } }],
  [["updated", "removed", "added", "updated"], { name: "added", data: { downloadedBytes: 3 } }],
] as const)("of %j the client hears only the outcome, with the latest numbers", (types, told) => {
  const pending = afterSnapshot();
  types.forEach((type, index) => {
    const latest = torrent(1, index);
    pending.add(type === "removed" ? { type, infoHash: latest.infoHash } : { type, torrent: latest });
  });
  expect([...drain(pending)]).toEqual([expect.objectContaining({ ...told, data: expect.objectContaining(told.data) })]);
});

test("more news than a client may have waiting becomes one snapshot", () => {
  const pending = afterSnapshot();
  for (let number = 0; number < 1000; number += 1) pending.add({ type: "added", torrent: torrent(number) });
  expect([...drain(pending)]).toHaveLength(1000);
  for (let number = 0; number < 1500; number += 1) pending.add({ type: "added", torrent: torrent(number) });
  expect([...drain(pending)].map(({ name }) => name)).toEqual(["snapshot"]);
});

function* drain(pending: PendingEvents) {
  for (let event = pending.take(() => NOTHING); event !== undefined; event = pending.take(() => NOTHING)) yield event;
}
