import type { ViewingEvent, ViewingStore } from "@riptide/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

export interface ViewingStoreHarness extends AsyncDisposable {
  readonly store: ViewingStore;
}

const FILM = "a".repeat(40);
const OTHER = "b".repeat(40);
/** What every store holds at least, and far less than twice of it. */
const ENOUGH = 1000;

/** What every `ViewingStore` owes its callers. `wallClockMs` tells the time that the store is to note. */
export function viewingStoreConformance(
  describeName: string,
  create: (wallClockMs: () => number) => Promise<ViewingStoreHarness>,
): void {
  describe(`${describeName} as a ViewingStore`, () => {
    let nowMs: number;
    let harness: ViewingStoreHarness;
    let store: ViewingStore;
    let events: ViewingEvent[];

    beforeEach(async () => {
      nowMs = 1_700_000_000_000;
      harness = await create(() => nowMs);
      store = harness.store;
      events = [];
      store.subscribe((event) => events.push(event));
    });
    afterEach(() => harness[Symbol.asyncDispose]());

    it("begins with nothing", () => {
      expect(store.list()).toEqual([]);
    });

    it("lists what was recorded with the time, and says so", () => {
      const told = { ...at(12.5), durationSeconds: 60, audio: 1, subtitle: "file-3" };
      const recorded = store.record(told);
      expect(recorded).toEqual({ ...told, watchedAtMs: nowMs });
      expect(store.list()).toEqual([recorded]);
      expect(events).toEqual([{ type: "viewing", viewing: recorded }]);
    });

    it("keeps one of each file, the latest first, even if the clock of the wall goes back", () => {
      store.record(at(1));
      store.record(at(2, FILM, 1));
      nowMs -= 60_000;
      store.record(at(3, OTHER));
      store.record({ ...at(4), subtitle: "x" });
      expect(store.list().map(({ positionSeconds }) => positionSeconds)).toEqual([4, 3, 2]);
      store.record(at(5));
      expect(store.list()[0]).toEqual({ ...at(5), watchedAtMs: nowMs }); // nothing of the older one is left
    });

    it("forgets one file, or a whole torrent, and tells how many", () => {
      for (const index of [0, 1, 2]) store.record(at(index, FILM, index));
      store.record(at(9, OTHER));
      events.length = 0;
      expect(store.forget(FILM, 1)).toBe(1);
      expect(store.forget(FILM, 1)).toBe(0);
      expect(events).toEqual([{ type: "viewingRemoved", infoHash: FILM, index: 1 }]);
      expect(store.forget(FILM)).toBe(2);
      expect(store.list()).toMatchObject([{ infoHash: OTHER }]);
    });

    it("is bounded: the oldest makes way, and that is told", () => {
      for (let index = 0; index < ENOUGH * 2; index += 1) store.record(at(index, FILM, index));
      const kept = store.list().length;
      expect(kept).toBeGreaterThanOrEqual(ENOUGH);
      expect(kept).toBeLessThan(ENOUGH * 2);
      expect(store.list().at(-1)?.index).toBe(ENOUGH * 2 - kept);
      const removed = events.filter(({ type }) => type === "viewingRemoved");
      expect(removed).toHaveLength(ENOUGH * 2 - kept);
      expect(removed[0]).toMatchObject({ infoHash: FILM, index: 0 });
    });

    it("tells nothing to those who do not listen any more", () => {
      const heard: ViewingEvent[] = [];
      const subscription = store.subscribe((event) => heard.push(event));
      store.record(at(1));
      subscription[Symbol.dispose]();
      store.record(at(2));
      expect(heard).toHaveLength(1);
    });

    it("does not change what it has handed out", () => {
      store.record(at(1));
      const before = store.list();
      store.record(at(2));
      expect(before).toMatchObject([at(1)]);
    });
  });
}

function at(positionSeconds: number, infoHash = FILM, index = 0) {
  return { infoHash, index, positionSeconds };
}
