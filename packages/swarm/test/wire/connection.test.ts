import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { encodeBlockMessages, encodeSignal } from "../../src/wire/encoder.ts";
import { encodeHandshake, HANDSHAKE_BYTES } from "../../src/wire/handshake.ts";
import { MessageId } from "../../src/wire/messages.ts";
import { CryptoMethod, initiateEncryption, respondToEncryption } from "../../src/wire/mse.ts";
import {
  acceptSide,
  closed,
  dialSide,
  greetedPair,
  INFO_HASH,
  Loopback,
  OUR_ID,
  Received,
  ScriptPeer,
  type Side,
  THEIR_ID,
  wireAndSocket,
} from "./loopback.ts";
import { blockMessage, patternBytes, SAMPLES } from "./message-samples.ts";
import { spelled } from "./recording-handler.ts";

const BLOCK = { piece: 1, offset: 16_384, length: 16_384 };

let loopback: Loopback;
beforeEach(async () => {
  loopback = await Loopback.open();
});
afterEach(async () => {
  await loopback[Symbol.asyncDispose]();
  vi.useRealTimers();
});

async function expectToTalk(side: Side, peer: ScriptPeer, handshakeBytes: number): Promise<void> {
  await side.heard("handshake");
  const buffer = new Uint8Array(100_000);
  side.handler.targetOf = ({ offset }) => ({ buffer, at: offset });
  for (let offset = 0; offset < 96_000; offset += 16_000) {
    peer.end.stream.send(blockMessage({ piece: 0, offset, length: 16_000 }, patternBytes(16_000, offset)));
  }
  peer.flush();
  await side.heard("block", 6);
  const expected = Buffer.concat(Array.from({ length: 6 }, (_, index) => patternBytes(16_000, index * 16_000)));
  expect(Buffer.compare(buffer.subarray(0, 96_000), expected)).toBe(0);

  const data = patternBytes(16_384, 7);
  side.wire.block(1, 0, data);
  side.wire.keepAlive();
  side.wire.keepAlive();
  const clear = await peer.heardBytes(handshakeBytes + 13 + data.length + 8);
  expect(Buffer.compare(clear.subarray(handshakeBytes + 13), Buffer.concat([data, Buffer.alloc(8)]))).toBe(0);
  // What was lent to the wire and the keep-alive that all wires share are not encrypted in place.
  expect(Buffer.compare(data, patternBytes(16_384, 7))).toBe(0);
}

