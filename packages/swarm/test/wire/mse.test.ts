import { createHash } from "node:crypto";
import { array, assert, boolean, property, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { createDiffieHellman, DH_KEY_BYTES } from "../../src/wire/diffie-hellman.ts";
import { CryptoMethod, initiateEncryption, type ResponderOptions, respondToEncryption } from "../../src/wire/mse.ts";
import { ProtocolViolation } from "../../src/wire/protocol-violation.ts";
import { Rc4 } from "../../src/wire/rc4.ts";
import { patternBytes } from "./message-samples.ts";
import { converse, ScriptEnd, slices } from "./script-end.ts";

const INFO_HASH = "0123456789abcdef0123456789abcdef01234567";
const OTHER_HASH = "ff".repeat(20);
const { plaintext, rc4 } = CryptoMethod;
const INITIAL_PAYLOAD = patternBytes(68, 1);

function initiator(provide: number, initialPayload = INITIAL_PAYLOAD): ScriptEnd<void> {
  return new ScriptEnd((stream) => initiateEncryption(stream, { infoHash: INFO_HASH, initialPayload, provide }));
}

function responder(options: Partial<ResponderOptions> = {}): ScriptEnd<string> {
  return new ScriptEnd((stream) =>
    respondToEncryption(stream, { torrents: () => [OTHER_HASH, INFO_HASH], methods: [plaintext, rc4], ...options }),
  );
}

describe("Message Stream Encryption between our two sides", () => {
  const combinations: [string, number, number[], number][] = [
    ["plaintext, offered beside RC4 and preferred", plaintext | rc4, [plaintext, rc4], plaintext],
    ["RC4, offered beside plaintext and preferred", plaintext | rc4, [rc4, plaintext], rc4],
    ["plaintext, the only offer", plaintext, [rc4, plaintext], plaintext],
    ["RC4, the only offer", rc4, [plaintext, rc4], rc4],
  ];
  const cases = combinations.flatMap((combination) =>
    [1, 7, 300, 70_000].map((bytes) => [...combination, bytes] as const),
  );

  it.each(cases)("agrees on %s, %#", (_, provide, methods, selected, sliceBytes) => {
    const left = initiator(provide);
    const right = responder({ methods });
    converse(left, right, sliceBytes);
    expect(right.result).toBe(INFO_HASH);
    expect(left.isDone).toBe(true);
    expect(Buffer.from(right.stream.rest()).equals(INITIAL_PAYLOAD)).toBe(true);
    for (const { stream } of [left, right]) {
      expect(stream.encrypt === null).toBe(selected === plaintext);
      expect(stream.decrypt === null).toBe(selected === plaintext);
    }

    left.stream.send(patternBytes(5000, 2));
    const onTheWay = left.takeSent();
    expect(onTheWay.equals(patternBytes(5000, 2))).toBe(selected === plaintext);
    for (const slice of slices(onTheWay, sliceBytes)) right.feed(slice);
    expect(Buffer.from(right.stream.rest()).equals(patternBytes(5000, 2))).toBe(true);
    right.stream.send(patternBytes(5000, 3));
    for (const slice of slices(right.takeSent(), sliceBytes)) left.feed(slice);
    expect(Buffer.from(left.stream.rest()).equals(patternBytes(5000, 3))).toBe(true);
  });

  it.each([plaintext, rc4])("finds payload that comes in the same read as the last step, method %i", (method) => {
    const left = initiator(method);
    const right = responder();
    right.feed(left.takeSent());
    left.feed(right.takeSent());
    right.feed(left.takeSent());
    right.stream.send(patternBytes(900, 5));
    left.feed(right.takeSent());
    expect(Buffer.from(left.stream.rest()).equals(patternBytes(900, 5))).toBe(true);
  });

  it.each([0, 1, 65_535])("carries an initial payload of %i bytes", (lengthBytes) => {
    const left = initiator(plaintext, patternBytes(lengthBytes, 6));
    const right = responder();
    converse(left, right, 4096);
    expect(Buffer.from(right.stream.rest()).equals(patternBytes(lengthBytes, 6))).toBe(true);
  });

  it("pads with 0 to 512 bytes, never the same", () => {
    const lengths = Array.from({ length: 60 }, () => initiator(plaintext).takeSent().length);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(DH_KEY_BYTES);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(DH_KEY_BYTES + 512);
    expect(new Set(lengths).size).toBeGreaterThan(10);
  });
});

/** The dialling side, written step by step from the specification, so that a test can get each field wrong. */
interface HostileInitiator {
  readonly padA?: Uint8Array;
  readonly infoHash?: string;
  readonly verification?: Uint8Array;
  readonly provide?: number;
  readonly padCBytes?: number;
}

function feedInitiator(right: ScriptEnd<string>, fields: HostileInitiator): void {
  const keys = createDiffieHellman();
  right.feed(keys.publicKey);
  const secret = keys.secretWith(right.takeSent().subarray(0, DH_KEY_BYTES));
  const infoHash = Buffer.from(fields.infoHash ?? INFO_HASH, "hex");
  const torrent = sha1("req2", infoHash).map((byte, at) => byte ^ sha1("req3", secret)[at]!);
  const offer = Buffer.alloc(14);
  offer.set(fields.verification ?? new Uint8Array(8));
  offer.writeUInt32BE(fields.provide ?? 3, 8);
  offer.writeUInt16BE(fields.padCBytes ?? 0, 12);
  const clear = Buffer.concat([offer, Buffer.alloc(fields.padCBytes ?? 0), Buffer.alloc(2)]);
  right.feed(fields.padA ?? new Uint8Array());
  right.feed(sha1("req1", secret));
  right.feed(torrent);
  right.feed(new Rc4(sha1("keyA", secret, infoHash)).applied(clear));
}

function sha1(label: string, ...parts: Uint8Array[]): Buffer {
  return createHash("sha1")
    .update(Buffer.concat([Buffer.from(label), ...parts]))
    .digest();
}

describe("respondToEncryption", () => {
  it.each([
    ["no padding", {}],
    ["the longest padding", { padA: Buffer.alloc(512, 0x5a), padCBytes: 512 }],
    ["methods that nobody knows beside RC4", { provide: 0xffff_fff2 }],
  ] satisfies [string, HostileInitiator][])("takes %s", (_, fields) => {
    const right = responder();
    feedInitiator(right, fields);
    expect(right.result).toBe(INFO_HASH);
  });

  it.each([
    ["padding of 513 bytes before the mark", { padA: Buffer.alloc(513) }, "no synchronisation mark"],
    ["endless padding", { padA: Buffer.alloc(100_000) }, "no synchronisation mark"],
    ["a torrent that we do not have", { infoHash: "00".repeat(20) }, "unknown torrent"],
    [
      "a wrong verification constant",
      { verification: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1) },
      "no verification constant",
    ],
    ["no method", { provide: 0 }, "no common encryption method in 0"],
    ["only methods that nobody knows", { provide: 0xfffc }, "no common encryption method"],
    ["padding announced with 513 bytes", { padCBytes: 513 }, "padding of 513 bytes"],
    ["padding announced with 65,535 bytes", { padCBytes: 65_535 }, "padding of 65535 bytes"],
  ] satisfies [string, HostileInitiator, string][])("refuses %s", (_, fields, reason) => {
    const right = responder();
    expect(() => feedInitiator(right, fields)).toThrow(ProtocolViolation);
    expect(() => feedInitiator(responder(), fields)).toThrow(reason);
  });

  it("refuses everybody while there is no torrent", () => {
    expect(() => feedInitiator(responder({ torrents: () => [] }), {})).toThrow("unknown torrent");
  });

  it("refuses a method that it is not willing to use", () => {
    expect(() => feedInitiator(responder({ methods: [rc4] }), { provide: plaintext })).toThrow(
      "no common encryption method in 1",
    );
  });

  it("asks which torrents there are only once, when it needs to know", () => {
    let asked = 0;
    const right = responder({
      torrents: () => {
        asked += 1;
        return [INFO_HASH];
      },
    });
    expect(asked).toBe(0);
    feedInitiator(right, {});
    expect(asked).toBe(1);
  });
});

