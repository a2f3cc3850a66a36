import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { VIEWINGS_LIMIT } from "@riptide/core";
import { viewingStoreConformance } from "@riptide/sim/conformance";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openViewingFile, type ViewingFile } from "../../src/index.ts";
import { injectFileFaults, systemError } from "./file-faults.ts";
import { StorageBench } from "./sample-torrent.ts";

const FILM = "a".repeat(40);
const WATCHED = {
  infoHash: FILM,
  index: 3,
  positionSeconds: 90.5,
  durationSeconds: 5400,
  audio: 1,
  subtitle: "file-2",
};

viewingStoreConformance("viewings on the disk", async (wallClockMs) => {
  const bench = await StorageBench.create();
  const store = await openViewingFile(bench.data, { wallClockMs });
  return {
    store,
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await bench.dispose();
    },
  };
});

describe("viewings on the disk", () => {
  let bench: StorageBench;
  let viewings: ViewingFile;
  let failures: string[];
  const open = () =>
    openViewingFile(bench.data, { wallClockMs: () => 1_700_000_000_000, log: (message) => failures.push(message) });
  const path = () => join(bench.data, "viewings.json");
  const fromDisk = async (): Promise<number> => JSON.parse(await readFile(path(), "utf8")).viewings.length;

  beforeEach(async () => {
    failures = [];
    bench = await StorageBench.create();
    await mkdir(bench.data, { recursive: true });
    viewings = await open();
  });
  afterEach(async () => {
    await viewings.close();
    await bench.dispose();
  });

  test("are there after a restart, in their order", async () => {
    viewings.record({ infoHash: FILM, index: 0, positionSeconds: 1 });
    viewings.record(WATCHED);
    viewings.record({ infoHash: FILM, index: 1, positionSeconds: 2 });
    viewings.forget(FILM, 1);
    const before = viewings.list();
    await viewings.close();
    viewings = await open();
    expect(viewings.list()).toEqual(before);
    expect(before).toMatchObject([WATCHED, { index: 0 }]);
    expect(failures).toEqual([]);
  });

  test("as many as are kept, with names as long as they may be, are there after a restart", async () => {
    for (let index = 0; index < VIEWINGS_LIMIT; index += 1) {
      viewings.record({ ...WATCHED, index, subtitle: "\u0001".repeat(200) });
    }
    await viewings.close();
    viewings = await open();
    expect(viewings.list()).toHaveLength(VIEWINGS_LIMIT);
  });

  test("are written without being asked to, many changes at once", async () => {
    const faults = await injectFileFaults();
    try {
      for (let index = 0; index < 100; index += 1) viewings.record({ ...WATCHED, index });
      await expect.poll(() => fromDisk().catch(() => 0)).toBe(100);
      await viewings.close();
      expect(faults.log.filter((entry) => entry === "sync viewings.json.tmp").length).toBeLessThanOrEqual(2);
    } finally {
      faults.restore();
    }
  });

  test("that a full disk does not take are written with the next change, or at the end", async () => {
    const faults = await injectFileFaults();
    try {
      faults.before = (call) => {
        if (call === "write viewings.json.tmp") throw systemError("ENOSPC");
      };
      viewings.record(WATCHED);
      await expect.poll(() => failures).toEqual(["What was watched could not be kept"]);
      expect(viewings.list()).toMatchObject([WATCHED]);
      expect(await readdir(bench.data)).toEqual([]);
      faults.before = () => undefined;
      await viewings.close();
      expect(await fromDisk()).toBe(1);
    } finally {
      faults.restore();
    }
  });

  test.each([
    ["no JSON", "{"],
    ["another version", '{"version":2,"viewings":[]}'],
    ["no list", '{"version":1,"viewings":{}}'],
    ["no viewing", '{"version":1,"viewings":[null]}'],
    ["no info hash", JSON.stringify({ version: 1, viewings: [{ ...WATCHED, watchedAtMs: 1, infoHash: "../x" }] })],
    ["no time", JSON.stringify({ version: 1, viewings: [{ ...WATCHED, watchedAtMs: 1, positionSeconds: "9" }] })],
    ["no date", JSON.stringify({ version: 1, viewings: [{ ...WATCHED, watchedAtMs: 9e15 }] })],
    ["more than we would write", " ".repeat(3_000_000)],
  ])("that are %s are put aside", async (_title, content) => {
    await writeFile(path(), content);
    const opened = await open();
    expect(opened.list()).toEqual([]);
    expect(await readdir(bench.data)).toEqual(["viewings.json.corrupt"]);
    opened.record(WATCHED);
    await opened.close();
    expect(await fromDisk()).toBe(1);
  });

  test("are never read or written through a link", async () => {
    const elsewhere = join(bench.data, "elsewhere");
    await writeFile(elsewhere, JSON.stringify({ version: 1, viewings: [{ ...WATCHED, watchedAtMs: 1 }] }));
    await symlink(elsewhere, path());
    const opened = await open();
    expect(opened.list()).toEqual([]);
    opened.record({ ...WATCHED, index: 9 });
    await opened.close();
    expect(await readFile(elsewhere, "utf8")).toContain('"index":3');
  });
});
