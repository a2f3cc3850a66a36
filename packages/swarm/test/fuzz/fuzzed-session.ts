import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertInvariant } from "@riptide/core";
import { createRandom, type Random, type VirtualClock } from "@riptide/sim";
import { encodeBencode, type Metainfo, parseTorrentFile } from "../../src/metainfo/index.ts";
import { Network } from "../../src/network/network.ts";
import { ConnectionBudget } from "../../src/session/connection-budget.ts";
import type { SessionEvent } from "../../src/session/protocol.ts";
import { TorrentSession } from "../../src/session/torrent-session.ts";
import { acceptWire, encodeMetadataAnswer } from "../../src/wire/index.ts";
import { virtualTime } from "../session/virtual-time.ts";
import { HostilePeer } from "./hostile-peer.ts";
import { MemorySocket } from "./memory-socket.ts";
import { cut } from "./mutations.ts";
import { ScriptedPeer } from "./scripted-peer.ts";

const PIECES = 24;
const PIECE_LENGTH_BYTES = 64 * 1024;
const HONEST_HOST = "192.0.2.1";
/** Virtual time that an honest peer may need among hostile ones: rounds of choking take ten seconds. */
const PATIENCE_STEPS = 10_000;

/** What the session is in the middle of. */
const SITUATIONS = ["seeding", "downloading", "fetching the metadata"] as const;

/**
 * One torrent session with real connections over memory, an honest peer beside `count` hostile ones, a few at a time. Throws unless the
 * honest peer gets, or gives, every byte right, and nothing of the hostile ones is left. What happens follows from the seed.
 */
