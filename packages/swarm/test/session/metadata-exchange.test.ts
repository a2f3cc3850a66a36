import { createHash } from "node:crypto";
import { createRandom } from "@riptide/sim";
import { describe, expect, it } from "vitest";
import { MetadataExchange } from "../../src/session/metadata-exchange.ts";
import type { Peer } from "../../src/session/peer.ts";
import {
  EXTENSION_HANDSHAKE_ID,
  encodeExtensionHandshake,
  encodeMetadataAnswer,
  encodeMetadataReject,
  encodeMetadataRequest,
  parseExtensionHandshake,
  parseMetadataMessage,
  UT_METADATA_ID,
} from "../../src/wire/index.ts";
import { type FakePeer, fakePeer } from "./fake-peer.ts";
import { virtualTime } from "./virtual-time.ts";

const KIB = 1024;

function sha1(bytes: Uint8Array): string {
  return createHash("sha1").update(bytes).digest("hex");
}

/** Five pieces, the last a short one. */
const METADATA = createRandom(1).bytes(70 * KIB);
const LIE = createRandom(2).bytes(METADATA.length);

function setUp({ metadata = METADATA, known = false } = {}) {
  const clock = virtualTime();
  const found: Uint8Array[] = [];
  const liars: Peer[] = [];
  const exchange = new MetadataExchange({
    infoHash: sha1(metadata),
    infoBytes: known ? metadata : undefined,
    listenPort: 6881,
    exchangesPeers: () => true,
    clock,
    found: (bytes) => found.push(bytes),
    lied: (peer) => liars.push(peer),
  });
  /** A peer that has introduced itself, and offers so many bytes of metadata. */
  const join = (number: number, offeredBytes: number | undefined = metadata.length): FakePeer => {
    const fake = fakePeer(number);
    exchange.join(fake.peer);
    fake.wire.take();
    const own = { client: "Fake", requestQueueDepth: 250, metadataSizeBytes: offeredBytes };
    exchange.extended(fake.peer, EXTENSION_HANDSHAKE_ID, encodeExtensionHandshake(own));
    return fake;
  };
  const say = ({ peer }: FakePeer, payload: Uint8Array): void => {
    exchange.extended(peer, UT_METADATA_ID, payload);
  };
  /** Answers all that the peer was asked for, until it is asked no more. */
  const answer = (fake: FakePeer, bytes = metadata): void => {
    for (let pieces = asked(fake); pieces.length > 0; pieces = asked(fake)) {
      for (const piece of pieces) say(fake, encodeMetadataAnswer(bytes, piece));
    }
  };
  return { clock, exchange, found, liars, join, say, answer };
}

/** The pieces that the peer was asked for since the last time. */
function asked({ wire }: FakePeer): number[] {
  return wire.take().map(pieceOfRequest);
}

function pieceOfRequest([name, , payload]: readonly unknown[]): number {
  const message = name === "extended" && payload instanceof Uint8Array ? parseMetadataMessage(payload) : null;
  if (message?.kind !== "request") throw new Error(`Not a request for metadata: ${String(name)}`);
  return message.piece;
}

