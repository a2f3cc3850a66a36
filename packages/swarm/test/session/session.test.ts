import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import type { SessionEvent, TorrentOrder } from "../../src/session/protocol.ts";
import { openSession } from "../../src/session/session.ts";
import { encodeHandshake } from "../../src/wire/handshake.ts";
import { virtualTime } from "./virtual-time.ts";

const HOST = "127.0.0.1";

describe("Session", () => {
  it("lets go of torrents whose tracker switches protocols and says no more", async () => {
    await using tracker = await startSwitchingTracker();
    await using started = await startSession();
    const { session, told } = started;
    for (const number of [1, 2])
      session.handle({ type: "add", order: order(number, { trackers: [[tracker.url]], isLocal: true }) });
    await expect.poll(() => tracker.answers(), { timeout: 10_000 }).toBe(2);
    session.handle({ type: "remove", infoHash: order(1).infoHash });
    await told("removed");
    session.handle({ type: "close" });
    await told("closed");
  });

  it("has 64 strangers at most who do not greet: the oldest gives way, and nobody who did", async () => {
    await using started = await startSession();
    const { infoHash } = order(1);
    started.session.handle({ type: "add", order: order(1) });
    const greet = (socket: Socket): Promise<unknown> => {
      socket.write(encodeHandshake(infoHash, randomBytes(20)));
      return once(socket, "data");
    };
    const friend = await connectTo(started.port);
    await greet(friend);
    const strangers: Socket[] = [];
    const gone: number[] = [];
    for (let number = 0; number < 66; number += 1) {
      const stranger = await connectTo(started.port);
      stranger.once("close", () => gone.push(number));
      strangers.push(stranger);
    }
    await Promise.all(strangers.slice(0, 2).map((stranger) => once(stranger, "close")));
    // Whoever was still there after those two may still greet, and so may one who comes now.
    await greet(strangers[2]!);
    await greet(await connectTo(started.port));
    expect([gone, friend.closed]).toEqual([[0, 1], false]);
    for (const socket of [friend, ...strangers]) socket.destroy();
  });
});

/** Connected to the port, and reading. */
async function connectTo(port: number): Promise<Socket> {
  const socket = connect({ host: HOST, port });
  await once(socket, "connect");
  return socket.resume();
}

/** A session without a DHT, in virtual time but for its sockets, closed with the scope. */
async function startSession() {
  const clock = virtualTime();
  const events: SessionEvent[] = [];
  const session = await openSession({
    settings: { peerHost: HOST, peerPort: 0, dht: undefined, lsd: false, uploadBytesPerSecond: undefined },
    clock,
    emit: (event) => events.push(event),
  });
  const told = async (type: SessionEvent["type"]): Promise<void> => {
    await expect.poll(() => events.map((event) => event.type), { timeout: 10_000 }).toContain(type);
  };
  await told("listening");
  const [listening] = events.filter((event) => event.type === "listening");
  return {
    session,
    port: listening!.port,
    told,
    [Symbol.asyncDispose]: async () => {
      session.handle({ type: "close" });
      await told("closed");
    },
  };
}

/** A torrent of which only the info hash is known. */
function order(number: number, details: Partial<TorrentOrder> = {}): TorrentOrder {
  const infoHash = number.toString(16).padStart(40, "0");
  const nothing = {
    infoBytes: undefined,
    trackers: [],
    peers: [],
    provenPeers: [],
    reclaimsSpace: false,
    seedPaths: undefined,
  };
  return { infoHash, directory: "/none", ...nothing, ...details };
}

async function startSwitchingTracker() {
  let answers = 0;
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => {
      answers += 1;
      socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
    });
  });
  server.listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${port}/announce`,
    answers: () => answers,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}