describe.each(["plaintext", "encrypted"] as const)("two wires on loopback, %s", (mode) => {
  it("know each other after the handshake", async () => {
    const { dialled, accepted } = await greetedPair(loopback, mode);
    expect(dialled.handler.remote).toMatchObject({
      infoHash: INFO_HASH,
      peerId: Uint8Array.from(THEIR_ID),
      isEncrypted: mode === "encrypted",
    });
    expect(accepted.handler.remote).toMatchObject({
      infoHash: INFO_HASH,
      peerId: Uint8Array.from(OUR_ID),
      isEncrypted: mode === "encrypted",
    });
    expect([dialled.wire.isOutgoing, accepted.wire.isOutgoing]).toEqual([true, false]);
    expect(dialled.wire.remoteAddress).toEqual({ host: "127.0.0.1", port: loopback.port });
    expect(accepted.wire.remoteAddress.host).toBe("127.0.0.1");
    expect(dialled.wire.receivedBytes).toBeGreaterThanOrEqual(HANDSHAKE_BYTES);
    expect([dialled.wire.didSendBytes, accepted.wire.didSendBytes]).toEqual([true, true]);
  });

  it("carry every message both ways", async () => {
    const { dialled, accepted } = await greetedPair(loopback, mode);
    for (const [from, to] of [
      [dialled, accepted],
      [accepted, dialled],
    ] as const) {
      const { wire } = from;
      to.handler.calls.length = 0;
      wire.choke();
      wire.unchoke();
      wire.interested();
      wire.notInterested();
      wire.have(3);
      wire.bitfield(Uint8Array.of(1, 2));
      wire.haveAll();
      wire.haveNone();
      wire.request([BLOCK, { ...BLOCK, offset: 0 }]);
      wire.request([]);
      wire.cancel([BLOCK]);
      wire.cancel([]);
      wire.reject(BLOCK);
      wire.extended(1, patternBytes(9, 1));
      wire.keepAlive();
      wire.block(5, 32_768, patternBytes(3, 1));
      await to.heard("block");
      const expected = [
        ["choke"],
        ["unchoke"],
        ["interested"],
        ["notInterested"],
        ["have", 3],
        ["bitfield", Uint8Array.of(1, 2)],
        ["haveAll"],
        ["haveNone"],
        ["request", BLOCK],
        ["request", { ...BLOCK, offset: 0 }],
        ["cancel", BLOCK],
        ["reject", BLOCK],
        ["extended", 1, patternBytes(9, 1)],
        ["blockTarget", { piece: 5, offset: 32_768, length: 3 }],
        ["block", { piece: 5, offset: 32_768, length: 3 }, false],
      ];
      expect(to.handler.calls).toEqual(expected);
      expect(to.handler.readEnds).toBeGreaterThan(0);
    }
  });

  it.each(["dialled", "accepted"] as const)(
    "bring 8 MB of blocks to the %s side, each byte to its place",
    async (leecher) => {
      const pair = await greetedPair(loopback, mode);
      const [to, from] = leecher === "dialled" ? [pair.dialled, pair.accepted] : [pair.accepted, pair.dialled];
      const pieceBytes = 1024 * 1024;
      const pieces = Array.from({ length: 8 }, (_, piece) => patternBytes(pieceBytes, piece));
      const stored = pieces.map(() => new Uint8Array(pieceBytes));
      to.handler.targetOf = ({ piece, offset }) => ({ buffer: stored[piece]!, at: offset });
      from.handler.onRequest = ({ piece, offset, length }) =>
        from.wire.block(piece, offset, pieces[piece]!.subarray(offset, offset + length));
      const blocks = pieces.flatMap((_, piece) =>
        Array.from({ length: 64 }, (__, index) => ({ piece, offset: index * 16_384, length: 16_384 })),
      );
      to.wire.request(blocks);
      await to.heard("block", blocks.length);
      expect(stored.map((piece, index) => Buffer.compare(piece, pieces[index]!))).toEqual(Array(8).fill(0));
      const ends = to.handler.calls.filter(([name]) => name === "block");
      expect(ends).toEqual(blocks.map((block) => ["block", block, true]));
    },
  );
});

