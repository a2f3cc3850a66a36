import net from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { encodeSignal, KEEP_ALIVE } from "../../src/wire/encoder.ts";
import { encodeHandshake, HANDSHAKE_BYTES } from "../../src/wire/handshake.ts";
import { MessageId } from "../../src/wire/messages.ts";
import {
  acceptSide,
  closed,
  dialSide,
  INFO_HASH,
  Loopback,
  Received,
  type Side,
  THEIR_ID,
  wireAndSocket,
} from "./loopback.ts";
import { patternBytes, rawMessage } from "./message-samples.ts";

const NEVER = new AbortController().signal;

let loopback: Loopback;
beforeEach(async () => {
  loopback = await Loopback.open();
});
afterEach(async () => {
  await loopback[Symbol.asyncDispose]();
  vi.useRealTimers();
});

describe("the end of a wire", () => {
  it("is told once, at once, and nothing is told or sent after it", async () => {
    const { side, socket } = await wireAndSocket(loopback);
    const received = new Received(socket);
    side.wire.close("enough");
    expect(side.handler.calls).toEqual([["handshake"], ["close", "enough"]]);
    side.wire.close("again");
    side.wire.unchoke();
    side.wire.block(0, 0, patternBytes(10, 1));
    side.wire.withdrawTarget(new Uint8Array());
    await side.wire.drained(NEVER);
    await closed(socket);
    expect(side.handler.closeReasons).toEqual(["enough"]);
    expect(side.wire.isClosed).toBe(true);
    expect(side.wire.queuedBytes).toBe(0);
    expect(await received.atLeast(0)).toHaveLength(HANDSHAKE_BYTES);
  });

  it.each(["handshake", "unchoke"])(
    "may come from inside %s, and what follows in the same read is not told",
    async (name) => {
      const side = dialSide(loopback.port);
      side.handler.onCall = (called) => {
        if (called === name) side.wire.close("enough");
      };
      const socket = await loopback.next();
      socket.write(
        Buffer.concat([
          encodeHandshake(INFO_HASH, THEIR_ID),
          encodeSignal(MessageId.unchoke),
          encodeSignal(MessageId.choke),
        ]),
      );
      await closed(socket);
      expect(side.handler.names()).toEqual(
        name === "handshake" ? ["handshake", "close"] : ["handshake", "unchoke", "close"],
      );
      expect(side.handler.readEnds).toBe(0);
    },
  );

  it.each([
    ["ends its side", (socket: net.Socket) => socket.end(), "closed by the peer"],
    ["destroys the socket", (socket: net.Socket) => socket.destroy(), "closed by the peer"],
    ["resets the connection", (socket: net.Socket) => socket.resetAndDestroy(), "ECONNRESET"],
  ])("comes when the peer %s", async (_, end, reason) => {
    const { side, socket } = await wireAndSocket(loopback);
    // Read to the end: bytes left unread would turn a close into a reset.
    await new Received(socket).atLeast(HANDSHAKE_BYTES);
    end(socket);
    await side.heard("close");
    expect(side.handler.closeReasons).toEqual([reason]);
  });

  it.each([
    ["a length prefix of 2 GB", Uint8Array.of(0x7f, 255, 255, 255), "message of 2147483647 bytes"],
    ["a short have", rawMessage(MessageId.have, new Uint8Array(3)), "message 4 of 4 bytes instead of 5"],
    ["a block of 128 KiB", rawMessage(MessageId.block, new Uint8Array(131_080)), "block of 131072 bytes"],
  ])("comes with %s", async (_, bytes, reason) => {
    const { side, socket } = await wireAndSocket(loopback);
    socket.write(bytes);
    await side.heard("close");
    expect(side.handler.closeReasons).toEqual([reason]);
    await closed(socket);
  });

  it("tells who was refused in silence: bytes went out, none came back", async () => {
    const side = dialSide(loopback.port);
    const socket = await loopback.next();
    await new Received(socket).atLeast(HANDSHAKE_BYTES);
    socket.destroy();
    await side.heard("close");
    expect([side.wire.didSendBytes, side.wire.receivedBytes]).toEqual([true, 0]);
  });

  it("comes, whatever noise the peer sends, once", async () => {
    for (let seed = 0; seed < 25; seed++) {
      const { side, socket } = await wireAndSocket(loopback);
      socket
        .resume()
        .write(Buffer.concat([rawMessage(seed, patternBytes(seed * 3, seed)), patternBytes(40_000, seed)]));
      socket.end();
      await side.heard("close");
      expect(side.handler.closeReasons).toHaveLength(1);
    }
  });
});

