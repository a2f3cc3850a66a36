/** MSE: "the first 1024 bytes of the RC4 output are discarded". */
const DISCARDED_BYTES = 1024;

/** RC4 as MSE uses it. In JavaScript because OpenSSL 3 has none. The two directions of a wire need one each. */
export class Rc4 {
  readonly #state = new Uint8Array(256);
  #i = 0;
  #j = 0;

  constructor(key: Uint8Array) {
    const state = this.#state;
    for (let i = 0; i < 256; i++) state[i] = i;
    for (let i = 0, j = 0; i < 256; i++) {
      const value = state[i]!;
      j = (j + value + key[i % key.length]!) & 255;
      state[i] = state[j]!;
      state[j] = value;
    }
    this.apply(new Uint8Array(DISCARDED_BYTES));
  }

  /** Encrypts or decrypts in place: the same thing. */
  apply(bytes: Uint8Array): void {
    const state = this.#state;
    const length = bytes.length;
    let i = this.#i;
    let j = this.#j;
    for (let at = 0; at < length; at++) {
      i = (i + 1) & 255;
      const a = state[i]!;
      j = (j + a) & 255;
      const b = state[j]!;
      state[i] = b;
      state[j] = a;
      bytes[at]! ^= state[(a + b) & 255]!;
    }
    this.#i = i;
    this.#j = j;
  }

  /** An encrypted or decrypted copy. */
  applied(bytes: Uint8Array): Uint8Array {
    const copy = new Uint8Array(bytes);
    this.apply(copy);
    return copy;
  }
}
