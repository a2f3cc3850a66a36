import { expect, test } from "vitest";
import { isAlone, phaseOf, type StartState } from "../../src/watch/start-phase.ts";

const READY: StartState = {
  torrentState: "ready",
  connectedPeers: 3,
  isWhole: false,
  isMediaKnown: false,
  isOpened: false,
};

test("A start goes from the metadata over peers, the head and the index to the first fragment", () => {
  expect(phaseOf({ ...READY, torrentState: undefined })).toBe("metadata");
  expect(phaseOf({ ...READY, torrentState: "metadata" })).toBe("metadata");
  expect(phaseOf({ ...READY, connectedPeers: 0 })).toBe("peers");
  expect(phaseOf(READY)).toBe("head");
  expect(phaseOf({ ...READY, isMediaKnown: true })).toBe("index");
  expect(phaseOf({ ...READY, isMediaKnown: true, isOpened: true })).toBe("fragment");
});

test("What is there needs no peers", () => {
  expect(phaseOf({ ...READY, connectedPeers: 0, isWhole: true })).toBe("head");
  expect(isAlone({ connectedPeers: 0, isWhole: true, waitedMs: 60_000 })).toBe(false);
});

test("After half a minute without anybody, it is time to say so", () => {
  expect(isAlone({ connectedPeers: 0, isWhole: false, waitedMs: 29_000 })).toBe(false);
  expect(isAlone({ connectedPeers: 0, isWhole: false, waitedMs: 31_000 })).toBe(true);
  expect(isAlone({ connectedPeers: 1, isWhole: false, waitedMs: 31_000 })).toBe(false);
});