describe("a wire", () => {
  it("hears what came in one piece with the handshake, after it", async () => {
    const side = dialSide(loopback.port);
    const socket = await loopback.next();
    socket.write(
      Buffer.concat([
        encodeHandshake(INFO_HASH, THEIR_ID),
        ...SAMPLES.map((sample) => sample.bytes),
        encodeSignal(MessageId.choke),
      ]),
    );
    await side.heard("choke", 2);
    const expected = SAMPLES.flatMap((sample) => sample.calls).map((call) =>
      call[0] === "block" ? [call[0], call[1], false] : call,
    );
    expect(spelled(side.handler.calls)).toEqual(spelled([["handshake"], ...expected, ["choke"]] as never));
  });

  it("sends requests of one call in one piece, byte for byte as BEP 3 says", async () => {
    const { side, socket } = await wireAndSocket(loopback);
    const received = new Received(socket);
    side.wire.request([BLOCK, BLOCK]);
    const bytes = await received.atLeast(HANDSHAKE_BYTES + 34);
    const request = "0000000d06000000010000400000004000";
    expect(bytes.subarray(HANDSHAKE_BYTES).toString("hex")).toBe(request + request);
  });

  it("sends no reject to a peer without the fast extension", async () => {
    const handshake = Buffer.from(encodeHandshake(INFO_HASH, THEIR_ID));
    handshake[27] = 0;
    const { side, socket } = await wireAndSocket(loopback, handshake);
    const received = new Received(socket);
    side.wire.reject(BLOCK);
    side.wire.have(1);
    const bytes = await received.atLeast(HANDSHAKE_BYTES + 9);
    expect(bytes.subarray(HANDSHAKE_BYTES).toString("hex")).toBe("000000050400000001");
  });

  it("keeps off a buffer that was withdrawn in the middle of a block", async () => {
    const { side, socket } = await wireAndSocket(loopback);
    const buffer = new Uint8Array(100);
    side.handler.targetOf = () => ({ buffer, at: 0 });
    const message = blockMessage({ piece: 0, offset: 0, length: 100 }, patternBytes(100, 1));
    socket.write(message.subarray(0, 13));
    await side.heard("blockTarget");
    side.wire.withdrawTarget(buffer);
    socket.write(message.subarray(13));
    await side.heard("block");
    expect(side.handler.calls.at(-1)).toEqual(["block", { piece: 0, offset: 0, length: 100 }, false]);
    expect(buffer).toEqual(new Uint8Array(100));
  });

  it("refuses to speak before the handshake is done: that is our mistake, not the peer's", async () => {
    const side = dialSide(loopback.port);
    expect(() => side.wire.interested()).toThrow("Messages follow our handshake");
    side.wire.close("enough");
  });

  it("may speak right behind its own handshake, unless encryption has to be agreed on", async () => {
    const speaking = dialSide(loopback.port);
    const encrypted = dialSide(loopback.port, { mode: "encrypted" });
    const refused = new Promise<void>((resolve) => {
      encrypted.handler.onConnect = () => {
        expect(() => encrypted.wire.interested()).toThrow("encryption is agreed on before");
        resolve();
      };
    });
    speaking.handler.onConnect = () => {
      speaking.wire.bitfield(Uint8Array.of(0x40));
      speaking.wire.interested();
    };
    const heard = await new Received(await loopback.next()).atLeast(HANDSHAKE_BYTES + 6 + 5);
    expect(heard.subarray(HANDSHAKE_BYTES)).toEqual(Buffer.from([0, 0, 0, 2, 5, 0x40, 0, 0, 0, 1, 2]));
    await refused;
    for (const { wire } of [speaking, encrypted]) wire.close("enough");
  });

  it("understands what is said right behind the other's handshake", async () => {
    const dialled = dialSide(loopback.port);
    dialled.handler.onConnect = () => {
      dialled.wire.bitfield(Uint8Array.of(0x40));
      dialled.wire.interested();
    };
    const accepted = acceptSide(await loopback.next());
    await accepted.heard("interested");
    expect(accepted.handler.names().slice(0, 3)).toEqual(["handshake", "bitfield", "interested"]);
    await dialled.heard("handshake");
  });
});

describe("a wire whose peer insists on RC4", () => {
  it("hears and speaks through it, having dialled", async () => {
    const side = dialSide(loopback.port, { mode: "encrypted" });
    const peer = new ScriptPeer(await loopback.next(), (stream) =>
      respondToEncryption(stream, { torrents: () => [INFO_HASH], methods: [CryptoMethod.rc4] }),
    );
    await peer.done;
    peer.end.stream.send(encodeHandshake(INFO_HASH, THEIR_ID));
    peer.flush();
    await expectToTalk(side, peer, HANDSHAKE_BYTES);
  });

  it("hears and speaks through it, having been dialled", async () => {
    const peer = new ScriptPeer(await loopback.dial(), (stream) =>
      initiateEncryption(stream, {
        infoHash: INFO_HASH,
        initialPayload: encodeHandshake(INFO_HASH, OUR_ID),
        provide: CryptoMethod.rc4,
      }),
    );
    const side = acceptSide(await loopback.next());
    await peer.done;
    await expectToTalk(side, peer, HANDSHAKE_BYTES);
  });
});

