import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createRandom } from "@riptide/sim";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeTorrent } from "../support/made-torrent.ts";
import { residentBytes } from "../support/resident-bytes.ts";
import { type RunningRiptide, startQuietRiptide } from "../support/riptide.ts";
import { type ScriptedSeed, startScriptedSeed } from "../support/scripted-seed.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1024 * 1024;
const GROWTH_LIMIT_BYTES = 64 * MIB;
/** It is dialled again after 0.5 s, 1 s, 2 s, 4 s, … */
const MEETINGS_MAX = 8;
const PIECES = 128;
const torrent = makeTorrent("film", [{ path: ["film.bin"], bytes: createRandom(21).bytes(PIECES * 16_384) }]);

/** What a peer says behind its handshake. Each is hung up on for it. */
const MISDEEDS: Readonly<Record<string, (socket: Socket) => void>> = {
  "a message of 2 GiB": (socket) => socket.write(uint32(2 ** 31)),
  "a message of 2 MiB": (socket) => sendForEver(socket, Buffer.concat([uint32(2 * MIB), Buffer.from([7])])),
  "a bitfield that is too long": (socket) => socket.write(message(5, Buffer.alloc(PIECES / 8 + 1, 0xff))),
  "a bitfield that is too short": (socket) => socket.write(message(5, Buffer.alloc(PIECES / 8 - 1, 0xff))),
  "a piece that there is not": (socket) => socket.write(message(4, uint32(PIECES))),
  "a have of three bytes": (socket) => socket.write(message(4, Buffer.alloc(3))),
  "noise in place of lengths": (socket) => socket.write(Buffer.alloc(100, 0xff)),
  "keep-alives without end": (socket) => sendForEver(socket, Buffer.alloc(4_096)),
  "blocks that nobody asked for": (socket) =>
    sendForEver(socket, message(7, uint32(0), uint32(0), Buffer.alloc(16_384))),
};

/** What need not be the end, and must cost nothing. */
const NUISANCES: Readonly<Record<string, (socket: Socket) => void>> = {
  "haves without end": (socket) => sendForEver(socket, message(4, uint32(1))),
  "a request for 1 MiB": (socket) => socket.write(message(6, uint32(0), uint32(0), uint32(MIB))),
  "metadata of 2 GiB": (socket) => socket.write(extension("d1:md11:ut_metadatai3ee13:metadata_sizei2147483648ee")),
  "lists in each other": (socket) => socket.write(extension("l".repeat(100_000))),
  "5,000 peers from one": (socket) =>
    socket.write(Buffer.concat([extension("d1:md6:ut_pexi2eee"), message(20, Buffer.from([2]), pex(5_000))])),
};

let folder: TemporaryFolder;
let seed: ScriptedSeed;
let riptide: RunningRiptide;
let hostile: Record<string, HostilePeer>;
let before: number;
beforeAll(async () => {
  folder = await temporaryFolder("peers");
  seed = await startScriptedSeed({ torrent, bytesPerSecond: MIB / 2 });
  hostile = {};
  for (const [number, [name, misdeed]] of Object.entries({ ...MISDEEDS, ...NUISANCES }).entries()) {
    hostile[name] = await startHostilePeer(misdeed, `127.0.1.${number + 1}`);
  }
  const peers = [seed.peer, ...Object.values(hostile)].map(({ host, port }) => `--peer=${host}:${port}`);
  riptide = await startQuietRiptide(folder.path, ...peers);
  before = await residentBytes(riptide.process.child.pid!);
  await riptide.add(torrent.torrentFile);
});
afterAll(async () => {
  await riptide[Symbol.asyncDispose]();
  for (const peer of [seed, ...Object.values(hostile)]) await peer[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

describe("T21 among peers that know no measure", () => {
  it("T21 a film plays, byte for byte, and they cost little", async () => {
    const growthBytes: number[] = [];
    const watching = new AbortController();
    const watched = (async () => {
      while (!watching.signal.aborted) {
        growthBytes.push((await residentBytes(riptide.process.child.pid!)) - before);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    const response = await fetch(`${riptide.url}/stream/${torrent.infoHash}/0/direct`);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.equals(torrent.bytes)).toBe(true);
    watching.abort();
    await watched;
    expect(Math.max(...growthBytes)).toBeLessThan(GROWTH_LIMIT_BYTES);
    expect((await fetch(`${riptide.url}/readyz`)).status).toBe(200);
    const { engine } = await riptide.api<{ engine: { restarts: number } }>("/readyz");
    expect(engine.restarts).toBe(0);
  });

  it.each(Object.keys(MISDEEDS))("T21 one that sends %s is hung up on", async (name) => {
    await waitUntil("it is hung up on", () => hostile[name]!.closed > 0, 10_000);
    expect(hostile[name]!.met).toBeLessThan(MEETINGS_MAX);
  });

  it.each(Object.keys(NUISANCES))("T21 one that sends %s was met, and did no harm", async (name) => {
    await waitUntil("it is met", () => hostile[name]!.met > 0, 10_000);
    expect(hostile[name]!.met).toBeLessThan(MEETINGS_MAX);
  });
});

interface HostilePeer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Handshakes with it, and how many of those connections are over. */
  readonly met: number;
  readonly closed: number;
}

/** Answers the handshake as a peer with the torrent does, has all of it, and then goes astray. */
async function startHostilePeer(misdeed: (socket: Socket) => void, host: string): Promise<HostilePeer> {
  const sockets = new Set<Socket>();
  const counters = { met: 0, closed: 0 };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    let received = Buffer.alloc(0);
    let isGreeted = false;
    socket.on("data", (bytes) => {
      if (isGreeted) return;
      received = Buffer.concat([received, bytes]);
      if (received.length < 68) return;
      const infoHash = Buffer.from(torrent.infoHash, "hex");
      // Encrypted first: it does not understand that, and is dialled again in plain.
      if (!received.subarray(28, 48).equals(infoHash)) return void socket.destroy();
      isGreeted = true;
      counters.met += 1;
      socket.once("close", () => {
        counters.closed += 1;
      });
      const reserved = Buffer.from([0, 0, 0, 0, 0, 0x10, 0, 4]);
      socket.write(Buffer.concat([Buffer.from("\x13BitTorrent protocol"), reserved, infoHash, randomBytes(20)]));
      misdeed(socket);
    });
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, host);
  await once(server, "listening");
  return {
    host,
    port: (server.address() as AddressInfo).port,
    get met() {
      return counters.met;
    },
    get closed() {
      return counters.closed;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function sendForEver(socket: Socket, bytes: Buffer): void {
  const more = (): void => {
    if (socket.destroyed) return;
    // Leaves the machine some time for others.
    if (socket.write(bytes)) setTimeout(more, 1);
    else socket.once("drain", more);
  };
  more();
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function message(id: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from([id]), ...parts]);
  return Buffer.concat([uint32(body.length), body]);
}

/** BEP 10: what a peer offers, under the id 0. */
function extension(text: string): Buffer {
  return message(20, Buffer.from([0]), Buffer.from(text));
}

/** BEP 11: so many addresses of nobody (RFC 5737). */
function pex(count: number): Buffer {
  const added = Buffer.alloc(6 * count);
  for (let peer = 0; peer < count; peer += 1) added.set([203, 0, 113, peer & 255, 1, peer >> 8], 6 * peer);
  return Buffer.concat([Buffer.from(`d5:added${added.length}:`), added, Buffer.from("e")]);
}
