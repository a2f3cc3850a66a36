import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exitOf, groupOf, isRunning, quietly, startCommandLine, urlOf } from "../support/command-line.ts";
import { startProcess, type TestProcess } from "../support/processes.ts";
import { endOf, leftoversIn, readyTorrents, startDemo, startStreams } from "../support/streaming-demo.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DEMO_MP4 = fileURLToPath(new URL("../../packages/cli/demo/films/Riptide demo (MP4).mp4", import.meta.url));
/** Bodies get two seconds of grace; the rest is for closing on a busy machine. */
const END_LIMIT_MS = 5_000;
let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder("command-line");
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

describeWith("ffmpeg")("while bodies stream", () => {
  // SIGTERM: F20, and below.
  test.each(["SIGHUP", "SIGINT"] as const)("%s cuts them after a while, and leaves nothing behind", async (signal) => {
    await using riptide = startDemo(folder.path);
    const { bodies, children } = await startStreams(riptide);
    const startedMs = performance.now();
    riptide.child.kill(signal);
    const [code, ...ends] = await Promise.all([exitOf(riptide), ...bodies.map(endOf)]);
    expect(performance.now() - startedMs).toBeLessThan(END_LIMIT_MS);
    expect(code).toBe(0);
    // Neither the body with a length nor the chunked one looks complete.
    expect(ends).toEqual(["cut", "cut"]);
    for (const child of children) expect(await isRunning(child)).toBe(false);
    expect(await leftoversIn(folder.path)).toEqual([]);
    expect(riptide.lines.at(-1)).toBe("Riptide is stopping.");
    expect(riptide.stderr()).toBe("");
  });

  test("a second signal ends it at once", async () => {
    await using riptide = startDemo(folder.path);
    const { bodies, children } = await startStreams(riptide);
    riptide.child.kill("SIGTERM");
    await riptide.waitFor((line) => line === "Riptide is stopping." || undefined);
    // Sooner it would be taken for the echo of the first.
    await delay(700);
    expect(riptide.child.exitCode).toBeNull();
    const startedMs = performance.now();
    riptide.child.kill("SIGTERM");
    const [code, ...ends] = await Promise.all([exitOf(riptide), ...bodies.map(endOf)]);
    expect(performance.now() - startedMs).toBeLessThan(END_LIMIT_MS);
    expect(code).toBe(0);
    expect(ends).toEqual(["cut", "cut"]);
    await waitUntil("ffmpeg is gone", async () => !(await Promise.all(children.map(isRunning))).includes(true));
    // It did not stay to close things in order: what that removes is still there.
    expect(await leftoversIn(folder.path)).not.toEqual([]);
  });
});

describe("without streams", () => {
  test("one Ctrl-C under npm, which arrives twice, is one wish: everything is closed", async () => {
    await using npm = startNpm();
    await readyTorrents(await urlOf(npm), 3);
    process.kill(-npm.child.pid!, "SIGINT");
    await exitOf(npm);
    expect(npm.lines.at(-1)).toBe("Riptide is stopping.");
    expect(await leftoversIn(folder.path)).toEqual([]);
    expect(await groupOf(npm.child.pid!)).toEqual([]);
  });

  test("a SIGTERM for npm is one for Riptide", async () => {
    await using npm = startNpm();
    await readyTorrents(await urlOf(npm), 3);
    npm.child.kill("SIGTERM");
    await exitOf(npm);
    expect(npm.lines.at(-1)).toBe("Riptide is stopping.");
    expect(await leftoversIn(folder.path)).toEqual([]);
    expect(await groupOf(npm.child.pid!)).toEqual([]);
  });

  test("a stop while it still starts ends what it has begun", async () => {
    const ffmpeg = join(folder.path, "ffmpeg");
    // The line is whole when the file has its name.
    await writeFile(
      ffmpeg,
      `#!/bin/sh\necho $$ > "${ffmpeg}.begun" && mv "${ffmpeg}.begun" "${ffmpeg}.pid"\nexec sleep 60\n`,
    );
    await chmod(ffmpeg, 0o755);
    await using riptide = startCommandLine(["demo", "--port=0", `--ffmpeg=${ffmpeg}`]);
    const asked = await waitUntil("ffmpeg is asked", () => readFile(`${ffmpeg}.pid`, "utf8").catch(() => undefined));
    expect(await isRunning(Number(asked))).toBe(true);
    const startedMs = performance.now();
    riptide.child.kill("SIGTERM");
    expect(await exitOf(riptide)).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(END_LIMIT_MS);
    expect([riptide.lines, riptide.stderr()]).toEqual([[], ""]);
    expect(await isRunning(Number(asked))).toBe(false);
  });

  test("who stops reading its lines does not stop the server", async () => {
    await using riptide = startDemo(folder.path);
    const url = await urlOf(riptide);
    riptide.child.stdout?.destroy();
    riptide.child.stderr?.destroy();
    const [torrent] = await readyTorrents(url, 3);
    const removed = await fetch(`${url}/api/torrents/${torrent!.infoHash}`, { method: "DELETE" });
    expect(removed.ok).toBe(true);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(await riptide.stop()).toBe(0);
    expect(await leftoversIn(folder.path)).toEqual([]);
  });

  test("after SIGKILL the same folder opens again, and what was there is still there", async () => {
    const data = join(folder.path, "data");
    let infoHash: string;
    {
      await using riptide = startDemo(folder.path, undefined, `--data-dir=${data}`);
      const url = await urlOf(riptide);
      infoHash = (await readyTorrents(url, 3)).find(({ name }) => name.endsWith(".mp4"))!.infoHash;
      expect((await (await fetch(`${url}/stream/${infoHash}/0/direct`)).arrayBuffer()).byteLength).toBeGreaterThan(0);
      // The session makes durable what it has once a second.
      await delay(2_500);
      expect(await riptide.stop("SIGKILL")).toBeNull();
    }
    await using riptide = startCommandLine(quietly(data));
    const url = await urlOf(riptide);
    await waitUntil("all of the film is known to be there", async () => {
      const film = (await readyTorrents(url, 3)).find((torrent) => torrent.infoHash === infoHash)!;
      return film.verifiedBytes === film.sizeBytes;
    });
    const bytes = new Uint8Array(await (await fetch(`${url}/stream/${infoHash}/0/direct`)).arrayBuffer());
    expect(Buffer.from(bytes).equals(await readFile(DEMO_MP4))).toBe(true);
    expect(riptide.stderr()).toBe("");
  });
});

/** The demo through npm, in a process group of its own, as an interactive shell would do it. */
function startNpm(): TestProcess {
  const env = { ...process.env, TMPDIR: folder.path };
  return startProcess("npm", ["start", "--silent", "--", "demo", "--port=0"], { cwd: ROOT, env, detached: true });
}
