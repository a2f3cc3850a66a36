import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TorrentList } from "@riptide/http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exitOf, quietly, startCommandLine, startTerminal, urlOf } from "../support/command-line.ts";
import { expectRefusal } from "../support/refusal.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { waitUntil } from "../support/wait.ts";

const TOKEN = "q7Zr0w_kV2mB4tYx8nUcLg";
let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder("command-line");
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

describe("a start", () => {
  test("of the demo lists three films and gets their metadata from real peers", async () => {
    await using riptide = startCommandLine(["demo", "--port=0"]);
    const url = await urlOf(riptide);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const torrents = await waitUntil("three films are ready", async () => {
      const { torrents: listed } = await getJson<TorrentList>(`${url}/api/torrents`);
      return listed.length === 3 && listed.every(({ state }) => state === "ready") && listed;
    });
    expect(torrents.map(({ name }) => name.slice(name.lastIndexOf("."))).sort()).toEqual([".mkv", ".mp4", ".webm"]);
    for (const torrent of torrents) {
      expect(torrent.files).toHaveLength(1);
      expect(torrent.sizeBytes).toBeGreaterThan(1_000_000);
      await riptide.waitFor((line) => line.startsWith(`${torrent.name}: 0 % of `) || undefined);
    }
    expect(await riptide.stop()).toBe(0);
    expect(riptide.lines.at(-1)).toBe("Riptide is stopping.");
    expect(riptide.stderr()).toBe("");
  });

  test("with --json writes nothing but JSON, beginning with the address", async () => {
    await using riptide = startCommandLine(["demo", "--port=0", "--json"]);
    await riptide.waitFor((line) => /"type":"updated".*"state":"ready"/.test(line) || undefined, 60_000);
    expect(await riptide.stop()).toBe(0);
    const objects = riptide.lines.map((line) => JSON.parse(line) as { type: string; url?: string });
    expect(objects[0]).toEqual({ type: "listening", url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) });
    expect(objects.at(-1)).toEqual({ type: "stopping" });
    expect(new Set(objects.map(({ type }) => type))).toEqual(new Set(["listening", "added", "updated", "stopping"]));
  });

  test("beyond loopback with a token answers those who have it, and never writes it down", async () => {
    const words = quietly(folder.path, "--host=0.0.0.0");
    await using riptide = startCommandLine(words, { environment: { RIPTIDE_TOKEN: TOKEN } });
    const url = (await urlOf(riptide)).replace("0.0.0.0", "127.0.0.1");
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect((await fetch(`${url}/api/torrents`)).status).toBe(401);
    const wrong = { authorization: `Bearer ${TOKEN.slice(1)}x` };
    expect((await fetch(`${url}/api/torrents`, { headers: wrong })).status).toBe(401);
    const right = { authorization: `Bearer ${TOKEN}` };
    expect((await fetch(`${url}/api/torrents`, { headers: right })).status).toBe(200);
    expect((await fetch(`${url}/?token=${TOKEN}`)).status).toBe(200);
    expect(await readFile(`/proc/${riptide.child.pid}/cmdline`, "utf8")).not.toContain(TOKEN);
    expect(await riptide.stop()).toBe(0);
    expect(riptide.lines.join("\n") + riptide.stderr()).not.toContain(TOKEN);
  });

  test("goes on although a source cannot be fetched, and says so", async () => {
    await using riptide = startCommandLine(quietly(folder.path, "http://127.0.0.1:9/film.torrent"));
    const url = await urlOf(riptide);
    await waitUntil("the failure is told", () => riptide.stderr().includes("\n"));
    expect(riptide.stderr()).toMatch(/^The \.torrent file could not be fetched: .*\n$/);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });

  test("in a terminal draws the torrents, and shows the link with the token to the person there", async () => {
    await using terminal = startTerminal(`demo --port=0 --token=${TOKEN}`);
    const url = await terminal.waitFor((line) => /Riptide is listening on (http:\S+)/.exec(line)?.[1], 60_000);
    await terminal.waitFor((line) => line.includes(`Open ${url}/?token=${TOKEN}`) || undefined);
    await terminal.waitFor((line) => line.includes("Riptide demo (WebM).webm") || undefined);
    await terminal.waitFor((line) => line.includes(" 0 % of ") || undefined);
    terminal.child.stdin?.write("\u0003");
    expect(await exitOf(terminal)).toBe(0);
    expect(terminal.lines.some((line) => line.includes("Riptide is stopping."))).toBe(true);
  });
});

