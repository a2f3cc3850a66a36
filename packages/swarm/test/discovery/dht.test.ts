import { createSocket } from "node:dgram";
import { once, setMaxListeners } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { createDht, type Dht } from "../../src/discovery/dht.ts";
import { type BencodeInput, decodeBencode, encodeBencode } from "../../src/metainfo/bencode.ts";
import type { PeerAddress } from "../../src/types.ts";
import { HOSTILE_BENCODE } from "../metainfo/hostile-bencode.ts";
import { virtualTime } from "../session/virtual-time.ts";

const HOST = "127.0.0.1";
const clock = virtualTime();
const INFO_HASH = "ab".repeat(20);
const { signal } = new AbortController();
setMaxListeners(0, signal);

describe("createDht", () => {
  const nodes: Dht[] = [];

  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.close()));
  });

  /** A DHT of its own on loopback, whose nodes all know the first one. */
  async function startNodes(count: number): Promise<Dht[]> {
    const first = await start([]);
    for (let more = 1; more < count; more++) await start([{ host: HOST, port: first.port }]);
    await expect.poll(() => first.nodeCount, { timeout: 10_000 }).toBe(count - 1);
    return nodes;
  }

  async function start(bootstrap: PeerAddress[]): Promise<Dht> {
    const node = await createDht({ clock, bootstrap, host: HOST });
    nodes.push(node);
    return node;
  }

  it("finds what another node announced, once", async () => {
    const [, second, third, fourth] = await startNodes(4);
    await second!.announce(INFO_HASH, 4_242, signal);
    expect(await find(third!)).toEqual([{ host: HOST, port: 4_242 }]);
    expect(await find(fourth!)).toEqual([{ host: HOST, port: 4_242 }]);
    expect(fourth!.nodeCount).toBeGreaterThan(0);
  });

  it("finds several announcers and keeps torrents apart", async () => {
    const [first, second, third] = await startNodes(3);
    await Promise.all([first!.announce(INFO_HASH, 1_001, signal), second!.announce(INFO_HASH, 1_002, signal)]);
    await second!.announce("cd".repeat(20), 1_003, signal);
    const [one, other] = await Promise.all([find(third!), find(third!, "cd".repeat(20))]);
    expect(one.map(({ port }) => port).sort((left, right) => left - right)).toEqual([1_001, 1_002]);
    expect(other).toEqual([{ host: HOST, port: 1_003 }]);
  });

  it("finds nothing of what nobody announced, and nothing without nodes", async () => {
    const [, second] = await startNodes(2);
    const alone = await start([]);
    expect(await find(second!)).toEqual([]);
    expect(await find(alone)).toEqual([]);
    expect(alone.nodeCount).toBe(0);
  });

  it("takes in a node that a peer told of", async () => {
    const [first, second] = [await start([]), await start([])];
    await first.announce(INFO_HASH, 1, signal);
    second.addNode({ host: HOST, port: first.port });
    await second.announce(INFO_HASH, 4_242, signal);
    await expect.poll(() => second.nodeCount, { timeout: 10_000 }).toBe(1);
    await second.announce(INFO_HASH, 4_243, signal);
    expect((await find(first)).map(({ port }) => port)).toContain(4_243);
  });

  it("walks for many torrents, some waiting for others", async () => {
    const [first, second] = await startNodes(2);
    const hashes = Array.from({ length: 20 }, (_, index) => index.toString(16).padStart(2, "0").repeat(20));
    await Promise.all(hashes.map((hash, index) => first!.announce(hash, 2_000 + index, signal)));
    const found = await Promise.all(hashes.map((hash) => find(second!, hash)));
    expect(found.map(([peer]) => peer?.port)).toEqual(hashes.map((_, index) => 2_000 + index));
  });

  it("ends a lookup with its signal, also one that waits", async () => {
    await using silent = await startSilentNode();
    const node = await start([{ host: HOST, port: silent.port }]);
    const controller = new AbortController();
    const lookups = Array.from({ length: 6 }, () => node.lookup(INFO_HASH, () => {}, controller.signal));
    const settled = Promise.allSettled(lookups);
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await settled).toEqual(lookups.map(() => ({ status: "rejected", reason })));
    await expect(node.lookup(INFO_HASH, () => {}, controller.signal)).rejects.toBe(reason);
  });

  it("ends a walk after a minute, with what it has found", async () => {
    await using guide = await startGuide();
    const node = await start([{ host: HOST, port: guide.port }]);
    const found: PeerAddress[] = [];
    const lookup = node.lookup(INFO_HASH, (peer) => found.push(peer), signal);
    await expect.poll(() => found).toHaveLength(1);
    // It goes on asking those who do not answer.
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(60_000);
    await lookup;
    expect([found, clock.pendingTimers]).toEqual([[{ host: "10.0.0.9", port: 7 }], 0]);
  });

  it("ends lookups when closed, and starts none afterwards", async () => {
    await using silent = await startSilentNode();
    const node = await start([{ host: HOST, port: silent.port }]);
    const ended = expectClosed(node.lookup(INFO_HASH, () => {}, signal));
    await Promise.all([node.close(), node.close()]);
    await ended;
    await expectClosed(node.announce(INFO_HASH, 1, signal));
    node.addNode({ host: HOST, port: 1 });
  });

  it("says when its port is taken", async () => {
    const first = await start([]);
    await expect(createDht({ clock, bootstrap: [], host: HOST, port: first.port })).rejects.toMatchObject({
      name: "RiptideError",
      code: "engine_unavailable",
    });
  });

  it("takes 500 peers of nodes that name more", async () => {
    await using one = await startLiar(1);
    await using other = await startLiar(2);
    const node = await start([one, other].map(({ port }) => ({ host: HOST, port })));
    const found = await find(node);
    expect(found).toHaveLength(500);
    expect(new Set(found.map(({ host }) => host)).size).toBe(500);
  });

  it("passes on no address that cannot be a peer", async () => {
    const values = [
      Buffer.of(10, 0, 0, 1, 0, 0),
      Buffer.of(0, 0, 0, 0, 0, 1),
      Buffer.of(239, 0, 0, 1, 0, 1),
      Buffer.of(10, 0),
    ];
    await using liar = await startAnsweringNode("l", () => ({ values: [Buffer.of(10, 0, 0, 9, 0, 7), ...values] }));
    const node = await start([{ host: HOST, port: liar.port }]);
    expect(await find(node)).toEqual([{ host: "10.0.0.9", port: 7 }]);
  });

  it("survives datagrams that would end the library", async () => {
    const node = await start([]);
    const id = "i".repeat(20);
    const hostile: (BencodeInput | Uint8Array)[] = [
      { t: "aa", y: "q", q: "get_peers", a: { id, info_hash: 5 } },
      { t: "aa", y: "q", q: "find_node", a: { id, target: 7 } },
      { t: "aa", y: "q", q: "announce_peer", a: { id, info_hash: "h".repeat(20), port: 1, token: 7 } },
      { t: "aa", y: "q", q: { toString: "x" }, a: { id } },
      { t: "aa", y: { toString: "x" } },
      { t: "aa", y: "q", q: "put", a: { id, v: "x", token: 7, k: 5, sig: 5 } },
      { t: "aa", y: "q", q: "get", a: { id, target: 7 } },
      { t: 5, y: "r", r: { id: 5 } },
    ];
    const socket = createSocket("udp4");
    for (const message of hostile) socket.send(encodeBencode(message), node.port, HOST);
    // What fits into a datagram of bombs that come by other ways, too (T15).
    const bombs = HOSTILE_BENCODE.map(([, bytes]) => bytes.subarray(0, 60_000));
    const closed = `${"l".repeat(30_000)}${"e".repeat(30_000)}`;
    for (const noise of ["", closed, "d9:__proto__d1:t2:aaee", "d1:ti-0ee", "d1:y1:qe", "\u0000", ...bombs]) {
      socket.send(noise, node.port, HOST);
    }
    socket.send(encodeBencode({ t: "zz", y: "q", q: "ping", a: { id } }), node.port, HOST);
    const [answer] = (await once(socket, "message")) as [Uint8Array];
    socket.close();
    expect(decodeBencode(answer)).toEqual(
      new Map<string, unknown>([
        ["r", new Map([["id", expect.any(Uint8Array)]])],
        ["t", new Uint8Array(Buffer.from("zz"))],
        ["y", new Uint8Array(Buffer.from("r"))],
      ]),
    );
  });
});

