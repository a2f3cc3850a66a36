import { ByteAccumulator } from "./byte-accumulator.ts";
import { ProtocolViolation } from "./protocol-violation.ts";
import type { Rc4 } from "./rc4.ts";

/** A step of a handshake, written as a story: it yields wherever it needs bytes that have not come yet. */
export type HandshakeScript<Result> = Generator<void, Result, void>;

/** Both directions of a connection as a handshake script sees them. Knows no socket. */
export class HandshakeStream {
  readonly #received = new ByteAccumulator();
  readonly #write: (bytes: Uint8Array) => void;
  #decrypt: Rc4 | null = null;
  #encrypt: Rc4 | null = null;

  /** `write` gets what goes to the peer, encrypted if it must be. */
  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  /** Bytes from the socket. */
  push(bytes: Uint8Array): void {
    this.#received.append(this.#decrypt === null ? bytes : this.#decrypt.applied(bytes));
  }

  send(...parts: Uint8Array[]): void {
    const bytes = Buffer.concat(parts);
    this.#encrypt?.apply(bytes);
    this.#write(bytes);
  }

  /** The first `count` bytes, left where they are. */
  *peek(count: number): HandshakeScript<Uint8Array> {
    while (this.#received.length < count) yield;
    return this.#received.bytes.subarray(0, count);
  }

  *take(count: number): HandshakeScript<Buffer> {
    while (this.#received.length < count) yield;
    return this.#received.take(count);
  }

  /** Drops everything up to and with `mark`, which must begin within the first `limitBytes`. */
  *skipPast(mark: Uint8Array, limitBytes: number): HandshakeScript<void> {
    for (;;) {
      const at = this.#received.bytes.indexOf(mark);
      if (at > limitBytes || (at < 0 && this.#received.length >= limitBytes + mark.length)) {
        throw new ProtocolViolation("no synchronisation mark in the encrypted handshake");
      }
      if (at >= 0) {
        this.#received.take(at + mark.length);
        return;
      }
      yield;
    }
  }

  /** From here on both directions are encrypted, what came already included. */
  continueEncrypted(decrypt: Rc4, encrypt: Rc4): void {
    this.#decrypt = decrypt;
    this.#encrypt = encrypt;
    this.push(this.rest());
  }

  /** Clear bytes that stand before all that came and was not taken. */
  putBack(bytes: Uint8Array): void {
    const rest = this.rest();
    this.#received.append(bytes);
    this.#received.append(rest);
  }

  /** Takes all that came and nobody asked for. */
  rest(): Uint8Array {
    return this.#received.take(this.#received.length);
  }

  /** What the payload after the handshake is decrypted with; null = it is plaintext. */
  get decrypt(): Rc4 | null {
    return this.#decrypt;
  }

  get encrypt(): Rc4 | null {
    return this.#encrypt;
  }
}
