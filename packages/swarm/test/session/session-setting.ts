import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "@riptide/sim";
import type { Dht } from "../../src/discovery/index.ts";
import type { SparePolicy } from "../../src/download/index.ts";
import { Deferred } from "../../src/engine/deferred.ts";
import { createTorrentFile, encodeBencode, parseTorrentFile } from "../../src/metainfo/index.ts";
import { Network } from "../../src/network/network.ts";
import { ConnectionBudget } from "../../src/session/connection-budget.ts";
import type { SessionEvent, TorrentOrder } from "../../src/session/protocol.ts";
import { TorrentSession } from "../../src/session/torrent-session.ts";
import { FakeWire, fakeAddress, remoteHandshake } from "./fake-peer.ts";
import { virtualTime } from "./virtual-time.ts";

const { signal } = new AbortController();
const folders: string[] = [];

/** After each test. */
export async function removeFolders(): Promise<void> {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "riptide-session-"));
  folders.push(folder);
  return folder;
}

/** A torrent of one file of 256 KiB, and where the file lies. */
export async function createTorrent({ isPrivate = false } = {}) {
  const folder = await temporaryFolder();
  const path = join(folder, "film.bin");
  await writeFile(path, createRandom(1).bytes(256 * 1024));
  const options = { name: "film.bin", files: [{ absolutePath: path, path: ["film.bin"] }], trackers: [] };
  const metainfo = parseTorrentFile(await createTorrentFile({ ...options, pieceLengthBytes: 64 * 1024, signal }));
  if (!isPrivate) return { metainfo, path };
  const { pieceHashes: pieces, pieceLengthBytes, sizeBytes: length, name } = metainfo;
  const info = { length, name, "piece length": pieceLengthBytes, pieces, private: 1 };
  return { metainfo: parseTorrentFile(encodeBencode({ info })), path };
}

/** A session of one torrent in virtual time: no sockets but to peers that the order names, a DHT that writes down what it is asked. */
export async function setUp(order: Partial<TorrentOrder> & { infoHash: string }, sparePolicy?: SparePolicy) {
  const clock = virtualTime();
  const events: SessionEvent[] = [];
  const outcome = new Deferred<SessionEvent>();
  const dhtCalls: string[] = [];
  const lsdCalls: string[] = [];
  const dht: Dht = {
    nodeCount: 1,
    port: 1,
    addNode: ({ host, port }) => dhtCalls.push(`node ${host}:${port}`),
    lookup: async () => void dhtCalls.push("lookup"),
    announce: async () => void dhtCalls.push("announce"),
    close: async () => undefined,
  };
  const directory = join(await temporaryFolder(), order.infoHash);
  const nothing = {
    infoBytes: undefined,
    reclaimsSpace: false,
    seedPaths: undefined,
    trackers: [],
    peers: [],
    provenPeers: [],
  };
  const session = new TorrentSession(
    { ...nothing, directory, ...order },
    {
      peerId: new Uint8Array(20).fill(200),
      network: new Network({}),
      clock,
      random: () => 0,
      announce: async () => ({ peers: [], intervalSeconds: 1_800 }),
      dht,
      lsd: {
        join: (infoHash) => {
          lsdCalls.push(infoHash);
          return { [Symbol.dispose]: () => void lsdCalls.push("left") };
        },
        close: async () => undefined,
      },
      uploadLimiter: undefined,
      sparePolicy,
      listenPort: 6881,
      budget: new ConnectionBudget(),
      emit: (event) => {
        events.push(event);
        if (event.type === "ready" || event.type === "failed") outcome.resolve(event);
      },
    },
  );
  /** An incoming peer whose handshake is done. */
  const connect = (number: number, supportsFast = true, supportsExtensions = false) => {
    const wire = new FakeWire(fakeAddress(number), false);
    const peer = session.accept(wire)!;
    wire.onClose = (reason) => peer.onClose(reason);
    peer.onHandshake(remoteHandshake(number, { supportsFast, supportsExtensions }));
    return { peer, wire };
  };
  const settled = (): Promise<SessionEvent> => outcome.wait();
  return { clock, session, events, dhtCalls, lsdCalls, connect, settled };
}
