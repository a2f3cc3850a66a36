import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { readBody } from "../support/bundled-riptide.ts";
import { freePort } from "../support/free-port.ts";
import { startTracker } from "../support/peers/tracker.ts";
import { startScriptedSeed } from "../support/scripted-seed.ts";
import { createFilm, setStage } from "./play.ts";

const MIB = 1024 * 1024;
/** Of zeros: half a megabyte on the wire. */
const BOMB_BYTES = 512 * MIB;
/** Long enough for a hot loop to show. */
const WATCHED_MS = 3_000;

/** What each tracker answers, by its path. */
const ANSWERS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "/announce/500": (response) => void response.writeHead(500).end("out of order"),
  "/announce/html": (response) => void response.end("<!doctype html><title>Parked</title>"),
  "/announce/bomb": (response) => void response.writeHead(200, { "content-encoding": "gzip" }).end(bomb()),
  "/announce/silent": () => undefined,
  "/announce/interval-0": (response) => void response.end("d8:intervali0e5:peers0:e"),
  "/announce/interval-negative": (response) => void response.end("d8:intervali-5e12:min intervali-9e5:peers0:e"),
  "/announce/interval-huge": (response) => void response.end("d8:intervali99999999999999999999e5:peers0:e"),
};

it("F7 trackers that are down, broken, silent or hostile keep nobody from the one that works, and are not hammered", async () => {
  const film = await createFilm();
  await using seed = await startScriptedSeed({ torrent: film });
  await using bad = await startBadTrackers();
  await using good = await startTracker(() => [seed.peer.port]);
  const down = `http://127.0.0.1:${await freePort()}/announce`;
  const trackers = [down, ...Object.keys(ANSWERS).map((path) => bad.origin + path), good.url];
  const magnet = [`magnet:?xt=urn:btih:${film.infoHash}`, ...trackers.map((url) => `tr=${encodeURIComponent(url)}`)];
  await using stage = await setStage(film, [], { source: magnet.join("&") });
  const read = await readBody(stage.url);
  expect([read.isWhole, read.sha256]).toEqual([true, film.sha256]);

  await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
  expect([...bad.asked.keys()].sort()).toEqual(Object.keys(ANSWERS).sort());
  // By IPv4 alone; once more when the film is complete at most.
  for (const times of bad.asked.values()) expect(times).toBeLessThanOrEqual(2);
  expect(await mostResidentBytes(stage.riptide.process.child.pid!)).toBeLessThan(400 * MIB);
  await stage.nothingLeft();
});

let packed: Buffer | undefined;

function bomb(): Buffer {
  packed ??= gzipSync(Buffer.alloc(BOMB_BYTES), { level: 1 });
  return packed;
}

async function startBadTrackers() {
  bomb();
  const asked = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://tracker").pathname;
    asked.set(path, (asked.get(path) ?? 0) + 1);
    ANSWERS[path]?.(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The most memory that the process ever had. */
async function mostResidentBytes(pid: number): Promise<number> {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))![1]) * 1024;
}
