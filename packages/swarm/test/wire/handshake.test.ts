import { describe, expect, it } from "vitest";
import {
  encodeHandshake,
  type Greeted,
  greetIncoming,
  greetOutgoing,
  HANDSHAKE_BYTES,
} from "../../src/wire/handshake.ts";
import { CryptoMethod, initiateEncryption } from "../../src/wire/mse.ts";
import { ProtocolViolation } from "../../src/wire/protocol-violation.ts";
import { patternBytes } from "./message-samples.ts";
import { RecordingHandler } from "./recording-handler.ts";
import { converse, ScriptEnd, slices } from "./script-end.ts";

const INFO_HASH = "0123456789abcdef0123456789abcdef01234567";
const OTHER_HASH = "ff".repeat(20);
const OUR_ID = Buffer.from("-RT0001-aaaaaaaaaaaa");
const THEIR_ID = Buffer.from("-XX0001-bbbbbbbbbbbb");

function outgoing(mode: "plaintext" | "encrypted"): ScriptEnd<Greeted> {
  const handler = new RecordingHandler();
  return new ScriptEnd((stream) => greetOutgoing(stream, { mode, infoHash: INFO_HASH, peerId: OUR_ID, handler }));
}

function incoming(known: readonly string[] = [INFO_HASH]): ScriptEnd<Greeted> {
  const handler = new RecordingHandler();
  return new ScriptEnd((stream) =>
    greetIncoming(
      stream,
      () => known,
      (infoHash) => (known.includes(infoHash) ? { handler, peerId: THEIR_ID } : null),
    ),
  );
}

describe("encodeHandshake", () => {
  it("spells what BEP 3 says, with the bits of BEP 5, 6 and 10", () => {
    const expected = `13${Buffer.from("BitTorrent protocol").toString("hex")}0000000000100005${INFO_HASH}${OUR_ID.toString("hex")}`;
    expect(Buffer.from(encodeHandshake(INFO_HASH, OUR_ID)).toString("hex")).toBe(expected);
  });
});

describe("the greeting of two of us", () => {
  const cases = (["plaintext", "encrypted"] as const).flatMap((mode) =>
    [1, 7, 300, 70_000].map((bytes) => [mode, bytes] as const),
  );

  it.each(cases)("ends with both knowing the other, %s, in reads of %i bytes", (mode, sliceBytes) => {
    const left = outgoing(mode);
    const right = incoming([OTHER_HASH, INFO_HASH]);
    converse(left, right, sliceBytes);
    const common = {
      infoHash: INFO_HASH,
      supportsExtensions: true,
      supportsFast: true,
      supportsDht: true,
      isEncrypted: mode === "encrypted",
    };
    expect(left.result?.remote).toEqual({ ...common, peerId: Uint8Array.from(THEIR_ID) });
    expect(right.result?.remote).toEqual({ ...common, peerId: Uint8Array.from(OUR_ID) });
    expect(left.stream.rest()).toHaveLength(0);
    expect(right.stream.rest()).toHaveLength(0);
  });

  it("needs one round trip in plaintext and two with encryption, before either side may speak", () => {
    for (const [mode, roundTrips] of [
      ["plaintext", 1],
      ["encrypted", 2],
    ] as const) {
      const left = outgoing(mode);
      const right = incoming();
      let trips = 0;
      while (!left.isDone) {
        right.feed(left.takeSent());
        left.feed(right.takeSent());
        trips += 1;
      }
      expect(trips).toBe(roundTrips);
    }
  });
});

describe("greetOutgoing", () => {
  it.each([
    [0x00, 0x00, { supportsExtensions: false, supportsFast: false, supportsDht: false }],
    [0x10, 0x00, { supportsExtensions: true, supportsFast: false, supportsDht: false }],
    [0x00, 0x04, { supportsExtensions: false, supportsFast: true, supportsDht: false }],
    [0xef, 0xfb, { supportsExtensions: false, supportsFast: false, supportsDht: true }],
  ])("reads the reserved bits %i and %i", (byte5, byte7, expected) => {
    const handshake = Buffer.from(encodeHandshake(INFO_HASH, THEIR_ID));
    handshake[25] = byte5;
    handshake[27] = byte7;
    const left = outgoing("plaintext");
    left.feed(handshake);
    expect(left.result?.remote).toMatchObject(expected);
  });

  it("leaves what follows the handshake in the stream", () => {
    const left = outgoing("plaintext");
    left.feed(Buffer.concat([encodeHandshake(INFO_HASH, THEIR_ID), patternBytes(50, 1)]));
    expect(Buffer.from(left.stream.rest()).equals(patternBytes(50, 1))).toBe(true);
  });

  it.each([
    ["a handshake of another torrent", encodeHandshake(OTHER_HASH, THEIR_ID), "handshake of another torrent"],
    ["HTTP", Buffer.from("HTTP/1.1 400 Bad Request\r\n"), "not a BitTorrent handshake"],
    ["twenty wrong bytes", patternBytes(20, 1), "not a BitTorrent handshake"],
  ])("refuses %s", (_, bytes, reason) => {
    expect(() => outgoing("plaintext").feed(bytes)).toThrow(new ProtocolViolation(reason));
  });

  it("waits for the last byte", () => {
    const left = outgoing("plaintext");
    for (const byte of slices(encodeHandshake(INFO_HASH, THEIR_ID), 1).slice(0, HANDSHAKE_BYTES - 1)) left.feed(byte);
    expect(left.isDone).toBe(false);
  });
});

describe("greetIncoming", () => {
  it("says nothing before it knows that the torrent is ours", () => {
    const right = incoming();
    expect(() => right.feed(encodeHandshake(OTHER_HASH, OUR_ID))).toThrow("unknown torrent or refused peer");
    expect(right.takeSent()).toHaveLength(0);
  });

  it("refuses a stranger who asks for one torrent in secret and for another in the open", () => {
    const right = incoming([INFO_HASH, OTHER_HASH]);
    const left = new ScriptEnd((stream) =>
      initiateEncryption(stream, {
        infoHash: INFO_HASH,
        initialPayload: encodeHandshake(OTHER_HASH, OUR_ID),
        provide: CryptoMethod.plaintext,
      }),
    );
    expect(() => converse(left, right, 70_000)).toThrow("handshake of another torrent");
  });

  it("takes a stranger whose handshake comes after the encryption, not with it", () => {
    const right = incoming();
    const left = new ScriptEnd((stream) =>
      initiateEncryption(stream, { infoHash: INFO_HASH, initialPayload: new Uint8Array(), provide: CryptoMethod.rc4 }),
    );
    converse(left, right, 70_000);
    expect(right.isDone).toBe(false);
    left.stream.send(encodeHandshake(INFO_HASH, OUR_ID));
    right.feed(left.takeSent());
    expect(right.result?.remote.peerId).toEqual(Uint8Array.from(OUR_ID));
    left.feed(right.takeSent());
    expect(Buffer.from(left.stream.rest()).equals(encodeHandshake(INFO_HASH, THEIR_ID))).toBe(true);
  });

  it("refuses a secret handshake that hides something else than BitTorrent", () => {
    const left = new ScriptEnd((stream) =>
      initiateEncryption(stream, {
        infoHash: INFO_HASH,
        initialPayload: patternBytes(68, 1),
        provide: CryptoMethod.rc4,
      }),
    );
    expect(() => converse(left, incoming(), 70_000)).toThrow("not a BitTorrent handshake");
  });
});
