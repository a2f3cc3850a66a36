import { type HandshakeScript, HandshakeStream } from "../../src/wire/handshake-stream.ts";

/** One end of a handshake without a socket: what it sends lies in `sent` until somebody takes it. */
export class ScriptEnd<Result> {
  readonly stream: HandshakeStream;
  readonly #script: HandshakeScript<Result>;
  #sent: Uint8Array[] = [];
  result: Result | undefined;
  isDone = false;

  constructor(script: (stream: HandshakeStream) => HandshakeScript<Result>) {
    this.stream = new HandshakeStream((bytes) => this.#sent.push(bytes));
    this.#script = script(this.stream);
    this.#advance();
  }

  /** Throws what the script throws. Bytes that come after its end stay in the stream. */
  feed(bytes: Uint8Array): void {
    this.stream.push(bytes);
    if (!this.isDone) this.#advance();
  }

  takeSent(): Buffer {
    const sent = Buffer.concat(this.#sent);
    this.#sent = [];
    return sent;
  }

  #advance(): void {
    const step = this.#script.next();
    if (step.done !== true) return;
    this.isDone = true;
    this.result = step.value;
  }
}

/** Carries bytes both ways, at most `sliceBytes` at once, until neither end has anything to say. */
export function converse(left: ScriptEnd<unknown>, right: ScriptEnd<unknown>, sliceBytes: number): void {
  for (;;) {
    const toRight = left.takeSent();
    const toLeft = right.takeSent();
    if (toRight.length + toLeft.length === 0) return;
    for (const slice of slices(toRight, sliceBytes)) right.feed(slice);
    for (const slice of slices(toLeft, sliceBytes)) left.feed(slice);
  }
}

/** The same bytes, cut every `sliceBytes`. */
export function slices(bytes: Uint8Array, sliceBytes: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / sliceBytes);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * sliceBytes, (index + 1) * sliceBytes));
}
