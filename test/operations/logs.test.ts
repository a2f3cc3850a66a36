import { afterAll, beforeAll, expect, test } from "vitest";
import { exitOf, quietly, startCommandLine, urlOf } from "../support/command-line.ts";
import type { TestProcess } from "../support/processes.ts";
import { type ScriptedSeed, startScriptedSeed } from "../support/scripted-seed.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { createTestTorrent, type TestTorrent } from "../support/test-torrent.ts";
import { waitUntil } from "../support/wait.ts";

const TOKEN = "q7Zr0w_kV2mB4tYx8nUcLg";
const HOSTILE_NAME = '"},{"level":"info","msg":"forged"} \u202e.mkv';
const FAULT = "process.once('SIGUSR2', () => { throw new Error('a fault\\nin two lines, token=abc') })";
let folder: TemporaryFolder;
let torrent: TestTorrent;
let seed: ScriptedSeed;
let riptide: TestProcess;
let url: string;

/** The real programme without a terminal, as a supervisor starts it, and a torrent with a name that means no good. */
beforeAll(async () => {
  folder = await temporaryFolder("logs");
  torrent = await createTestTorrent({ lengthBytes: 100_000, pieceLengthBytes: 32_768, name: HOSTILE_NAME });
  seed = await startScriptedSeed({ torrent });
  const peer = `--peer=${seed.peer.host}:${seed.peer.port}`;
  riptide = startCommandLine(quietly(folder.path, peer, torrent.torrentPath), {
    // Empty as if it were not set: what is asked for follows from there being no terminal.
    environment: { RIPTIDE_TOKEN: TOKEN, RIPTIDE_LOG_FORMAT: "" },
    nodeWords: ["--import", `data:text/javascript,${encodeURIComponent(FAULT)}`],
  });
  url = await urlOf(riptide);
});
afterAll(async () => {
  await riptide[Symbol.asyncDispose]();
  await seed[Symbol.asyncDispose]();
  await torrent[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

test("each request is one JSON object with the id that its answer has, and holds no name and no secret", async () => {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const known = `/api/torrents/${torrent.infoHash}`;
  const paths = [
    `/api/torrents?token=${TOKEN}`,
    `/stream/${torrent.infoHash}/0/direct?token=wrong-${TOKEN.slice(3)}`,
    `/stream/${torrent.infoHash}/9/direct`,
    `/api/torrents/${encodeURIComponent(HOSTILE_NAME)}`,
  ];
  await waitUntil("the torrent is listed", async () => (await fetch(`${url}${known}`, { headers })).ok);
  const ids: (string | null)[] = [];
  for (const path of paths) {
    const response = await fetch(url + path, { headers: { cookie: `riptide_token=${TOKEN}` } });
    await response.arrayBuffer();
    ids.push(response.headers.get("x-request-id"));
  }
  const requests = await waitUntil("all four are told", () => {
    const told = objectsOf(riptide).filter(({ reqId }) => ids.includes(String(reqId)));
    return told.length === paths.length && told;
  });
  expect(requests.map(({ reqId }) => reqId)).toEqual(ids);
  expect(requests).toMatchObject([
    { level: "info", route: "/api/torrents", status: 200 },
    { route: "/stream/:infoHash/:index/direct", status: 200 },
    { route: "/stream/:infoHash/:index/direct", status: 404, code: "file_not_found" },
    { status: 400, code: "bad_request" },
  ]);
  expect(riptide.stderr()).not.toContain(TOKEN);
  expect(riptide.stderr()).not.toContain(TOKEN.slice(3));
  expect(riptide.stderr()).not.toContain("forged");
});

test("a fault is the last line, an object like all others", async () => {
  riptide.child.kill("SIGUSR2");
  expect(await exitOf(riptide)).toBe(70);
  const objects = objectsOf(riptide);
  expect(objects.filter(({ level }) => level === "fatal")).toMatchObject([
    { msg: expect.stringMatching(/^Riptide ends .*: Error: a fault \| in two lines, token=\[hidden\] \| at /) },
  ]);
  for (const { time } of objects) expect(Date.parse(String(time))).toBeGreaterThan(Date.parse("2025-01-01"));
});

/** Each line must be an object; the first is there before anybody can ask anything. */
function objectsOf(server: TestProcess): Record<string, unknown>[] {
  const lines = server.stderr().split("\n");
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Record<string, unknown>);
}
