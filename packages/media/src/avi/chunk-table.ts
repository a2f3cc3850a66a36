import { firstWhere } from "../samples/first-where.ts";

/** Chunks that are listed before the arrays grow: a minute of a film. */
const FIRST_CAPACITY_CHUNKS = 2048;
/** The highest bit of a size, which no chunk that is read has. */
const NOT_A_KEYFRAME = 0x8000_0000;

/** Where the chunks of a stream lie, in their order, in twenty bytes each. */
export class ChunkTable {
  #count = 0;
  #offsets = new Float64Array(FIRST_CAPACITY_CHUNKS);
  #positions = new Float64Array(FIRST_CAPACITY_CHUNKS);
  #sizes = new Uint32Array(FIRST_CAPACITY_CHUNKS);
  #endPosition = 0;

  get count(): number {
    return this.#count;
  }

  /** The position (`StreamClock`) behind the last chunk. */
  get endPosition(): number {
    return this.#endPosition;
  }

  /** @param offsetBytes of its content @param advance how much it counts */
  add(offsetBytes: number, sizeBytes: number, isKeyframe: boolean, advance: number): void {
    if (this.#count === this.#sizes.length) this.#grow();
    this.#offsets[this.#count] = offsetBytes;
    this.#positions[this.#count] = this.#endPosition;
    this.#sizes[this.#count] = sizeBytes + (isKeyframe ? 0 : NOT_A_KEYFRAME);
    this.#endPosition += advance;
    this.#count += 1;
  }

  offsetOf(number: number): number {
    return this.#offsets[number]!;
  }

  sizeOf(number: number): number {
    return this.#sizes[number]! % NOT_A_KEYFRAME;
  }

  positionOf(number: number): number {
    return this.#positions[number]!;
  }

  isKeyframe(number: number): boolean {
    return this.#sizes[number]! < NOT_A_KEYFRAME;
  }

  /** The first chunk that does not begin in front of `position`. */
  firstFrom(position: number): number {
    return firstWhere(this.#count, (number) => this.positionOf(number) >= position);
  }

  #grow(): void {
    const capacity = 2 * this.#count;
    this.#offsets = grown(this.#offsets, new Float64Array(capacity));
    this.#positions = grown(this.#positions, new Float64Array(capacity));
    this.#sizes = grown(this.#sizes, new Uint32Array(capacity));
  }
}

function grown<T extends Float64Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
