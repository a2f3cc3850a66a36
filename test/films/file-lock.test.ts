import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withFileLock } from "./file-lock.ts";

describe("withFileLock", () => {
  let directory: string;
  let lockPath: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "riptide-lock-"));
    lockPath = join(directory, "film.lock");
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("lets one action run at a time, and leaves no file behind", async () => {
    let running = 0;
    const most: number[] = [];
    const action = async (): Promise<void> => {
      running += 1;
      most.push(running);
      await delay(20);
      running -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withFileLock(lockPath, action)));
    expect(most).toEqual([1, 1, 1]);
    expect(await readdir(directory)).toEqual([]);
  });

  it("is free again after an action that fails", async () => {
    const failure = new Error("ffmpeg is missing");
    await expect(withFileLock(lockPath, () => Promise.reject(failure))).rejects.toBe(failure);
    await withFileLock(lockPath, async () => expect(await readdir(directory)).toEqual(["film.lock"]));
  });

  it("takes over the lock of a process that has died", async () => {
    const child = spawn("true");
    await once(child, "exit");
    await writeFile(lockPath, String(child.pid));
    const ran: string[] = [];
    await withFileLock(lockPath, async () => void ran.push("ran"));
    expect(ran).toEqual(["ran"]);
  });

  it("rejects where no file can be written", async () => {
    const nowhere = join(directory, "missing", "film.lock");
    await expect(withFileLock(nowhere, () => Promise.resolve())).rejects.toMatchObject({ code: "ENOENT" });
  });
});
