import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { mkdir, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { openLibrary } from "../../src/storage/index.ts";
import { libraryWorld } from "./library-world.ts";

const world = libraryWorld();
const { open } = world;

describe("the lock of a data folder", () => {
  let lockPath: string;
  beforeEach(() => {
    lockPath = join(world.data, ".riptide.lock");
  });
  const InUse = { code: "storage_failed", message: expect.stringMatching(/Another Riptide is using this data folder/) };

  it("keeps a second Riptide out until the first closes, and leaves nothing behind", async () => {
    const first = await open();
    await expect(openLibrary(world.data)).rejects.toMatchObject(InUse);
    expect(readdirSync(world.data)).toEqual([".riptide.lock"]);
    await first.close();
    expect(readdirSync(world.data)).toEqual([]);
    await open();
  });

  it("lets one of two in that open at the same time in one process", async () => {
    const openings = await Promise.allSettled([openLibrary(world.data), openLibrary(world.data)]);
    const opened = openings.flatMap((opening) => (opening.status === "fulfilled" ? [opening.value] : []));
    expect(opened).toHaveLength(1);
    await opened[0]?.close();
    expect(readdirSync(world.data)).toEqual([]);
  });

  it("is held by another process while it lives, and taken over once it was killed", async () => {
    const holder = await startHolder(world.data);
    await expect(openLibrary(world.data)).rejects.toMatchObject(InUse);
    holder.kill("SIGKILL");
    await once(holder, "exit");
    expect(readdirSync(world.data)).toEqual([".riptide.lock"]);
    expect((await open()).torrents()).toEqual([]);
    await expect(openLibrary(world.data)).rejects.toMatchObject(InUse);
  });

  it.each([
    { title: "of a process number that is not in use", owner: "4194305 x" },
    { title: "of an earlier process with our number", owner: `${process.pid} boot 1` },
    { title: "of an earlier process with the number of another", owner: "1 boot 1" },
    { title: "that names no process", owner: "-1 x" },
    { title: "that names no start", owner: `${process.pid}` },
    { title: "that is enormous", owner: "x".repeat(4000) },
    { title: "that is a file", owner: undefined },
  ])("is taken over if it is one $title", async ({ owner }) => {
    await mkdir(world.data);
    await (owner === undefined ? writeFile(lockPath, "") : symlink(owner, lockPath));
    await open();
    expect(await readlink(lockPath)).toMatch(new RegExp(`^${process.pid} \\S+ \\d+$`));
    expect(readdirSync(world.data)).toEqual([".riptide.lock"]);
  });

  it("is taken over by exactly one of many that try at once", async () => {
    await mkdir(world.data);
    await symlink("4194305 x", lockPath);
    const holders = await Promise.all(Array.from({ length: 6 }, () => tryHolder(world.data)));
    const winners = holders.filter((holder) => holder.didOpen);
    for (const { child } of holders) child.kill("SIGKILL");
    expect(winners).toHaveLength(1);
  });

  it("is not released by somebody who lost it", async () => {
    const first = await open();
    expect(await first.isHeld()).toBe(true);
    await rm(lockPath);
    await symlink("1 somebody else", lockPath);
    expect(await first.isHeld()).toBe(false);
    await first.close();
    expect(await readlink(lockPath)).toBe("1 somebody else");
  });
});

const HOLDER = new URL("lock-holder.ts", import.meta.url).pathname;

/** A process that opens the library and holds it; tells whether it could. */
async function tryHolder(folder: string): Promise<{ child: ReturnType<typeof spawn>; didOpen: boolean }> {
  const child = spawn(process.execPath, ["--import", "tsx", HOLDER, folder], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(child.stdout, "data");
  return { child, didOpen: String(line) === "open\n" };
}

async function startHolder(folder: string): Promise<ReturnType<typeof spawn>> {
  const { child, didOpen } = await tryHolder(folder);
  expect(didOpen).toBe(true);
  return child;
}
