import { createHash, randomBytes, randomInt } from "node:crypto";
import { createDiffieHellman, DH_KEY_BYTES } from "./diffie-hellman.ts";
import type { HandshakeScript, HandshakeStream } from "./handshake-stream.ts";
import { readUint32, writeUint32 } from "./messages.ts";
import { ProtocolViolation } from "./protocol-violation.ts";
import { Rc4 } from "./rc4.ts";

/** Bits of crypto_provide and crypto_select. */
export const CryptoMethod = { plaintext: 1, rc4: 2 } as const;

/** MSE: PadA to PadD are 0 to 512 bytes long. */
const MAX_PAD_BYTES = 512;
/** MSE: VC, eight zero bytes that show that both sides have the same key. */
const VERIFICATION_BYTES = 8;
const HASH_BYTES = 20;

export interface InitiatorOptions {
  /** 40 hex digits; both the key and what tells the other side which torrent is meant. */
  readonly infoHash: string;
  /** Rides along with the last step (IA), which saves a round trip. */
  readonly initialPayload: Uint8Array;
  /** What we offer: bits of `CryptoMethod`. */
  readonly provide: number;
}

export interface ResponderOptions {
  /** Every info hash that the other side may mean. */
  readonly torrents: () => Iterable<string>;
  /** What we agree to, best first. */
  readonly methods: readonly number[];
}

/**
 * Message Stream Encryption, the side that dialled. Afterwards the stream carries on in the method that the other side
 * selected. https://wiki.vuze.com/w/Message_Stream_Encryption ("Handshake")
 */
export function* initiateEncryption(stream: HandshakeStream, options: InitiatorOptions): HandshakeScript<void> {
  // 1 A->B: Diffie Hellman Ya, PadA
  const keys = createDiffieHellman();
  stream.send(keys.publicKey, randomPad());

  // 2 B->A: Diffie Hellman Yb, PadB
  const secret = keys.secretWith(yield* stream.take(DH_KEY_BYTES));
  const encrypt = streamCipher("keyA", secret, options.infoHash);
  const decrypt = streamCipher("keyB", secret, options.infoHash);

  // 3 A->B: HASH('req1', S), HASH('req2', SKEY) xor HASH('req3', S), ENCRYPT(VC, crypto_provide, len(PadC), PadC, len(IA)), ENCRYPT(IA)
  const offer = new Uint8Array(VERIFICATION_BYTES + 8);
  writeUint32(offer, VERIFICATION_BYTES, options.provide);
  offer[VERIFICATION_BYTES + 6] = options.initialPayload.length >>> 8;
  offer[VERIFICATION_BYTES + 7] = options.initialPayload.length;
  stream.send(
    hash("req1", secret),
    exclusiveOr(torrentMark(options.infoHash), hash("req3", secret)),
    encrypt.applied(offer),
    encrypt.applied(options.initialPayload),
  );

  // 4 B->A: ENCRYPT(VC, crypto_select, len(padD), padD), ENCRYPT2(Payload Stream); found behind PadB by its VC
  yield* stream.skipPast(decrypt.applied(new Uint8Array(VERIFICATION_BYTES)), MAX_PAD_BYTES);
  const answer = decrypt.applied(yield* stream.take(6));
  const selected = readUint32(answer, 0);
  if ((selected !== CryptoMethod.plaintext && selected !== CryptoMethod.rc4) || (selected & options.provide) === 0) {
    throw new ProtocolViolation(`encryption method ${selected} was not offered`);
  }
  yield* skipPad(stream, decrypt, readUint16(answer, 4));
  if (selected === CryptoMethod.rc4) stream.continueEncrypted(decrypt, encrypt);
}

/** The side that was dialled. Returns the info hash that the other side means; IA comes first in the stream afterwards. */
export function* respondToEncryption(stream: HandshakeStream, options: ResponderOptions): HandshakeScript<string> {
  const keys = createDiffieHellman();
  const secret = keys.secretWith(yield* stream.take(DH_KEY_BYTES));
  stream.send(keys.publicKey, randomPad());

  yield* stream.skipPast(hash("req1", secret), MAX_PAD_BYTES);
  const mark = exclusiveOr(yield* stream.take(HASH_BYTES), hash("req3", secret));
  const infoHash = findTorrent(options.torrents(), mark);
  const decrypt = streamCipher("keyA", secret, infoHash);
  const encrypt = streamCipher("keyB", secret, infoHash);

  const offer = decrypt.applied(yield* stream.take(VERIFICATION_BYTES + 6));
  if (offer.subarray(0, VERIFICATION_BYTES).some((byte) => byte !== 0)) {
    throw new ProtocolViolation("no verification constant in the encrypted handshake");
  }
  const provided = readUint32(offer, VERIFICATION_BYTES);
  const selected = options.methods.find((method) => (method & provided) !== 0);
  if (selected === undefined) throw new ProtocolViolation(`no common encryption method in ${provided}`);
  yield* skipPad(stream, decrypt, readUint16(offer, VERIFICATION_BYTES + 4));
  const initialPayloadBytes = readUint16(decrypt.applied(yield* stream.take(2)), 0);
  const initialPayload = decrypt.applied(yield* stream.take(initialPayloadBytes));

  const answer = new Uint8Array(VERIFICATION_BYTES + 6);
  writeUint32(answer, VERIFICATION_BYTES, selected);
  stream.send(encrypt.applied(answer));
  if (selected === CryptoMethod.rc4) stream.continueEncrypted(decrypt, encrypt);
  stream.putBack(initialPayload);
  return infoHash;
}

function* skipPad(stream: HandshakeStream, decrypt: Rc4, padBytes: number): HandshakeScript<void> {
  if (padBytes > MAX_PAD_BYTES) throw new ProtocolViolation(`padding of ${padBytes} bytes`);
  decrypt.apply(yield* stream.take(padBytes));
}

function findTorrent(torrents: Iterable<string>, mark: Buffer): string {
  for (const infoHash of torrents) if (torrentMark(infoHash).equals(mark)) return infoHash;
  throw new ProtocolViolation("unknown torrent");
}

function torrentMark(infoHash: string): Buffer {
  return hash("req2", Buffer.from(infoHash, "hex"));
}

function streamCipher(label: "keyA" | "keyB", secret: Uint8Array, infoHash: string): Rc4 {
  return new Rc4(hash(label, secret, Buffer.from(infoHash, "hex")));
}

function hash(label: string, ...parts: Uint8Array[]): Buffer {
  const sha1 = createHash("sha1").update(label, "latin1");
  for (const part of parts) sha1.update(part);
  return sha1.digest();
}

function exclusiveOr(left: Uint8Array, right: Uint8Array): Buffer {
  return Buffer.from(left.map((byte, at) => byte ^ right[at]!));
}

function randomPad(): Uint8Array {
  return randomBytes(randomInt(0, MAX_PAD_BYTES + 1));
}

function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