describe("MetadataExchange", () => {
  it("introduces us with what we have and where we listen", () => {
    const [stranger, owner] = [false, true].map((known) => {
      const { exchange } = setUp({ known });
      const { peer, wire } = fakePeer(1);
      exchange.join(peer);
      const [[, id, payload] = []] = wire.take();
      expect(id).toBe(EXTENSION_HANDSHAKE_ID);
      return payload instanceof Uint8Array ? parseExtensionHandshake(payload) : null;
    });
    expect(stranger).toMatchObject({ listenPort: 6881, requestQueueDepth: 512, metadataSizeBytes: undefined });
    expect(owner).toMatchObject({ metadataSizeBytes: METADATA.length, utMetadataId: UT_METADATA_ID });
  });

  it("says nothing to a peer without the extension protocol, and hears nothing from it", () => {
    const { exchange, found } = setUp();
    const { peer, wire } = fakePeer(1, { supportsExtensions: false });
    exchange.join(peer);
    exchange.extended(peer, UT_METADATA_ID, encodeMetadataAnswer(METADATA, 0));
    expect([wire.take(), found, exchange.handshakeOf(peer)]).toEqual([[], [], undefined]);
  });

  it("learns where an incoming peer listens", () => {
    const { exchange } = setUp();
    const { peer } = fakePeer(1, { isOutgoing: false });
    exchange.join(peer);
    expect(peer.listenAddress).toBeUndefined();
    const own = { client: "Fake", requestQueueDepth: 99, listenPort: 7000 };
    const handshake = exchange.extended(peer, EXTENSION_HANDSHAKE_ID, encodeExtensionHandshake(own));
    expect(peer.listenAddress).toEqual({ host: "10.0.0.1", port: 7000 });
    expect([handshake?.requestQueueDepth, exchange.handshakeOf(peer)?.client]).toEqual([99, "Fake"]);
  });

  it("takes the metadata of the first peer that completes it, once", () => {
    const { join, answer, found, liars } = setUp();
    const [first, second] = [join(1), join(2)];
    expect(asked(second)).toEqual([0, 1, 2, 3, 4]);
    answer(first);
    answer(second);
    expect(found.map(sha1)).toEqual([sha1(METADATA)]);
    expect(liars).toEqual([]);
    expect(asked(join(3))).toEqual([]);
  });

  it("names a peer whose metadata has another hash, and goes on with the next", () => {
    const { join, answer, found, liars } = setUp();
    const [liar, honest] = [join(1), join(2)];
    answer(liar, LIE);
    expect([liars, found]).toEqual([[liar.peer], []]);
    answer(honest);
    expect(found.map(sha1)).toEqual([sha1(METADATA)]);
  });

  it("never mixes bytes of two peers", () => {
    const { join, say, answer, found, liars } = setUp();
    const [liar, honest] = [join(1), join(2)];
    for (const piece of [0, 1, 2, 3]) {
      say(liar, encodeMetadataAnswer(LIE, piece));
      say(honest, encodeMetadataAnswer(METADATA, piece));
    }
    say(liar, encodeMetadataAnswer(METADATA, 4));
    expect(liars).toEqual([liar.peer]);
    answer(honest);
    expect(found).toHaveLength(1);
  });

  it.each<[string, Uint8Array]>([
    ["rejects", encodeMetadataReject(0)],
    ["says another size in its answer", encodeMetadataAnswer(METADATA.subarray(0, 16 * KIB), 0)],
    [
      "sends a piece that does not exist",
      Buffer.concat([Buffer.from(`d8:msg_typei1e5:piecei9e10:total_sizei${METADATA.length}ee`), LIE.subarray(0, 9)]),
    ],
    ["sends a short piece", encodeMetadataAnswer(METADATA, 0).subarray(0, 1_000)],
  ])("gives up on a peer that %s", (_what, message) => {
    const { join, say, found, liars, exchange } = setUp();
    const peers = [1, 2, 3, 4].map((number) => join(number));
    const fifth = join(5);
    expect(asked(fifth)).toEqual([]);
    say(peers[0]!, message);
    expect(asked(fifth)).toEqual([0, 1, 2, 3, 4]);
    asked(peers[0]!);
    exchange.leave(peers[1]!.peer);
    expect([asked(peers[0]!), found, liars]).toEqual([[], [], []]);
  });

  it.each([0, 10_000_001, 2 ** 40])("does not believe in %d bytes of metadata", (offeredBytes) => {
    const { join } = setUp();
    expect(asked(join(1, offeredBytes))).toEqual([]);
  });

  it("asks four peers at a time, and the next when one leaves", () => {
    const { join, exchange } = setUp();
    const peers = [1, 2, 3, 4, 5, 6].map((number) => join(number));
    expect(peers.map((peer) => asked(peer).length)).toEqual([5, 5, 5, 5, 0, 0]);
    exchange.leave(peers[2]!.peer);
    expect(peers.map((peer) => asked(peer).length)).toEqual([0, 0, 0, 0, 5, 0]);
  });

  it("asks a peer for 32 pieces at a time", () => {
    const metadata = createRandom(3).bytes(40 * 16 * KIB);
    const { join, say, answer, found } = setUp({ metadata });
    const peer = join(1);
    expect(asked(peer)).toEqual(Array.from({ length: 32 }, (_, piece) => piece));
    say(peer, encodeMetadataAnswer(metadata, 7));
    say(peer, encodeMetadataAnswer(metadata, 7));
    expect(asked(peer)).toEqual([32]);
    for (let piece = 0; piece < 33; piece += 1) if (piece !== 7) say(peer, encodeMetadataAnswer(metadata, piece));
    answer(peer);
    expect(found.map(sha1)).toEqual([sha1(metadata)]);
  });

  it("asks others when peers keep it waiting, and those again afterwards", async () => {
    const { clock, join, say, answer, found } = setUp();
    const silent = [1, 2, 3, 4].map((number) => join(number));
    const honest = join(5);
    for (const peer of silent) asked(peer);
    await clock.advance(9_000);
    expect(asked(honest)).toEqual([]);
    say(silent[0]!, encodeMetadataAnswer(METADATA, 0));
    await clock.advance(1_000);
    expect(honest.wire.sent).toHaveLength(5);
    // Three ran out of patience with, one did not: it has sent a piece since.
    expect(silent.map((peer) => asked(peer).length)).toEqual([0, 5, 5, 0]);
    answer(honest);
    expect(found).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it("gives the metadata to whoever asks, once it is there", () => {
    const { exchange, join, say } = setUp();
    const asker = join(1, undefined);
    const ask = (piece: number): unknown => {
      say(asker, encodeMetadataRequest(piece));
      const [[, , payload] = []] = asker.wire.take();
      return payload instanceof Uint8Array ? parseMetadataMessage(payload) : undefined;
    };
    asker.wire.take();
    expect(ask(0)).toEqual({ kind: "reject", piece: 0 });
    exchange.complete(METADATA);
    expect(ask(4)).toMatchObject({ kind: "data", piece: 4, totalSizeBytes: METADATA.length });
    expect(ask(5)).toEqual({ kind: "reject", piece: 5 });
  });

  it("rejects what is asked by a peer that takes nothing", () => {
    const { join, say } = setUp({ known: true });
    const asker = join(1);
    asker.wire.queuedBytes = 3 * KIB * KIB;
    say(asker, encodeMetadataRequest(0));
    const [[, , payload] = []] = asker.wire.take();
    expect(payload).toEqual(encodeMetadataReject(0));
  });

  it("leaves no timer behind when its peers are gone", () => {
    const { clock, exchange, join } = setUp();
    const peers = [1, 2, 3].map((number) => join(number));
    expect(clock.pendingTimers).toBe(3);
    for (const { peer } of peers) exchange.leave(peer);
    expect(clock.pendingTimers).toBe(0);
  });
});