describe("connectWire", () => {
  it("tells of a refused connection after it has returned", async () => {
    const { port } = loopback;
    await loopback[Symbol.asyncDispose]();
    const side = dialSide(port);
    expect(side.handler.calls).toEqual([]);
    await side.heard("close");
    expect(side.handler.calls).toEqual([["close", "ECONNREFUSED"]]);
    expect(side.wire.didSendBytes).toBe(false);
    loopback = await Loopback.open();
  });

  it.each([
    ["a name instead of an address", { host: "localhost", port: 6881 }],
    ["no host", { host: "", port: 6881 }],
    ["port 0", { host: "127.0.0.1", port: 0 }],
    ["port 65,536", { host: "127.0.0.1", port: 65_536 }],
    ["a broken port", { host: "127.0.0.1", port: Number.NaN }],
  ])("dials nobody at %s", async (_, address) => {
    const side = dialSide(0, { address });
    expect(side.handler.calls).toEqual([]);
    await side.heard("close");
    expect(side.handler.closeReasons).toEqual(["not an address"]);
  });

  it("does not begin when it is aborted beforehand", async () => {
    const side = dialSide(loopback.port, { signal: AbortSignal.abort() });
    expect(side.handler.calls).toEqual([]);
    await side.heard("close");
    expect(side.handler.closeReasons).toEqual(["aborted"]);
  });

  it("ends at any time when it is aborted", async () => {
    const controller = new AbortController();
    const dialling = dialSide(loopback.port, { signal: controller.signal });
    const talking = dialSide(loopback.port, { signal: controller.signal });
    for (const side of [dialling, talking]) expect(side.wire.isClosed).toBe(false);
    (await loopback.next()).write(encodeHandshake(INFO_HASH, THEIR_ID));
    (await loopback.next()).write(encodeHandshake(INFO_HASH, THEIR_ID));
    await talking.heard("handshake");
    controller.abort();
    for (const side of [dialling, talking]) expect(side.handler.closeReasons).toEqual(["aborted"]);
  });

  it("lets many wires share one signal without a warning", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on("warning", onWarning);
    const controller = new AbortController();
    const sides = Array.from({ length: 30 }, () => dialSide(loopback.port, { signal: controller.signal }));
    await Promise.all(sides.map(() => loopback.next()));
    controller.abort();
    expect(sides.every((side) => side.wire.isClosed)).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  it("closes on the handshake of another torrent", async () => {
    const side = dialSide(loopback.port);
    (await loopback.next()).write(encodeHandshake("ff".repeat(20), THEIR_ID));
    await side.heard("close");
    expect(side.handler.calls).toEqual([["close", "handshake of another torrent"]]);
  });
});

describe("acceptWire", () => {
  it.each([
    ["an unknown torrent", encodeHandshake("ff".repeat(20), OUR_ID)],
    ["noise", patternBytes(2000, 1)],
  ])("closes on %s without a handler hearing of it", async (_, bytes) => {
    const socket = await loopback.dial();
    const side = acceptSide(await loopback.next());
    socket.write(bytes);
    await closed(socket);
    expect(side.wire.isClosed).toBe(true);
    expect(side.handler.calls).toEqual([]);
  });

  it("tells the handler of the end if it was chosen", async () => {
    const socket = await loopback.dial();
    const side = acceptSide(await loopback.next());
    socket.write(Buffer.concat([encodeHandshake(INFO_HASH, OUR_ID), encodeBlockMessages(MessageId.request, [BLOCK])]));
    await side.heard("request");
    socket.resetAndDestroy();
    await side.heard("close");
    expect(side.handler.calls).toEqual([["handshake"], ["request", BLOCK], ["close", "ECONNRESET"]]);
  });
});
