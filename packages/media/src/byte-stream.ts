/** The bytes of a file from a place on, in order, as a demuxer pulls them. It ends where its owner says. */
export interface ByteStream {
  /** Offset in the file of the byte that comes next. */
  readonly offsetBytes: number;
  /**
   * At least one byte and at most `lengthBytes`, as soon as the first of them is there; undefined at the end. Where more is
   * there already, it may be up to `readyLimitBytes`. One call at a time. Rejects with what the source rejects with.
   *
   * The memory of a chunk is only lent. From the next call on, its bytes are not to be looked at except as the data of packets
   * that were handed out before; and those are kept as they are until whoever opened the stream has done with them.
   */
  next(lengthBytes: number, readyLimitBytes?: number): Promise<Uint8Array | undefined>;
  /** Passes over bytes that nobody needs, at most to the end: they are neither read nor waited for. */
  skip(lengthBytes: number): void;
}
