import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import fs, { mkdir, readFile, readlink, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { InvariantError } from "@riptide/core";
import { beforeEach, describe, expect, it } from "vitest";
import { type Library, openLibrary, type StoredTorrent } from "../../src/storage/index.ts";
import { injectFileFaults, systemError } from "./file-faults.ts";
import { libraryWorld } from "./library-world.ts";

const INFO = Buffer.from("d4:name4:film12:piece lengthi16384ee");
const HASH = createHash("sha1").update(INFO).digest("hex");
const OTHER_HASH = "0".repeat(39) + "a";
const FILM: StoredTorrent = {
  infoHash: HASH,
  infoBytes: INFO,
  trackers: [["http://a/announce", "udp://b:80"], ["http://c/announce"]],
  peers: [
    { host: "10.0.0.1", port: 6881 },
    { host: "2001:db8::1", port: 1 },
  ],
  provenPeers: [{ host: "10.0.0.2", port: 6882 }],
  webSeeds: ["https://mirror.example/films/"],
  isLocal: true,
  displayName: "Der Film – ☂",
  addedAtMs: 1_700_000_000_000,
};
const MAGNET: StoredTorrent = {
  infoHash: OTHER_HASH,
  infoBytes: undefined,
  trackers: [],
  peers: [],
  provenPeers: [],
  webSeeds: [],
  isLocal: false,
  displayName: undefined,
  addedAtMs: 1_600_000_000_000,
};

const world = libraryWorld();
const { open, reopen } = world;

describe("what a library remembers", () => {
  it("is there after a restart, the first added first", async () => {
    const first = await open();
    expect(first.torrents()).toEqual([]);
    await first.save(FILM);
    await first.save(MAGNET);
    expect(first.torrents()).toEqual([MAGNET, FILM]);
    const stored = (await reopen()).torrents();
    expect(
      stored.map((torrent) => ({ ...torrent, infoBytes: torrent.infoBytes && Buffer.from(torrent.infoBytes) })),
    ).toEqual([MAGNET, FILM]);
  });

  it("changes with what is saved, and an info dictionary that came late is kept", async () => {
    const first = await open();
    await first.save({ ...FILM, infoBytes: undefined });
    await first.save(FILM);
    await first.save({ ...FILM, infoBytes: undefined, peers: [] });
    expect(first.torrents()).toEqual([{ ...FILM, peers: [] }]);
    const [stored] = (await reopen()).torrents();
    expect(stored?.peers).toEqual([]);
    expect(Buffer.from(stored?.infoBytes ?? [])).toEqual(INFO);
  });

  it("lies in a folder named by the info hash", async () => {
    const opened = await open();
    expect(opened.directoryOf(HASH)).toBe(join(world.data, HASH));
    await opened.save(FILM);
    expect(readdirSync(join(world.data, HASH, ".riptide")).sort()).toEqual(["info", "torrent.json"]);
    expect(await readFile(join(world.data, HASH, ".riptide", "info"))).toEqual(INFO);
  });

  it("is never asked for by anything but an info hash", async () => {
    const opened = await open();
    for (const name of ["..", "../escape", "", HASH.toUpperCase(), `${HASH}/x`]) {
      expect(() => opened.directoryOf(name)).toThrow(InvariantError);
      await expect(opened.remove(name, { deleteData: true })).rejects.toThrow(InvariantError);
      await expect(opened.save({ ...FILM, infoHash: name })).rejects.toThrow(InvariantError);
    }
  });

  it("does not hold what could not be written", async () => {
    const opened = await open();
    await opened.save(MAGNET);
    const faults = await injectFileFaults();
    faults.before = (call) => {
      if (call === "write torrent.json.tmp") throw systemError("ENOSPC");
    };
    await expect(opened.save({ ...MAGNET, displayName: "New" })).rejects.toMatchObject({ code: "disk_full" });
    await expect(opened.save(FILM)).rejects.toMatchObject({ code: "disk_full" });
    faults.restore();
    expect(opened.torrents()).toEqual([MAGNET]);
    expect((await reopen()).torrents()).toEqual([MAGNET]);
  });

  // They are written side by side: what one of them fails at, the other may be in the middle of.
  it.each(["write info.tmp", "sync info.tmp", "write torrent.json.tmp", "sync torrent.json.tmp"])(
    "leaves nothing half done when `%s` fails, and is written as a whole once there is room",
    async (failing) => {
      const opened = await open();
      const faults = await injectFileFaults();
      faults.before = (call) => {
        if (call === failing) throw systemError("ENOSPC");
      };
      await expect(opened.save(FILM)).rejects.toMatchObject({ code: "disk_full" });
      faults.restore();
      expect(readdirSync(join(world.data, HASH, ".riptide"))).toEqual([]);
      await opened.save(FILM);
      expect((await reopen()).torrents().map(({ infoBytes }) => Buffer.from(infoBytes ?? []))).toEqual([INFO]);
    },
  );

  it("is durable once it is saved: its files, and the folders on the way to them", async () => {
    const opened = await open();
    const faults = await injectFileFaults();
    await opened.save(FILM);
    const whatIsNew = [...faults.log];
    faults.log.length = 0;
    await opened.save({ ...FILM, displayName: "New" });
    faults.restore();
    expect(whatIsNew.filter((call) => call.startsWith("sync")).sort()).toEqual(
      ["sync .riptide", `sync ${HASH}`, "sync data", "sync info.tmp", "sync torrent.json.tmp"].sort(),
    );
    // The names last, of files that are written.
    expect(whatIsNew.indexOf("sync .riptide")).toBeGreaterThan(whatIsNew.indexOf("sync info.tmp"));
    expect(whatIsNew.indexOf("sync .riptide")).toBeGreaterThan(whatIsNew.indexOf("sync torrent.json.tmp"));
    expect(faults.log).toEqual(["write torrent.json.tmp", "sync torrent.json.tmp", "sync .riptide"]);
  });

  it("is not written through a folder that is a link", async () => {
    const opened = await open();
    const victim = join(world.folder, "victim");
    await mkdir(victim);
    await symlink(victim, join(world.data, HASH));
    await expect(opened.save(FILM)).rejects.toMatchObject({ code: "storage_failed" });
    expect(readdirSync(victim)).toEqual([]);
    await opened.remove(HASH, { deleteData: false });
    expect(await readlink(join(world.data, HASH))).toBe(victim);
  });
});

describe("a library whose files were changed", () => {
  beforeEach(async () => {
    const opened = await open();
    await opened.save(FILM);
    await opened.save(MAGNET);
    await opened.close();
  });

  it("ignores everything that it did not make", async () => {
    await mkdir(join(world.data, "f".repeat(40)));
    await mkdir(join(world.data, "lost+found"));
    await mkdir(join(world.data, "A".repeat(40), ".riptide"), { recursive: true });
    await mkdir(join(world.data, "e".repeat(40), ".riptide", "torrent.json"), { recursive: true });
    await writeFile(join(world.data, "d".repeat(40)), "a file");
    await symlink(join(world.data, HASH), join(world.data, "c".repeat(40)));
    await mkdir(join(world.data, "b".repeat(40)));
    await symlink(join(world.data, HASH, ".riptide"), join(world.data, "b".repeat(40), ".riptide"));
    expect((await open()).torrents().map(({ infoHash }) => infoHash)).toEqual([OTHER_HASH, HASH]);
  });

  it.each([
    { title: "empty", text: "" },
    { title: "cut off", text: '{"version":1,"trackers":[["http' },
    { title: "not an object", text: "[]" },
    { title: "of another version", text: '{"version":2,"trackers":[],"peers":[],"addedAtMs":1}' },
    { title: "without trackers", text: '{"version":1,"peers":[],"addedAtMs":1}' },
    { title: "with trackers that are none", text: '{"version":1,"trackers":[[1]],"peers":[],"addedAtMs":1}' },
    { title: "with a peer without a port", text: '{"version":1,"trackers":[],"peers":[{"host":"a"}],"addedAtMs":1}' },
    {
      title: "with a port that is none",
      text: '{"version":1,"trackers":[],"peers":[{"host":"a","port":65536}],"addedAtMs":1}',
    },
    {
      title: "with proven peers that are none",
      text: '{"version":1,"trackers":[],"peers":[],"provenPeers":1,"addedAtMs":1}',
    },
    {
      title: "with web seeds that are none",
      text: '{"version":1,"trackers":[],"peers":[],"webSeeds":[1],"addedAtMs":1}',
    },
    { title: "with a trust that is none", text: '{"version":1,"trackers":[],"peers":[],"isLocal":1,"addedAtMs":1}' },
    { title: "with a time that is none", text: '{"version":1,"trackers":[],"peers":[],"addedAtMs":"now"}' },
    { title: "with a name that is none", text: '{"version":1,"trackers":[],"peers":[],"addedAtMs":1,"displayName":5}' },
    { title: "enormous", text: `"${"x".repeat(1024 * 1024)}"` },
  ])("still lists a torrent whose record is $title, and keeps a copy of it", async ({ text }) => {
    const path = join(world.data, HASH, ".riptide", "torrent.json");
    await writeFile(path, text);
    await utimes(path, 1_500_000_000, 1_500_000_000);
    for (let start = 0; start < 2; start += 1) {
      const [torrent] = (await reopen()).torrents();
      expect(torrent).toMatchObject({
        infoHash: HASH,
        trackers: [],
        peers: [],
        displayName: undefined,
        addedAtMs: 1_500_000_000_000,
      });
      expect(torrent?.infoBytes).toHaveLength(INFO.length);
    }
    expect(await readFile(`${path}.corrupt`, "utf8")).toBe(text);
    await world.library?.save(FILM);
    expect((await reopen()).torrents()[1]).toMatchObject({ displayName: FILM.displayName });
  });

  it("puts an info dictionary aside that is not the torrent's, and waits for the right one", async () => {
    const path = join(world.data, HASH, ".riptide", "info");
    await writeFile(path, "d4:name4:evile");
    const opened = await open();
    expect(opened.torrents()[1]).toMatchObject({ infoHash: HASH, infoBytes: undefined, displayName: FILM.displayName });
    expect(await readFile(`${path}.corrupt`, "utf8")).toBe("d4:name4:evile");
    await opened.save(FILM);
    expect(Buffer.from((await reopen()).torrents()[1]?.infoBytes ?? [])).toEqual(INFO);
  });
});

describe("removing a torrent", () => {
  let opened: Library;
  beforeEach(async () => {
    opened = await open();
    await opened.save(FILM);
    await writeFile(join(world.data, HASH, "film.mkv"), "bytes");
  });

  it("keeps its files unless told otherwise", async () => {
    await opened.remove(HASH, { deleteData: false });
    expect(readdirSync(join(world.data, HASH))).toEqual(["film.mkv"]);
    expect(opened.torrents()).toEqual([]);
    expect((await reopen()).torrents()).toEqual([]);
  });

  it("takes the folder away too if it is empty then", async () => {
    await rm(join(world.data, HASH, "film.mkv"));
    await opened.remove(HASH, { deleteData: false });
    expect(existsSync(join(world.data, HASH))).toBe(false);
  });

  it("deletes everything in its folder, and follows no link out of it", async () => {
    const victim = join(world.folder, "victim");
    await mkdir(victim);
    await writeFile(join(victim, "precious"), "");
    await symlink(victim, join(world.data, HASH, "folder"));
    await symlink(join(victim, "precious"), join(world.data, HASH, "file"));
    await opened.remove(HASH, { deleteData: true });
    expect(existsSync(join(world.data, HASH))).toBe(false);
    expect(readdirSync(victim)).toEqual(["precious"]);
  });

  it.each([true, false])("follows no link that took the place of its folder (deleteData: %s)", async (deleteData) => {
    const victim = join(world.folder, "victim");
    await mkdir(join(victim, ".riptide"), { recursive: true });
    await writeFile(join(victim, ".riptide", "torrent.json"), "");
    await rm(join(world.data, HASH), { recursive: true });
    await symlink(victim, join(world.data, HASH));
    await opened.remove(HASH, { deleteData });
    expect(readdirSync(join(victim, ".riptide"))).toEqual(["torrent.json"]);
    expect(opened.torrents()).toEqual([]);
  });

  it("follows no link that took the place of its state", async () => {
    const victim = join(world.folder, "victim");
    await mkdir(victim);
    await writeFile(join(victim, "torrent.json"), "");
    await rm(join(world.data, HASH, ".riptide"), { recursive: true });
    await symlink(victim, join(world.data, HASH, ".riptide"));
    await opened.remove(HASH, { deleteData: false });
    expect(readdirSync(victim)).toEqual(["torrent.json"]);
    expect(readdirSync(join(world.data, HASH))).toEqual(["film.mkv"]);
  });

  it("does nothing for one that is not there", async () => {
    await opened.remove(OTHER_HASH, { deleteData: true });
    expect(opened.torrents()).toEqual([FILM]);
  });

  it("wins over a save that began before it", async () => {
    const saving = opened.save({ ...FILM, displayName: "New" });
    const removing = opened.remove(HASH, { deleteData: true });
    await Promise.all([saving, removing]);
    expect(existsSync(join(world.data, HASH))).toBe(false);
  });
});

describe("a data folder", () => {
  it("is created with the folders around it", async () => {
    world.data = join(world.folder, "not", "yet", "there");
    expect((await open()).torrents()).toEqual([]);
  });

  it.each([
    { title: "is a file", plant: (path: string) => writeFile(path, ""), within: "" },
    { title: "would lie in a file", plant: (path: string) => writeFile(path, ""), within: "data" },
    { title: "is a link to nothing", plant: (path: string) => symlink("/nonexistent/folder", path), within: "" },
  ])("is refused with a sentence that says so when it $title", async ({ plant, within }) => {
    await plant(world.data);
    const opening = openLibrary(join(world.data, within));
    await expect(opening).rejects.toMatchObject({ name: "StreamError", code: "storage_failed" });
    await expect(opening).rejects.toThrow(/not a folder/);
  });

  it("is refused when nothing can be written there", async () => {
    // sysfs: nobody, root included, creates a folder there.
    const opening = openLibrary("/sys/riptide");
    await expect(opening).rejects.toMatchObject({
      code: "storage_failed",
      message: expect.stringMatching(/permission/),
    });
  });

  it("opens on a disk that is full: not even its lock is written", async () => {
    const faults = await injectFileFaults();
    faults.before = () => {
      throw systemError("ENOSPC");
    };
    await open();
    faults.restore();
    expect(readdirSync(world.data)).toEqual([".riptide.lock"]);
    // Longer targets take a block of their own on ext4.
    expect((await readlink(join(world.data, ".riptide.lock"))).length).toBeLessThan(60);
  });

  it("is refused as disk_full where not even a name fits", async () => {
    const makeLink = fs.symlink;
    const replace = (replacement: typeof makeLink): void => {
      Object.assign(fs, { symlink: replacement });
      syncBuiltinESMExports();
    };
    replace(() => Promise.reject(systemError("ENOSPC")));
    await expect(open()).rejects.toMatchObject({ code: "disk_full", message: expect.stringMatching(/start .* again/) });
    replace(makeLink);
  });
});
