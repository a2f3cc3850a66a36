import { afterAll, beforeAll, expect, it } from "vitest";
import { readBody } from "../support/bundled-riptide.ts";
import { startScriptedSeed } from "../support/scripted-seed.ts";
import { type ServedEngine, serveEngine } from "../support/served-engine.ts";
import { never } from "../support/test-engine.ts";
import { waitUntil } from "../support/wait.ts";
import { createFilm, type Film, startSeeds } from "./play.ts";

const MIB = 1024 * 1024;
/** Half a minute for those who watch. */
const STALL_LIMIT_MS = 4_000;
/** Of one liar: three pieces of eight blocks, and what was on its way meanwhile. */
const REQUESTS_MAX = 64;
/** Of one core, for a second. */
const IDLE_CPU_MS = 500;

let film: Film;
beforeAll(async () => {
  film = await createFilm();
});
afterAll(() => film[Symbol.asyncDispose]());

it("F3 when all that answer send damaged blocks, a request fails with one typed error, and then nothing is done", async () => {
  const seeds = await startSeeds(film, { misdeed: "poisons" }, { misdeed: "poisons" });
  await using us = await serveEngine({ stallLimitMs: STALL_LIMIT_MS, peers: seeds.map(({ peer }) => peer) });
  await us.engine.add(film.torrentFile, { signal: never });
  const startMs = performance.now();
  const response = await fetch(urlOf(us));
  expect([response.status, await response.json()]).toEqual([502, expect.objectContaining({ code: "no_valid_source" })]);
  expect(performance.now() - startMs).toBeLessThan(3 * STALL_LIMIT_MS);
  // The poison is asked for a bounded number of times.
  for (const { counters } of seeds) expect(counters.requests).toBeLessThanOrEqual(REQUESTS_MAX);
  expect(us.log).toEqual([]);
  await expectIdle(us);

  // Somebody honest comes, and all is well without a restart.
  await using honest = await startScriptedSeed({ torrent: film, host: "127.0.0.9" });
  const { host, port } = honest.peer;
  await us.engine.add(`magnet:?xt=urn:btih:${film.infoHash}&x.pe=${host}:${port}`, { signal: never });
  expect(await readBody(urlOf(us))).toMatchObject({ isWhole: true, sha256: film.sha256 });
  for (const seed of seeds) await seed[Symbol.asyncDispose]();
});

it("F3 a body that has begun breaks off, and never ends as if it were whole", async () => {
  const [honest, liar] = await startSeeds(film, { stallAfterBytes: MIB }, { misdeed: "poisons" });
  await using us = await serveEngine({ stallLimitMs: STALL_LIMIT_MS, peers: [honest!.peer] });
  await us.engine.add(film.torrentFile, { signal: never });
  const reading = readBody(urlOf(us));
  await waitUntil("the honest one has sent what it sends", () => honest!.counters.bytesSent >= MIB);
  await honest![Symbol.asyncDispose]();
  const { host, port } = liar!.peer;
  await us.engine.add(`magnet:?xt=urn:btih:${film.infoHash}&x.pe=${host}:${port}`, { signal: never });
  const read = await reading;
  expect(read).toMatchObject({ status: 200, isWhole: false });
  // One line, with the pattern of the address: what was asked for is not written.
  expect(us.log.filter((line) => line.includes("broke off"))).toEqual([
    "The body of GET /stream/:infoHash/:index/direct broke off: no_valid_source",
  ]);
  expect(us.engine.get(film.infoHash)).toMatchObject({ state: "ready", activeDemands: 0 });
  await liar![Symbol.asyncDispose]();
});

function urlOf({ url }: ServedEngine): string {
  return `${url}/stream/${film.infoHash}/0/direct`;
}

/** No demand, and no work: what this process does in a second is next to nothing. */
async function expectIdle(us: ServedEngine): Promise<void> {
  expect(us.engine.get(film.infoHash)).toMatchObject({ activeDemands: 0, verifiedBytes: 0 });
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1_000).toBeLessThan(IDLE_CPU_MS);
}
