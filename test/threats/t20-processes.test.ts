import { readFile } from "node:fs/promises";
import type { Problem, Readiness } from "@riptide/http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { demoFilmPath } from "../../packages/media/test/support/corpus.ts";
import { ffmpegsOf } from "../support/command-line.ts";
import { answerFrom } from "../support/from-address.ts";
import { heldProcess } from "../support/held-process.ts";
import { type MadeTorrent, makeTorrent } from "../support/made-torrent.ts";
import { startThreatened, type Threatened } from "../support/threatened.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const CROWD = 100;

let us: Threatened;

describeWith("ffmpeg")("T20 a crowd that wants films converted", () => {
  let torrent: MadeTorrent;
  let pid: number;
  beforeAll(async () => {
    torrent = makeTorrent("film", [{ path: ["film.mkv"], bytes: await readFile(demoFilmPath("MKV")) }]);
    us = await startThreatened({ torrents: [torrent] });
    pid = us.riptide.process.child.pid!;
    await (await fetch(`${us.riptide.url}/stream/${torrent.infoHash}/0/direct`)).arrayBuffer();
  });
  afterAll(() => us[Symbol.asyncDispose]());

  it("T20 starts no more processes than there is room for, and the rest is told to come again", async () => {
    const { ffmpeg } = await us.riptide.api<Readiness>("/readyz");
    const limit = ffmpeg!.limit;
    const clients = new AbortController();
    let most = 0;
    const asking = Array.from({ length: CROWD }, async (_, client) => {
      const url = `${us.riptide.url}/stream/${torrent.infoHash}/0/remux.mp4?sound=aac&t=${client % 3}`;
      const response = await fetch(url, { signal: clients.signal });
      if (response.ok) return { status: response.status, response };
      const { code } = (await response.json()) as Problem;
      return { status: response.status, code, retryAfter: response.headers.get("retry-after") };
    });
    const watching = (async () => {
      while (!clients.signal.aborted) most = Math.max(most, (await ffmpegsOf(pid)).length);
    })();
    const answers = await Promise.all(asking);
    const refused = answers.filter(({ status }) => status !== 200);
    // The crowd is one client, and others have places left: more than a crowd of addresses in one house has.
    const path = `/stream/${torrent.infoHash}/0/remux.mp4?sound=aac`;
    expect(await answerFrom("127.0.0.88", us.riptide.url + path)).toMatchObject({ status: 200 });
    expect(new Set(refused.map(({ status, code }) => `${status} ${code}`))).toEqual(new Set(["503 ffmpeg_busy"]));
    for (const { retryAfter } of refused) expect(Number(retryAfter)).toBeGreaterThan(0);
    expect([refused.length >= CROWD - 3 * limit, refused.length < CROWD]).toEqual([true, true]);
    clients.abort();
    await watching;
    expect([most > 0, most <= Math.max(4, Math.floor((limit * 3) / 4)) + 1]).toEqual([true, true]);
    await waitUntil("none is left", async () => (await ffmpegsOf(pid)).length === 0, 5_000);
    expect((await us.riptide.torrent(torrent.infoHash)).activeDemands).toBe(0);
  });

  it("T12 T20 holds each by limits of the kernel, without a network, and without files where bwrap works", async () => {
    const { ffmpeg } = await us.riptide.api<Readiness>("/readyz");
    expect(["network", "network and files"]).toContain(ffmpeg!.isolation);
    const client = new AbortController();
    const { signal } = client;
    await fetch(`${us.riptide.url}/stream/${torrent.infoHash}/0/remux.mp4?sound=aac&video=h264`, { signal });
    const [running] = await waitUntil("it runs", async () => {
      const pids = await ffmpegsOf(pid);
      return pids.length > 0 && pids;
    });
    const held = await heldProcess(running!);
    for (const [name, value] of [
      ["Max file size", 0],
      ["Max core file size", 0],
      ["Max open files", 64],
      ["Max cpu time", 86_400],
      ["Max data size", 4 * 1024 ** 3],
      ["Max address space", 16 * 1024 ** 3],
    ] as const) {
      expect([name, held.limits.get(name)]).toEqual([name, value]);
    }
    expect(held.network).not.toBe((await heldProcess(pid)).network);
    // Its root is one of its own then, with nothing of ours in it.
    const isSealed = ffmpeg!.isolation === "network and files";
    expect([held.root.includes("usr"), held.root.includes("home")]).toEqual([true, !isSealed]);
    client.abort();
    await waitUntil("none is left", async () => (await ffmpegsOf(pid)).length === 0, 5_000);
  });
});
