import type { TorrentStatus, ViewingEvent } from "@riptide/core";
import { expect, test } from "vitest";
import { PendingEvents } from "../src/pending-events.ts";

const NOTHING = { torrents: [], engine: { state: "running", restarts: 0 } } as const;

function torrent(number: number, downloadedBytes = 0): TorrentStatus {
  return {
    infoHash: number.toString(16).padStart(40, "0"),
    name: `Torrent ${number}`,
    state: "ready",
    addedAtMs: 0,
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

/** With files of 100 bytes each, of which so many are there. */
function withFiles(verifiedBytes: readonly number[]): TorrentStatus {
  const files = verifiedBytes.map((verified, index) => ({
    index,
    path: `${index}.mkv`,
    lengthBytes: 100,
    verifiedBytes: verified,
  }));
  return { ...torrent(1), files };
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

test("an update tells of the files that are new or have changed since the client was last told", () => {
  const pending = new PendingEvents();
  const filesTold = (status: TorrentStatus): unknown => {
    pending.add({ type: "updated", torrent: status });
    const event = pending.take(() => ({ ...NOTHING, torrents: [status] }));
    const told =
      event?.name === "snapshot" ? event.data.torrents[0] : event?.name === "updated" ? event.data : undefined;
    return told?.files.map(({ index, verifiedBytes }) => [index, verifiedBytes]);
  };
  expect(filesTold(torrent(1))).toEqual([]);
  expect(filesTold(withFiles([0, 0, 0]))).toEqual([
    [0, 0],
    [1, 0],
    [2, 0],
  ]);
  // What is not taken in between is not lost.
  pending.add({ type: "updated", torrent: withFiles([0, 50, 0]) });
  expect(filesTold(withFiles([0, 50, 100]))).toEqual([
    [1, 50],
    [2, 100],
  ]);
  expect(filesTold(withFiles([0, 50, 100]))).toEqual([]);
  pending.add({ type: "removed", infoHash: torrent(1).infoHash });
  pending.take(() => NOTHING);
  pending.add({ type: "added", torrent: withFiles([0, 50, 100]) });
  expect(pending.take(() => NOTHING)).toMatchObject({ name: "added", data: { files: [{}, {}, {}] } });
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

test("of each viewing only the latest is told, and too many become one snapshot", () => {
  const pending = afterSnapshot();
  for (const positionSeconds of [1, 2]) pending.add(watched(0, positionSeconds));
  pending.add(watched(1, 3));
  pending.add({ type: "viewingRemoved", infoHash: "a".repeat(40), index: 1 });
  expect(pending.take(() => NOTHING)).toMatchObject({ name: "viewing", data: { index: 0, positionSeconds: 2 } });
  expect(pending.take(() => NOTHING)).toEqual({ name: "viewingRemoved", data: { infoHash: "a".repeat(40), index: 1 } });
  expect(pending.take(() => NOTHING)).toBeUndefined();
  for (let index = 0; index <= 1000; index += 1) pending.add(watched(index, 1));
  expect(pending.take(() => NOTHING)?.name).toBe("snapshot");
  expect(pending.take(() => NOTHING)).toBeUndefined();
});

function watched(index: number, positionSeconds: number): ViewingEvent {
  return { type: "viewing", viewing: { infoHash: "a".repeat(40), index, positionSeconds, watchedAtMs: 0 } };
}