/** The dialled side, likewise. */
interface HostileResponder {
  readonly padB?: Uint8Array;
  readonly selected?: number;
  readonly padDBytes?: number;
}

function feedResponder(left: ScriptEnd<void>, fields: HostileResponder): void {
  const remotePublicKey = left.takeSent().subarray(0, DH_KEY_BYTES);
  const keys = createDiffieHellman();
  const secret = keys.secretWith(remotePublicKey);
  const answer = Buffer.alloc(14 + (fields.padDBytes ?? 0));
  answer.writeUInt32BE(fields.selected ?? plaintext, 8);
  answer.writeUInt16BE(fields.padDBytes ?? 0, 12);
  left.feed(keys.publicKey);
  left.feed(fields.padB ?? new Uint8Array());
  left.feed(new Rc4(sha1("keyB", secret, Buffer.from(INFO_HASH, "hex"))).applied(answer));
}

describe("initiateEncryption", () => {
  it.each([
    ["no padding", {}],
    ["the longest padding", { padB: Buffer.alloc(512, 0x5a), padDBytes: 512 }],
    ["RC4", { selected: rc4 }],
  ] satisfies [string, HostileResponder][])("takes %s", (_, fields) => {
    const left = initiator(plaintext | rc4);
    feedResponder(left, fields);
    expect(left.isDone).toBe(true);
  });

  it.each([
    ["padding of 513 bytes before the mark", { padB: Buffer.alloc(513) }, "no synchronisation mark"],
    ["endless padding", { padB: Buffer.alloc(100_000) }, "no synchronisation mark"],
    ["padding announced with 513 bytes", { padDBytes: 513 }, "padding of 513 bytes"],
    ["no method", { selected: 0 }, "method 0 was not offered"],
    ["both methods at once", { selected: 3 }, "method 3 was not offered"],
    ["a method that nobody knows", { selected: 0x8000_0000 }, "was not offered"],
  ] satisfies [string, HostileResponder, string][])("refuses %s", (_, fields, reason) => {
    expect(() => feedResponder(initiator(plaintext | rc4), fields)).toThrow(ProtocolViolation);
    expect(() => feedResponder(initiator(plaintext | rc4), fields)).toThrow(reason);
  });

  it.each([
    ["plaintext where only RC4 was offered", rc4, plaintext],
    ["RC4 where only plaintext was offered", plaintext, rc4],
  ])("refuses %s", (_, provide, selected) => {
    expect(() => feedResponder(initiator(provide), { selected })).toThrow(`method ${selected} was not offered`);
  });
});

describe("both sides against noise", () => {
  it("end with a violation or wait for more, whatever comes", () => {
    assert(
      property(boolean(), array(uint8Array({ maxLength: 400 }), { maxLength: 8 }), (isInitiator, reads) => {
        const end: ScriptEnd<unknown> = isInitiator ? initiator(plaintext | rc4) : responder();
        try {
          for (const read of reads) end.feed(read);
        } catch (error) {
          return error instanceof ProtocolViolation;
        }
        return !end.isDone;
      }),
      { numRuns: 200 },
    );
  });
});
