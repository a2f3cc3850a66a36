import { chmod, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { clockFrom } from "@riptide/core";
import { discoverFfmpeg, type FfmpegInstallation } from "@riptide/transcode";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { films } from "../films/films.ts";
import { prepareFilms } from "../films/prepare-films.ts";
import { readBody } from "../support/bundled-riptide.ts";
import { type SharedFilm, shareFilm } from "../support/film-torrent.ts";
import { type ServedEngine, serveEngine } from "../support/served-engine.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { never } from "../support/test-engine.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const FILM = "mkv-h264-bframes-ac3-ass";
/** A process that could work and does not is given 20 seconds: here five, as a busy machine takes two to start it. */
const SPEED = 4;
const fast = clockFrom({
  nowMs: () => performance.now() * SPEED,
  setTimeout: (callback, ms) => setTimeout(callback, ms / SPEED),
  clearTimeout,
});
/** What no other process on this machine sleeps. */
const MARK = "7654.321";
const MIB = 1024 * 1024;

describeWith("ffmpeg", "libtorrent")("F14 an ffmpeg", () => {
  prepareFilms(FILM);

  let folder: TemporaryFolder;
  let film: SharedFilm;
  let ffmpeg: FfmpegInstallation;
  let real = "";
  let us: ServedEngine;
  /** What this process has started that is no ffmpeg. */
  let others: ReadonlySet<string>;
  beforeAll(async () => {
    folder = await temporaryFolder("ffmpeg");
    film = await shareFilm(FILM);
    real = (await discoverFfmpeg({ signal: never }))!.path;
    await play("exit 1");
    ffmpeg = (await discoverFfmpeg({ path: join(folder.path, "ffmpeg"), signal: never }))!;
    us = await serveEngine({ http: { clock: fast, ffmpeg } });
    await us.engine.add(film.magnet, { signal: never });
    // All of it is there, so that nothing but ffmpeg is waited for.
    await readBody(`${us.url}/stream/${film.infoHash}/0/direct`);
    others = new Set(await descendants());
  });
  beforeEach(() => void us.log.splice(0));
  afterAll(async () => {
    for (const opened of [us, film, folder]) await opened[Symbol.asyncDispose]();
  });

  /** From now on ffmpeg does this where it is asked to convert something. */
  async function play(script: string): Promise<void> {
    const path = join(folder.path, "ffmpeg");
    const text = `#!/bin/sh\nreal=${real}\ncase "$*" in *pipe:*) ;; *) exec $real "$@" ;; esac\n${script}\n`;
    await writeFile(`${path}.new`, text);
    await chmod(`${path}.new`, 0o755);
    await rename(`${path}.new`, path);
  }

  const converted = () => `${us.url}/stream/${film.infoHash}/0/remux.mp4?sound=aac`;

  it.each([
    ["that ends with exit code 1", "echo oops >&2; exit 1", 502, "ffmpeg_failed"],
    ["that crashes", "kill -SEGV $$", 502, "ffmpeg_failed"],
    ["that writes no film", "head -c 1000000 /dev/urandom", 502, "ffmpeg_failed"],
    ["that writes no film, without end", "exec cat /dev/urandom", 502, "ffmpeg_failed"],
    ["that complains in megabytes and ends", "yes error | head -c 30000000 >&2; exit 1", 502, "ffmpeg_failed"],
    ["that is stopped", "kill -STOP $$", 504, "ffmpeg_stalled"],
    ["that hangs with a child and takes no signal", `trap '' TERM; sleep ${MARK} & wait`, 504, "ffmpeg_stalled"],
  ])("%s is one typed error, and leaves nothing running", async (_what, script, status, code) => {
    await play(script);
    const before = process.memoryUsage.rss();
    const response = await fetch(converted());
    expect([response.status, await response.json()]).toEqual([status, expect.objectContaining({ code })]);
    await nothingLeft();
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * MIB);
  });

  it("that is gone is one typed error", async () => {
    await rm(join(folder.path, "ffmpeg"));
    const response = await fetch(converted());
    expect([response.status, await response.json()]).toEqual([502, expect.objectContaining({ code: "ffmpeg_failed" })]);
    await nothingLeft();
  });

  it("that dies in the middle breaks the body off, which never ends as if it were whole", async () => {
    await play('$real "$@" | head -c 200000; exit 1');
    expect(await readBody(converted())).toMatchObject({ status: 200, isWhole: false });
    await expect.poll(() => us.log).toEqual([expect.stringMatching(/broke off: ffmpeg_failed$/)]);
    await nothingLeft();
  });

  it.each([
    ["that is slow to start", 'sleep 0.4; exec $real "$@"'],
    ["that complains in megabytes", 'yes error | head -c 30000000 >&2; exec $real "$@"'],
    ["that is as it should be", 'exec $real "$@"'],
  ])("%s plays", async (_what, script) => {
    await play(script);
    const read = await readBody(converted());
    expect(read).toMatchObject({ status: 200, isWhole: true });
    expect(read.lengthBytes).toBeGreaterThan(0.5 * (await readFile(await films.ensure(FILM))).length);
    expect(us.log).toEqual([]);
    await nothingLeft();
  });

  // Last of all: of a process that waits for the next segment, what it does is known when it starts.
  it.each([
    ["that ends with exit code 1", "echo oops >&2; exit 1"],
    ["that crashes", "kill -SEGV $$"],
  ])("%s twice on a segment of sound is one typed error, and leaves nothing running", async (_what, script) => {
    await play(script);
    const response = await fetch(`${us.url}/stream/${film.infoHash}/0/hls/audio/0/seg-1.m4s`);
    expect([response.status, await response.json()]).toEqual([502, expect.objectContaining({ code: "ffmpeg_failed" })]);
    await nothingLeft();
  });

  /** No process of ours, none that it started, no zombie, and no demand. */
  async function nothingLeft(): Promise<void> {
    await waitUntil("all processes are gone", async () => (await leftovers()).length === 0, 5_000);
    await waitUntil("no demand is left", () => us.engine.get(film.infoHash)!.activeDemands === 0);
  }

  /** Whatever descends from this process since it was asked to convert, under whichever name and ended or not, or sleeps our mark. */
  async function leftovers(): Promise<string[]> {
    const found = await descendants();
    return found.filter((pid) => !others.has(pid));
  }
});

/** Of proc(5): processes that this one started, and those that they did, zombies included; and those that sleep our mark, whose parent is gone. */
async function descendants(): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const parents = new Map(await Promise.all(pids.map(async (pid) => [pid, await parentOf(pid)] as const)));
  const descends = (pid: string | undefined): boolean =>
    pid === String(process.pid) || (pid !== undefined && descends(parents.get(pid)));
  const isFound = await Promise.all(
    pids.map(async (pid) => {
      const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      return descends(parents.get(pid)) || words.includes(MARK);
    }),
  );
  return pids.filter((_, index) => isFound[index]);
}

/** Undefined for one that is gone. */
async function parentOf(pid: string): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The name in brackets may hold anything; state and parent follow it.
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
}
