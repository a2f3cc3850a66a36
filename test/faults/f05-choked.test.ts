import { describe, expect, it } from "vitest";
import { firstEvent } from "../support/first-event.ts";
import { serveEngine } from "../support/served-engine.ts";
import { never } from "../support/test-engine.ts";
import { createFilm, type Misdeeds, playFrom, startSeeds } from "./play.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const STALL_LIMIT_MS = 4_000;
const useless: readonly Misdeeds[] = [
  { misdeed: "never unchokes" },
  { misdeed: "blackhole" },
  { stallAfterBytes: 300 * KIB },
];

describe("F5 peers that never unchoke, never answer, or stop in the middle", () => {
  it("hold up nobody who has another one", async () => {
    await using played = await playFrom(...useless, { bytesPerSecond: 4 * MIB });
    const { film, read, seeds } = played;
    expect([read.isWhole, read.sha256]).toEqual([true, film.sha256]);
    expect(read.longestGapMs).toBeLessThan(3_000);
    expect(seeds[0]!.counters.requests).toBe(0);
    expect(played.riptide.process.stderr()).toBe("");
  });

  it("alone: who listens is told that the stream stalls, and the request fails with one typed error", async () => {
    await using film = await createFilm();
    const seeds = await startSeeds(film, ...useless.slice(0, 2));
    await using us = await serveEngine({ stallLimitMs: STALL_LIMIT_MS, peers: seeds.map(({ peer }) => peer) });
    await us.engine.add(film.torrentFile, { signal: never });
    const listening = new AbortController();
    const events = await fetch(`${us.url}/api/events`, { signal: listening.signal });
    const url = `${us.url}/stream/${film.infoHash}/0/direct`;
    const [failed, told] = await Promise.all([fetch(url), firstEvent(events, "streamStalled")]);
    expect([failed.status, await failed.json()]).toEqual([504, expect.objectContaining({ code: "no_peers" })]);
    expect(told).toContain(film.infoHash);
    listening.abort();
    expect(us.engine.get(film.infoHash)).toMatchObject({ state: "ready", activeDemands: 0, verifiedBytes: 0 });
    for (const seed of seeds) await seed[Symbol.asyncDispose]();
  });
});
