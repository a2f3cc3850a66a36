import type { ByteStream } from "../byte-stream.ts";
import type { Packet } from "../packet.ts";
import { readyLimitBytes } from "../request-length.ts";
import type { Area } from "./reading-order.ts";

/** Asked for in one go where that much is needed. */
const READ_LENGTH_BYTES = 256 * 1024;

const NOTHING = new Uint8Array(0);

/** Takes bytes off a stream by their place in the file. */
export class StreamReader {
  readonly #stream: ByteStream;
  /** Read and not yet taken, from `#position` on. */
  #held: Uint8Array = NOTHING;
  #position: number;
  /** Read since bytes were last passed over unread. */
  #sequentialBytes = 0;

  /** @param position where the stream starts */
  constructor(stream: ByteStream, position: number) {
    this.#stream = stream;
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  /** Says that the stream goes on elsewhere: it ran to the end of one range and into the next. */
  continueAt(offsetBytes: number): void {
    this.#held = NOTHING;
    this.#position = offsetBytes;
  }

  /** Passes over everything in front of `offsetBytes`. */
  skipTo(offsetBytes: number): void {
    const lengthBytes = offsetBytes - this.#position;
    if (lengthBytes > this.#held.length) {
      this.#stream.skip(lengthBytes - this.#held.length);
      this.#sequentialBytes = 0;
    }
    this.#held = this.#held.subarray(Math.min(lengthBytes, this.#held.length));
    this.#position = offsetBytes;
  }

  /** The next bytes if they are there already. */
  takeHeld(lengthBytes: number): Uint8Array | undefined {
    if (lengthBytes > this.#held.length) return undefined;
    const taken = this.#held.subarray(0, lengthBytes);
    this.#held = this.#held.subarray(lengthBytes);
    this.#position += lengthBytes;
    return taken;
  }

  /**
   * The next bytes, undefined if the stream ends in them. What lies behind them is read with them up to `endOffsetBytes`. The
   * caller bounds `lengthBytes`.
   */
  async take(lengthBytes: number, endOffsetBytes = this.#position + lengthBytes): Promise<Uint8Array | undefined> {
    if (this.#held.length === 0) this.#held = (await this.#next(lengthBytes, endOffsetBytes)) ?? NOTHING;
    const held = this.takeHeld(lengthBytes);
    if (held !== undefined) return held;
    const taken = new Uint8Array(lengthBytes);
    let filled = 0;
    for (;;) {
      const part = this.takeHeld(Math.min(this.#held.length, lengthBytes - filled)) ?? NOTHING;
      taken.set(part, filled);
      filled += part.length;
      if (filled === lengthBytes) return taken;
      const piece = await this.#next(lengthBytes - filled, endOffsetBytes);
      if (piece === undefined) return undefined;
      this.#held = piece;
    }
  }

  async #next(wantedBytes: number, endOffsetBytes: number): Promise<Uint8Array | undefined> {
    const leftBytes = endOffsetBytes - this.#position;
    const lengthBytes = Math.min(Math.max(wantedBytes, READ_LENGTH_BYTES), leftBytes);
    const limitBytes = Math.min(readyLimitBytes(this.#sequentialBytes), leftBytes);
    const chunk = await this.#stream.next(lengthBytes, Math.max(lengthBytes, limitBytes));
    this.#sequentialBytes += chunk?.length ?? 0;
    return chunk;
  }
}

/** The packets of the samples in an area, as its bytes come. Returns whether all of them came. */
export async function* packetsIn(area: Area, reader: StreamReader): AsyncGenerator<readonly Packet[], boolean> {
  let packets: Packet[] = [];
  for (const { trackNumber, sample } of area.samples) {
    reader.skipTo(sample.offsetBytes);
    let data = reader.takeHeld(sample.sizeBytes);
    if (data === undefined) {
      if (packets.length > 0) yield packets;
      packets = [];
      data = await reader.take(sample.sizeBytes, area.range.end);
    }
    if (data === undefined) return false;
    const { ptsTicks, dtsTicks, durationTicks, isKeyframe } = sample;
    packets.push({ trackNumber, ptsTicks, dtsTicks, durationTicks, isKeyframe, data });
  }
  if (packets.length > 0) yield packets;
  return true;
}