describe("the time limits of a wire", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });

  it.each([
    ["5 s", {}, 5_000],
    ["as long as was asked for", { connectTimeoutMs: 700 }, 700],
  ])("give a connection %s", (_, options, limitMs) => {
    const side = dialSide(loopback.port, options);
    vi.advanceTimersByTime(limitMs - 1);
    expect(side.wire.isClosed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(side.handler.closeReasons).toEqual(["connect timeout"]);
  });

  it.each(["plaintext", "encrypted"] as const)("give a dialled handshake 10 s, %s", async (mode) => {
    const side = dialSide(loopback.port, { mode });
    const socket = await loopback.next();
    await new Received(socket).atLeast(HANDSHAKE_BYTES);
    vi.advanceTimersByTime(9_000);
    socket.write(Uint8Array.of(19));
    vi.advanceTimersByTime(999);
    expect(side.wire.isClosed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(side.handler.closeReasons).toEqual(["handshake timeout"]);
  });

  it("give an accepted handshake 10 s", async () => {
    const socket = await loopback.dial();
    const side = acceptSide(await loopback.next());
    socket.write("GET / HTTP/1.1\r\n");
    vi.advanceTimersByTime(9_999);
    expect(side.wire.isClosed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(side.wire.isClosed).toBe(true);
    await closed(socket);
  });

  it("end a silent peer after 150 s, and count keep-alives as talking", async () => {
    const { side, socket } = await wireAndSocket(loopback);
    for (let count = 1; count <= 3; count++) {
      vi.advanceTimersByTime(149_999);
      expect(side.wire.isClosed).toBe(false);
      const readEnds = side.handler.readEnds;
      socket.write(KEEP_ALIVE);
      while (side.handler.readEnds === readEnds) await new Promise((resolve) => setImmediate(resolve));
    }
    vi.advanceTimersByTime(149_999);
    side.wire.keepAlive();
    expect(side.wire.isClosed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(side.handler.closeReasons).toEqual(["idle timeout"]);
  });

  it("leave no timer behind", async () => {
    const { side } = await wireAndSocket(loopback);
    side.wire.close("enough");
    dialSide(loopback.port).wire.close("enough");
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("drained", () => {
  const chunk = patternBytes(256 * 1024, 1);

  /** Fills the socket and the kernel's buffers until bytes have to wait. */
  async function stuffed(): Promise<{ side: Side; socket: net.Socket; sentBytes: number }> {
    const { side, socket } = await wireAndSocket(loopback);
    socket.pause();
    let sentBytes = 0;
    while (side.wire.queuedBytes < 4 * chunk.length) {
      side.wire.block(0, 0, chunk);
      sentBytes += 13 + chunk.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { side, socket, sentBytes };
  }

  it("waits until the socket took everything", async () => {
    const { side, socket, sentBytes } = await stuffed();
    let isDrained = false;
    const drained = side.wire.drained(NEVER).then(() => {
      isDrained = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isDrained).toBe(false);
    const received = new Received(socket);
    await drained;
    expect(side.wire.queuedBytes).toBe(0);
    expect(await received.atLeast(HANDSHAKE_BYTES + sentBytes)).toHaveLength(HANDSHAKE_BYTES + sentBytes);
  });

  it("resolves at once when nothing waits, and for a few bytes below the high-water mark", async () => {
    const { side } = await wireAndSocket(loopback);
    await side.wire.drained(NEVER);
    side.wire.have(1);
    expect(side.wire.queuedBytes).toBe(9);
    await side.wire.drained(NEVER);
    expect(side.wire.queuedBytes).toBe(0);
  });

  it("resolves when the wire closes", async () => {
    const { side } = await stuffed();
    const waits = [side.wire.drained(NEVER), side.wire.drained(NEVER)];
    side.wire.close("enough");
    await expect(Promise.all(waits)).resolves.toEqual([undefined, undefined]);
  });

  it("rejects when its signal aborts, and leaves no listener behind however often that happens", async () => {
    const { side, socket } = await stuffed();
    const before = socket.listenerCount("drain") + socket.listenerCount("close");
    for (let count = 0; count < 50; count++) {
      const controller = new AbortController();
      const drained = side.wire.drained(controller.signal);
      controller.abort(new Error("not now"));
      await expect(drained).rejects.toThrow("not now");
    }
    expect(socket.listenerCount("drain") + socket.listenerCount("close")).toBe(before);
  });
});
