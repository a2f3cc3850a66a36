import { PieceMemory } from "../../src/download/index.ts";

/** The memory of one torrent, and the most that was had of it. */
export class WatchedMemory extends PieceMemory {
  /** For pieces that are being put together. */
  reservedBytes = 0;
  maxReservedBytes = 0;
  maxBufferBytes = 0;

  override reserve(bytes: number): void {
    super.reserve(bytes);
    this.reservedBytes += bytes;
    this.maxReservedBytes = Math.max(this.maxReservedBytes, this.reservedBytes);
  }

  override grow(lengthBytes: number): void {
    super.grow(lengthBytes);
    this.maxBufferBytes = Math.max(this.maxBufferBytes, this.bufferBytes);
  }
}
