import { execFile } from "node:child_process";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TorrentList } from "@riptide/http";
import { expect, test } from "vitest";
import { exitOf, urlOf } from "../support/command-line.ts";
import { startProcess } from "../support/processes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const start = promisify(execFile);
const START_LIMIT_MS = 60_000;

test("what npm packs installs without a registry in an empty folder, and plays the demo", {
  timeout: 300_000,
}, async () => {
  await using folder = await temporaryFolder("package");
  const tarball = await pack(folder.path);
  const prefix = join(folder.path, "prefix");
  const empty = join(folder.path, "empty");
  await mkdir(empty);
  // Offline, there is nothing to get; without scripts, there is nothing to compile.
  const flags = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  await start("npm", ["install", "--global", "--prefix", prefix, ...flags, tarball], { cwd: empty });
  const installed = join(prefix, "lib", "node_modules", "riptide");
  expect(await readdir(join(prefix, "lib", "node_modules"))).toEqual(["riptide"]);
  expect(await readdir(installed)).not.toContain("node_modules");
  const licenses = await readFile(join(installed, "dist", "THIRD-PARTY-LICENSES.txt"), "utf8");
  expect(licenses).toMatch(/BitTorrent, Inc/);

  const riptide = join(prefix, "bin", "riptide");
  const version = await start(riptide, ["--version"], { cwd: empty });
  expect(version.stdout).toBe("riptide 0.1.0\n");
  await using server = startProcess(riptide, ["demo", "--port=0"], {
    cwd: empty,
    env: { ...process.env, TMPDIR: empty },
  });
  const url = await urlOf(server, START_LIMIT_MS);
  await expectPage(url);
  await expectFilms(url);
  server.child.kill("SIGTERM");
  expect(await exitOf(server)).toBe(0);
  expect(server.stderr()).toBe("");
});

async function pack(destination: string): Promise<string> {
  const { stdout } = await start("npm", ["pack", "--json", "--silent", "--pack-destination", destination], {
    cwd: ROOT,
  });
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  const paths = packed!.files.map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(["LICENSE", "README.md", "dist/THIRD-PARTY-LICENSES.txt"]));
  // The one thing that is machine code, and would have to be compiled otherwise.
  expect(paths).toContain("dist/cli/bin/prebuilds/linux-x64/node.napi.node");
  expect(paths.filter((path) => path.endsWith(".ts") || path.includes("test"))).toEqual([]);
  return join(destination, packed!.filename);
}

async function expectPage(url: string): Promise<void> {
  const page = await (await fetch(url)).text();
  const script = /src="([^"]+\.js)"/.exec(page)?.[1];
  const answer = await fetch(new URL(script!, url));
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, expect.stringContaining("javascript")]);
}

/** Every film of the demo comes whole through the swarm: sockets, the worker thread and storage work. */
async function expectFilms(url: string): Promise<void> {
  const known = async (): Promise<TorrentList["torrents"]> => {
    const { torrents } = (await (await fetch(new URL("/api/torrents", url))).json()) as TorrentList;
    return torrents.filter(({ files }) => files.length > 0);
  };
  await expect.poll(async () => (await known()).length).toBe(3);
  for (const { infoHash, files } of await known()) {
    const film = await (await fetch(new URL(`/stream/${infoHash}/0/direct`, url))).arrayBuffer();
    expect(film.byteLength).toBe(files[0]!.length);
  }
}
