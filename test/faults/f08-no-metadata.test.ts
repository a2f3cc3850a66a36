import { clockFrom } from "@riptide/core";
import { expect, it } from "vitest";
import { readBody } from "../support/bundled-riptide.ts";
import { startScriptedSeed } from "../support/scripted-seed.ts";
import { serveEngine } from "../support/served-engine.ts";
import { never } from "../support/test-engine.ts";
import { createFilm } from "./play.ts";

/** The server waits half a minute for metadata: here three seconds. */
const SPEED = 10;
const WAIT_MS = 30_000 / SPEED;
const fast = clockFrom({
  nowMs: () => performance.now() * SPEED,
  setTimeout: (callback, ms) => setTimeout(callback, ms / SPEED),
  clearTimeout,
});

it("F8 a magnet that nobody knows keeps a request waiting for a bounded time, and plays once somebody does", async () => {
  await using film = await createFilm();
  await using us = await serveEngine({ http: { clock: fast } });
  const magnet = `magnet:?xt=urn:btih:${film.infoHash}`;
  expect(await us.engine.add(magnet, { signal: never })).toMatchObject({ state: "metadata" });
  const url = `${us.url}/stream/${film.infoHash}/0/direct`;
  const headMs = performance.now();
  const head = await fetch(url, { method: "HEAD" });
  expect([head.status, head.headers.get("retry-after")]).toEqual([503, "5"]);
  const startMs = performance.now();
  expect(startMs - headMs).toBeLessThan(WAIT_MS / 2);
  const answers = await Promise.all(Array.from({ length: 3 }, () => fetch(url)));
  for (const answer of answers) {
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await answer.json()).toMatchObject({ code: "metadata_pending" });
  }
  const tookMs = performance.now() - startMs;
  // Timers of Node may be a millisecond early.
  expect(tookMs).toBeGreaterThan(WAIT_MS - 50);
  expect(tookMs).toBeLessThan(2 * WAIT_MS);
  expect(us.engine.get(film.infoHash)).toMatchObject({ state: "metadata", activeDemands: 0 });

  await using seed = await startScriptedSeed({ torrent: film });
  await us.engine.add(`${magnet}&x.pe=127.0.0.1:${seed.peer.port}`, { signal: never });
  expect(await readBody(url)).toMatchObject({ isWhole: true, sha256: film.sha256 });
});
