import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, it } from "vitest";
import { readBody } from "../support/bundled-riptide.ts";
import { startScriptedSeed } from "../support/scripted-seed.ts";
import { serveEngine } from "../support/served-engine.ts";
import { never } from "../support/test-engine.ts";
import { waitUntil } from "../support/wait.ts";
import { createFilm } from "./play.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const CLIENTS = 40;
/** A minute for those who watch. */
const STALLED_READER_MS = 3_000;
/** What one of them may cost: what lies in its socket and in front of it. */
const CLIENT_BYTES = 3 * MIB;

it("F16 clients that stop reading cost little, hold up nobody, and are dropped", async () => {
  await using film = await createFilm({ lengthBytes: 24 * MIB, pieceLengthBytes: 256 * KIB });
  await using seed = await startScriptedSeed({ torrent: film });
  await using us = await serveEngine({ peers: [seed.peer], http: { stalledReaderMs: STALLED_READER_MS } });
  await us.engine.add(film.torrentFile, { signal: never });
  const url = `${us.url}/stream/${film.infoHash}/0/direct`;
  expect(await readBody(url)).toMatchObject({ isWhole: true, sha256: film.sha256 });

  const before = process.memoryUsage.rss();
  const { host, hostname, port } = new URL(us.url);
  const stalled: Socket[] = [];
  for (let client = 0; client < CLIENTS; client += 1) {
    const socket = connect(Number(port), hostname);
    socket.write(`GET /stream/${film.infoHash}/0/direct HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    // Its first bytes, and then no more.
    await once(socket, "readable");
    stalled.push(socket);
  }
  expect(await readBody(url)).toMatchObject({ isWhole: true, sha256: film.sha256 });
  expect(process.memoryUsage.rss() - before).toBeLessThan(CLIENTS * CLIENT_BYTES);

  // They read on too late: the server has let them go, and none was told that it has it all.
  await waitUntil("their demands are gone", () => us.engine.get(film.infoHash)!.activeDemands === 0);
  const outcomes = await Promise.all(stalled.map(readOn));
  for (const lengthBytes of outcomes) expect(lengthBytes).toBeLessThan(film.bytes.length / 2);
  expect(us.log).toEqual([]);
});

/** Reads what still comes, until the connection is closed. */
async function readOn(socket: Socket): Promise<number> {
  let lengthBytes = 0;
  await new Promise((resolve) => {
    socket.on("error", () => undefined).on("close", resolve);
    socket.on("data", (chunk) => {
      lengthBytes += chunk.length;
    });
  });
  return lengthBytes;
}
