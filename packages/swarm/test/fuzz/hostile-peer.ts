import { assertInvariant } from "@riptide/core";
import type { Random } from "@riptide/sim";
import { type BencodeInput, encodeBencode } from "../../src/metainfo/bencode.ts";
import type { Metainfo } from "../../src/metainfo/index.ts";
import * as encoder from "../../src/wire/encoder.ts";
import { encodeHandshake } from "../../src/wire/handshake.ts";
import { encodeMetadataAnswer, encodeMetadataRequest, encodePeerExchange } from "../../src/wire/index.ts";
import { MessageId } from "../../src/wire/messages.ts";
import { CryptoMethod, initiateEncryption } from "../../src/wire/mse.ts";
import { ProtocolViolation } from "../../src/wire/protocol-violation.ts";
import { blockMessage, rawMessage } from "../wire/message-samples.ts";
import { ScriptEnd } from "../wire/script-end.ts";
import { MemorySocket } from "./memory-socket.ts";
import { cut, mutate } from "./mutations.ts";
import { ScriptedPeer } from "./scripted-peer.ts";

/** More than the session lets pile up for a peer that does not read, with one write on top. */
const MAX_QUEUED_BYTES = 9 * 1024 * 1024;
/** A read of some KiB takes a fraction of a millisecond; even a busy machine takes no second for it. */
const MAX_READ_MS = 3_000;

const KINDS = ["noise", "noise behind a handshake", "mutated answers", "mutated script", "encrypted"] as const;

export interface HostilePeerOptions {
  readonly random: Random;
  readonly metainfo: Metainfo;
  readonly bytes: Uint8Array;
  /** The same with a wrong byte in each block. */
  readonly poison: Uint8Array;
  /** Unlike any other. */
  readonly number: number;
  readonly accept: (socket: MemorySocket) => void;
}

/** One hostile connection, from its first byte to its last. What it does follows from `random` alone. */
export class HostilePeer {
  readonly socket: MemorySocket;
  readonly #options: HostilePeerOptions;
  readonly #peer: ScriptedPeer;
  /** Share of what it says that is made wrong. */
  readonly #wrongShare: number;
  #encryption: ScriptEnd<unknown> | undefined;

  constructor(options: HostilePeerOptions) {
    const { random, metainfo, bytes, poison, number, accept } = options;
    this.#options = options;
    this.#wrongShare = random.pick([0, 0.02, 0.1, 0.5]);
    this.socket = new MemorySocket(`10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`);
    const peerId = random.bytes(20);
    // One that lies about bytes as well: the downloader finds it out.
    const told = random.int(0, 4) === 0 ? poison : bytes;
    const send = (message: Uint8Array): void => this.#say(message);
    // Few have the metadata: it should not be there before liars were asked for it.
    const infoBytes = random.int(0, 10) === 0 ? metainfo.infoBytes : random.bytes(metainfo.infoBytes.length);
    const answerMetadata = (piece: number): Uint8Array =>
      random.int(0, 4) === 0 ? this.#anyMetadata() : encodeMetadataAnswer(infoBytes, piece);
    this.#peer = new ScriptedPeer({ socket: this.socket, metainfo, bytes: told, answerMetadata, peerId, send });
    this.socket.onWritten = (written) => this.#hear(written);
    accept(this.socket);
    this.socket.isDeaf = random.int(0, 8) === 0;
  }

  /** Says its first words. */
  begin(): void {
    const { random, metainfo } = this.#options;
    switch (random.pick(KINDS)) {
      case "noise":
        return this.#transmit(random.bytes(random.int(0, 2_000)));
      case "noise behind a handshake":
        this.#transmit(encodeHandshake(metainfo.infoHash, random.bytes(20)));
        return this.#transmit(random.bytes(random.int(0, 5_000)));
      case "mutated answers":
        return this.#peer.greet();
      case "mutated script":
        this.#peer.greet();
        return this.#sayScript(random.int(1, 60));
      case "encrypted":
        return this.#encrypt();
    }
  }

  /** Some more, if it is still connected. */
  goOn(): void {
    if (!this.socket.destroyed) this.#sayScript(this.#options.random.int(0, 8));
    assertInvariant(this.socket.writableLength < MAX_QUEUED_BYTES, `${this.socket.writableLength} bytes pile up`);
  }