describe("without ffmpeg", () => {
  test("a start says so, originals play, and what needs it names it", async () => {
    const path = join(folder.path, "bin");
    await mkdir(path);
    await symlink(process.execPath, join(path, "node"));
    const environment = { PATH: path, FFMPEG_PATH: "" };
    await using riptide = startCommandLine(["demo", "--port=0"], { environment });
    const url = await urlOf(riptide);
    await waitUntil("the warning is there", () => riptide.stderr().includes("\n"));
    expect(riptide.stderr()).toBe(
      "ffmpeg is missing: what must be converted does not play. Install it (Debian: apt install ffmpeg).\n",
    );
    const ready = await getJson<{ status: string; reasons: string[] }>(`${url}/readyz`);
    expect(ready).toMatchObject({ status: "ready", reasons: [expect.stringMatching(/^ffmpeg: missing; install it/)] });
    const infoHash = async (extension: string): Promise<string> =>
      await waitUntil(`the ${extension} is ready`, async () => {
        const { torrents } = await getJson<TorrentList>(`${url}/api/torrents`);
        return torrents.find(({ name, state }) => name.endsWith(extension) && state === "ready")?.infoHash;
      });
    const headers = { range: "bytes=0-99999" };
    const direct = await fetch(`${url}/stream/${await infoHash(".mp4")}/0`, { headers });
    expect([direct.status, (await direct.arrayBuffer()).byteLength]).toEqual([206, 100_000]);
    const remux = await fetch(`${url}/stream/${await infoHash(".mkv")}/0/remux.mp4?sound=aac`);
    expect(remux.status).toBe(503);
    expect(await remux.json()).toMatchObject({
      code: "ffmpeg_missing",
      detail: expect.stringContaining("Install ffmpeg"),
    });
  });
});

describe("a start that cannot be", () => {
  test.each<[title: string, words: readonly string[], sentence: string | RegExp]>([
    ["a mistyped option", ["--prot=0"], "There is no option --prot. Did you mean --port?"],
    [
      "a source that is none",
      ["--port=0", "film"],
      "film is no magnet link, URL or info hash, and no file that can be read.",
    ],
    [
      "beyond loopback with a token that others can guess",
      ["--host=0.0.0.0", "--token=film"],
      "Listening on 0.0.0.0 lets others guess a token of less than 22 characters: openssl rand -hex 16 makes a good one.",
    ],
    ["a token that no header can carry", ["--token=two words"], /^--token must be ASCII characters without spaces/],
    ["an ffmpeg that is not there", ["--port=0", "--ffmpeg=/nonexistent"], /ffmpeg/],
    [
      "an address of another machine",
      ["demo", "--host=192.0.2.1", `--token=${TOKEN}`],
      "This machine has no address 192.0.2.1 to listen on (port 8888): choose one of its own, such as 127.0.0.1.",
    ],
  ])("%s is one sentence and exit code 1", async (_title, words, sentence) => {
    await expectRefusal(folder.path, words, sentence);
  });

  test("an interface that is missing is named, and not the folder", async () => {
    const words = quietly(folder.path, "--bind-interface=no-such0").filter((word) => !word.startsWith("--peer-host"));
    await expectRefusal(
      folder.path,
      words,
      "This machine has no interface no-such0. Give --bind-interface the name or an address of an interface that is up.",
    );
  });

  test("a data folder that is a file is named", async () => {
    const file = join(folder.path, "file");
    await writeFile(file, "");
    await expectRefusal(folder.path, quietly(file), new RegExp(`^${file}: `));
    await expectRefusal(folder.path, quietly(join(file, "below")), new RegExp(`^${file}/below: `));
    expect(await readFile(file, "utf8")).toBe("");
  });
});

test.each([
  ["--help", /^Riptide plays a torrent the moment you ask for it\.$/],
  ["--version", /^riptide \d+\.\d+\.\d+$/],
])("%s answers and ends", async (word, first) => {
  await using riptide = startCommandLine([word]);
  expect(await exitOf(riptide)).toBe(0);
  expect(riptide.lines[0]).toMatch(first);
  expect(riptide.stderr()).toBe("");
});

async function getJson<Body>(url: string): Promise<Body> {
  return (await (await fetch(url)).json()) as Body;
}
