import { expect } from "vitest";
import type { AnnounceRequest } from "../../src/discovery/tracker.ts";

/** An announce with every field told apart, some of them changed. */
export function announceRequest(changes: Partial<AnnounceRequest> & { readonly url: string }): AnnounceRequest {
  return {
    infoHash: "00ff20417e".repeat(4),
    peerId: new TextEncoder().encode("-RT0001-abcdefghWXYZ"),
    port: 6_881,
    uploadedBytes: 11,
    downloadedBytes: 2 ** 40,
    leftBytes: 33,
    wantedPeers: 50,
    reach: "anywhere",
    signal: new AbortController().signal,
    ...changes,
  };
}

/** Starts to listen at once, so that the failure may come while the test lets time pass. */
export async function expectUnreachable(announcing: Promise<unknown>): Promise<void> {
  await expect(announcing).rejects.toMatchObject({ name: "TrackerError", kind: "unreachable" });
}
