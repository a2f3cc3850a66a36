/** The bytes of a file from a place on, in order, as a demuxer pulls them. It ends where its owner says. */
export interface ByteStream {
  /** Offset in the file of the byte that comes next. */
  readonly offsetBytes: number;
  /**
   * At least one byte and at most `lengthBytes`, as soon as the first of them is there; undefined at the end. One call at a
   * time. Rejects with what the source rejects with.
   */
  next(lengthBytes: number): Promise<Uint8Array | undefined>;
  /** Passes over bytes that nobody needs, at most to the end: they are neither read nor waited for. */
  skip(lengthBytes: number): void;
}
