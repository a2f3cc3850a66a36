import { HANDSHAKE_BYTES } from "../../src/wire/handshake.ts";
import { readUint32 } from "../../src/wire/messages.ts";

/** Cuts what one side of a connection says, from its handshake on, into whole messages with their headers; keep-alives are left out. */
export class MessageCutter {
  readonly #heard: (message: Uint8Array) => void;
  #pending: Uint8Array = new Uint8Array(0);
  #handshakeBytes = 0;

  constructor(heard: (message: Uint8Array) => void) {
    this.#heard = heard;
  }

  feed(bytes: Uint8Array): void {
    const skipped = Math.min(HANDSHAKE_BYTES - this.#handshakeBytes, bytes.length);
    this.#handshakeBytes += skipped;
    const rest = bytes.subarray(skipped);
    let all = this.#pending.length === 0 ? rest : Buffer.concat([this.#pending, rest]);
    while (all.length >= 4 && all.length >= 4 + readUint32(all, 0)) {
      const end = 4 + readUint32(all, 0);
      if (end > 4) this.#heard(all.subarray(0, end));
      all = all.subarray(end);
    }
    this.#pending = all.length === 0 ? all : all.slice();
  }
}
