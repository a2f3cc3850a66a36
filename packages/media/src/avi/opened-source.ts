import { damagedMedia } from "../damaged.ts";
import type { PacketRequest } from "../demuxer.ts";
import type { ByteSource } from "../reader.ts";

/** A file by what opens parts of it. It ends, and rejects, as they do. */
export class OpenedSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #open: PacketRequest["open"];

  constructor(open: PacketRequest["open"], sizeBytes: number) {
    this.sizeBytes = sizeBytes;
    this.#open = open;
  }

  async readAt(offset: number, length: number): Promise<Uint8Array> {
    const bytes = await this.#open([{ start: offset, end: offset + length }]).next(length);
    if (bytes === undefined) throw damagedMedia("its index ends early");
    return bytes;
  }
}