interface ScriptedNode extends AsyncDisposable {
  readonly port: number;
}

async function expectClosed(walk: Promise<void>): Promise<void> {
  await expect(walk).rejects.toMatchObject({ code: "engine_unavailable", message: "The DHT is closed." });
}

async function find(node: Dht, infoHash = INFO_HASH): Promise<PeerAddress[]> {
  const found: PeerAddress[] = [];
  await node.lookup(infoHash, (peer) => found.push(peer), signal);
  return found;
}

/** A node that answers every query with `answer` beside its id; `undefined` for silence. */
async function startAnsweringNode(
  idLetter: string,
  answer: () => Record<string, BencodeInput> | undefined,
): Promise<ScriptedNode> {
  const socket = createSocket("udp4");
  socket.on("message", (datagram, remote) => {
    const values = answer();
    const query = decodeBencode(datagram);
    const transaction = query instanceof Map ? query.get("t") : undefined;
    if (values === undefined || !(transaction instanceof Uint8Array)) return;
    const response = { t: transaction, y: "r", r: { id: idLetter.repeat(20), token: "t", ...values } };
    socket.send(encodeBencode(response), remote.port, remote.address);
  });
  socket.bind(0, HOST);
  await once(socket, "listening");
  return {
    port: socket.address().port,
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await once(socket, "close");
    },
  };
}

async function startSilentNode(): Promise<ScriptedNode> {
  return await startAnsweringNode("s", () => undefined);
}

/** Names one peer, and a hundred nodes close to the info hash that are not there: sixteen at a time, that takes seconds. */
async function startGuide(): Promise<ScriptedNode> {
  const nodes = Array.from({ length: 100 }, (_, index) => {
    const id = Buffer.from(INFO_HASH, "hex");
    id.writeUInt8(index, 19);
    return Buffer.concat([id, Buffer.of(127, 1, 1, index + 1, 0, 9)]);
  });
  return await startAnsweringNode("g", () => ({ values: [Buffer.of(10, 0, 0, 9, 0, 7)], nodes: Buffer.concat(nodes) }));
}

/** Names 400 peers at 10.`network`.*.*. */
async function startLiar(network: number): Promise<ScriptedNode> {
  const values = Array.from({ length: 400 }, (_, index) => Buffer.of(10, network, index >> 8, index & 255, 0, 1));
  return await startAnsweringNode(String(network), () => ({ values }));
}