  #sayScript(count: number): void {
    for (let said = 0; said < count && !this.socket.destroyed; said += 1) this.#peer.say(this.#anyMessage());
  }

  /** Everything there is to say, much of it out of turn. */
  #anyMessage(): Uint8Array {
    const { random, metainfo, bytes } = this.#options;
    const piece = random.int(0, metainfo.pieceCount + 2);
    const block = { piece, offset: 16_384 * random.int(0, 5), length: random.pick([16_384, 16_384, 1, 0, 131_072]) };
    return random.pick<() => Uint8Array>([
      () => encoder.KEEP_ALIVE,
      () => encoder.encodeSignal(random.pick([0, 1, 2, 3, MessageId.haveAll, MessageId.haveNone])),
      () => encoder.encodeHave(piece),
      () => encoder.encodeBitfield(random.bytes(random.pick([0, 1, 4, 4, 4, 5, 5_000]))),
      () =>
        encoder.encodeBlockMessages(
          MessageId.request,
          Array.from({ length: random.int(1, 40) }, () => block),
        ),
      () => encoder.encodeBlockMessages(MessageId.cancel, [block]),
      () => encoder.encodeBlockMessages(MessageId.rejectRequest, [block]),
      () => blockMessage({ ...block, length: 16_384 }, bytes.subarray(0, random.int(1, 16_385))),
      () => rawMessage(MessageId.port, random.bytes(2)),
      () => rawMessage(random.int(0, 256), random.bytes(random.int(0, 40))),
      () => encoder.encodeExtended(0, encodeBencode(this.#anyExtensions())),
      () => encoder.encodeExtended(1, encodeMetadataRequest(random.int(0, 3))),
      () => encoder.encodeExtended(1, encodeMetadataAnswer(metainfo.infoBytes, 0)),
      () => encoder.encodeExtended(1, encodeMetadataAnswer(random.bytes(random.int(1, 40_000)), random.int(0, 2))),
      () => encoder.encodeExtended(1, this.#anyMetadata()),
      () => encoder.encodeExtended(2, encodePeerExchange({ added: [], dropped: [] })),
      () =>
        encoder.encodeExtended(
          2,
          encodeBencode({ added: random.bytes(random.int(0, 6_000)), added6: random.bytes(36) }),
        ),
      () => encoder.encodeExtended(random.int(0, 256), random.bytes(random.int(0, 100))),
    ])();
  }

  /** The right size of the whole, and any piece of it. */
  #anyMetadata(): Uint8Array {
    const { random, metainfo } = this.#options;
    const piece = random.pick([0, 1, 2, 3, 9, 2 ** 31, 2 ** 53 - 1]);
    const fields = encodeBencode({ msg_type: random.int(0, 4), piece, total_size: metainfo.infoBytes.length });
    return Buffer.concat([fields, random.bytes(random.pick([0, 1, 16_384, metainfo.infoBytes.length % 16_384]))]);
  }

  #anyExtensions(): BencodeInput {
    const { random, metainfo } = this.#options;
    return {
      m: { ut_metadata: random.int(0, 300), ut_pex: random.int(0, 300) },
      metadata_size: random.pick([0, 1, metainfo.infoBytes.length, 10_000_000, 10_000_001, 2 ** 31, 2 ** 53 - 1]),
      p: random.int(0, 70_000),
      reqq: random.pick([0, 1, 250, 2 ** 31, 2 ** 53 - 1]),
      v: random.bytes(random.int(0, 300)),
    };
  }

  /** Message Stream Encryption (both methods), with a session inside; mutated as all that is said is. */
  #encrypt(): void {
    const { random, metainfo } = this.#options;
    const provide = random.pick([
      CryptoMethod.plaintext,
      CryptoMethod.rc4,
      CryptoMethod.plaintext | CryptoMethod.rc4,
      0,
    ]);
    const initialPayload = random.pick([new Uint8Array(), encodeHandshake(metainfo.infoHash, random.bytes(20))]);
    const encryption = new ScriptEnd((stream) =>
      initiateEncryption(stream, { infoHash: metainfo.infoHash, initialPayload, provide }),
    );
    this.#encryption = encryption;
    this.socket.onWritten = (bytes) => {
      if (encryption.isDone) return this.#hear(this.#decrypted(encryption, bytes));
      try {
        encryption.feed(bytes);
      } catch {
        // Its own end of a handshake that was made wrong.
        return this.socket.hangUp();
      }
      this.#transmitMaybeWrong(encryption.takeSent());
      if (!encryption.isDone) return;
      if (initialPayload.length === 0) this.#peer.greet();
      else this.#sayScript(random.int(1, 20));
    };
    this.#transmitMaybeWrong(encryption.takeSent());
  }

  /** After it broke the encryption, it does not understand a word. */
  #hear(bytes: Uint8Array): void {
    try {
      this.#peer.hear(bytes);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.socket.hangUp();
    }
  }

  #decrypted({ stream }: ScriptEnd<unknown>, bytes: Uint8Array): Uint8Array {
    return stream.decrypt === null ? bytes : stream.decrypt.applied(bytes);
  }

  #say(message: Uint8Array): void {
    const wrong = this.#isWrongNow() ? mutate(this.#options.random, message) : message;
    const encrypt = this.#encryption?.stream.encrypt ?? null;
    this.#transmit(encrypt === null ? wrong : encrypt.applied(wrong));
  }

  #transmitMaybeWrong(bytes: Uint8Array): void {
    this.#transmit(this.#isWrongNow() ? mutate(this.#options.random, bytes) : bytes);
  }

  #isWrongNow(): boolean {
    return this.#options.random.next() < this.#wrongShare;
  }

  #transmit(bytes: Uint8Array): void {
    const startMs = performance.now();
    for (const part of cut(this.#options.random, bytes)) this.socket.receive(part);
    const tookMs = performance.now() - startMs;
    assertInvariant(tookMs < MAX_READ_MS, `A read of ${bytes.length} bytes took ${tookMs} ms`);
  }
}