export async function runFuzzedSession(seed: number, count: number): Promise<void> {
  const random = createRandom(seed);
  const folder = await mkdtemp(join(tmpdir(), "riptide-wire-fuzz-"));
  try {
    await fuzz(random, count, folder);
  } finally {
    // A session that failed is still open, and may be writing: its own failure is what is to be told.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

async function fuzz(random: Random, count: number, folder: string): Promise<void> {
  const situation = random.pick(SITUATIONS);
  const { metainfo, bytes } = createTorrent(random);
  const path = join(folder, "film.bin");
  if (situation === "seeding") await writeFile(path, bytes);
  const world = openSession({ metainfo, path, folder, situation });
  const { session, clock, accept } = world;
  if (situation !== "seeding") {
    session.setDemand(1, { range: { start: 0, end: metainfo.sizeBytes }, urgency: "soon" });
  }
  const poison = bytes.map((byte, at) => (at % 16_384 === 5 ? byte ^ 1 : byte));
  const hostile: HostilePeer[] = [];
  let honest: HonestPeer | undefined;
  // It may be the first, or come when liars have had their say about the metadata and some pieces.
  const honestNumber = random.int(1, count + 1);
  for (let number = 1; number <= count; number += 1) {
    if (number === honestNumber) honest = joinHonestPeer({ metainfo, bytes, accept });
    const peer = new HostilePeer({ random, metainfo, bytes, poison, number, accept });
    hostile.push(peer);
    peer.begin();
    for (const other of hostile) other.goOn();
    if (hostile.length > random.int(1, 12)) hostile.splice(random.int(0, hostile.length), 1)[0]!.socket.hangUp();
    await clock.advance(random.pick([0, 0, 10, 1_200]));
    assertNothingThrown(world.sockets);
  }
  assertInvariant(honest !== undefined, "The honest peer has joined");
  await expectHonestService(world, honest, {
    metainfo,
    bytes,
    situation,
    path: join(folder, metainfo.infoHash, "film.bin"),
  });
  for (const peer of hostile) peer.socket.hangUp();
  await clock.advance(300);
  assertNothingThrown(world.sockets);
  const { connectedPeers } = session.figures();
  assertInvariant(connectedPeers === 1, `${connectedPeers - 1} hostile peers are still connected`);
  await session.close();
  assertInvariant(clock.pendingTimers === 0, `${clock.pendingTimers} timers are left`);
}

function createTorrent(random: Random): { metainfo: Metainfo; bytes: Uint8Array } {
  const bytes = random.bytes(PIECES * PIECE_LENGTH_BYTES - 777);
  const pieces = Array.from({ length: PIECES }, (_, piece) =>
    createHash("sha1")
      .update(bytes.subarray(piece * PIECE_LENGTH_BYTES, (piece + 1) * PIECE_LENGTH_BYTES))
      .digest(),
  );
  const info = {
    name: "film.bin",
    length: bytes.length,
    "piece length": PIECE_LENGTH_BYTES,
    pieces: Buffer.concat(pieces),
  };
  // Metadata of several pieces (BEP 9).
  const padded = { ...info, padding: random.bytes(40_000) };
  return { metainfo: parseTorrentFile(encodeBencode({ info: padded })), bytes };
}

/** Nobody is dialled: the addresses that hostile peers name are real ones. */
class NoDials extends ConnectionBudget {
  override freeDials(): number {
    return 0;
  }
}

interface World {
  readonly session: TorrentSession;
  readonly clock: VirtualClock;
  readonly events: readonly SessionEvent[];
  readonly accept: (socket: MemorySocket) => void;
  /** All that were accepted. */
  readonly sockets: readonly MemorySocket[];
}

function assertNothingThrown(sockets: readonly MemorySocket[]): void {
  for (const { failure } of sockets) if (failure !== undefined) throw failure;
}

function openSession(options: { metainfo: Metainfo; path: string; folder: string; situation: string }): World {
  const { metainfo, path, folder, situation } = options;
  const clock = virtualTime();
  const events: SessionEvent[] = [];
  const peerId = Buffer.from("-RT0100-fuzzedfuzzed");
  const session = new TorrentSession(
    {
      infoHash: metainfo.infoHash,
      directory: join(folder, metainfo.infoHash),
      infoBytes: situation === "fetching the metadata" ? undefined : metainfo.infoBytes,
      reclaimsSpace: false,
      seedPaths: situation === "seeding" ? [path] : undefined,
      trackers: [],
      peers: [],
      provenPeers: [],
    },
    {
      peerId,
      clock,
      random: () => 0,
      network: new Network({}),
      announce: async () => ({ peers: [], intervalSeconds: 1_800 }),
      dht: undefined,
      lsd: undefined,
      uploadLimiter: undefined,
      listenPort: 6881,
      budget: new NoDials(),
      emit: (event) => events.push(event),
    },
  );
  const sockets: MemorySocket[] = [];
  const accept = (memory: MemorySocket): void => {
    sockets.push(memory);
    acceptWire(memory.socket, {
      torrents: () => [metainfo.infoHash],
      route: (infoHash, wire) => {
        const handler = infoHash === metainfo.infoHash ? session.accept(wire) : undefined;
        return handler === undefined ? null : { handler, peerId };
      },
    });
  };
  return { session, clock, events, accept, sockets };
}

interface HonestPeer {
  readonly peer: ScriptedPeer;
  readonly socket: MemorySocket;
}

function joinHonestPeer(options: Pick<World, "accept"> & { metainfo: Metainfo; bytes: Uint8Array }): HonestPeer {
  const { metainfo, bytes, accept } = options;
  const socket = new MemorySocket(HONEST_HOST);
  const peerId = Buffer.from("-HO0001-honesthonest");
  const random = createRandom(bytes.length);
  const answerMetadata = (piece: number): Uint8Array => encodeMetadataAnswer(metainfo.infoBytes, piece);
  const send = (message: Uint8Array): void => {
    for (const part of cut(random, message)) socket.receive(part);
  };
  const peer = new ScriptedPeer({ socket, metainfo, bytes, answerMetadata, peerId, send });
  accept(socket);
  peer.greet();
  return { peer, socket };
}

/** Seeding: it is given what it asks for. Downloading: what it has arrives on the disk, in spite of all the lies beside it. */
async function expectHonestService(
  { clock, events }: World,
  { peer, socket }: HonestPeer,
  { metainfo, bytes, situation, path }: { metainfo: Metainfo; bytes: Uint8Array; situation: string; path: string },
): Promise<void> {
  const blocks = Math.ceil(metainfo.sizeBytes / 16_384);
  const isServed = (): boolean =>
    situation === "seeding"
      ? peer.received.size === blocks && peer.metadataAnswers >= 1
      : events.filter(({ type }) => type === "verified").length === metainfo.pieceCount;
  for (let step = 0; step < PATIENCE_STEPS && !isServed(); step += 1) {
    assertInvariant(!socket.destroyed, "The honest peer was disconnected");
    // It asks again for what was refused while it was choked.
    if (situation === "seeding" && step % 20 === 0) {
      peer.requestMetadata(0, 1);
      for (let piece = 0; piece < metainfo.pieceCount; piece += 1)
        if (!hasPiece(peer, metainfo, piece)) peer.requestPiece(piece);
    }
    await clock.advance(50);
  }
  assertInvariant(isServed(), `The honest peer was not served while ${situation}`);
  assertInvariant(!socket.destroyed, "The honest peer was disconnected");
  const found = situation === "seeding" ? assemble(peer, bytes.length) : await readFile(path);
  assertInvariant(Buffer.compare(found, bytes) === 0, `Bytes are wrong while ${situation}`);
}

function hasPiece(peer: ScriptedPeer, { pieceLengthBytes, sizeBytes }: Metainfo, piece: number): boolean {
  for (let offset = 0; offset < pieceLengthBytes && piece * pieceLengthBytes + offset < sizeBytes; offset += 16_384) {
    if (!peer.received.has(`${piece}:${offset}`)) return false;
  }
  return true;
}

function assemble(peer: ScriptedPeer, lengthBytes: number): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  for (const [name, block] of peer.received) {
    const [piece = 0, offset = 0] = name.split(":").map(Number);
    bytes.set(block, piece * PIECE_LENGTH_BYTES + offset);
  }
  return bytes;
}
