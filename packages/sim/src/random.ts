/** Randomness that can be had again: the same seed always gives the same numbers. */
export interface Random {
  /** A number in [0, 1), of 53 random bits. */
  next(): number;
  /** A whole number in [start, end). Throws `RangeError` unless both are safe integers and start < end. */
  int(start: number, end: number): number;
  /** One of the values. Throws `RangeError` if there are none. */
  pick<T>(values: readonly T[]): T;
  /** The same values in another order; the argument stays as it is. */
  shuffle<T>(values: readonly T[]): T[];
  bytes(lengthBytes: number): Uint8Array;
}

/** Creates a generator from a seed of 32 bits, as a failing simulation prints it. */
export function createRandom(seed: number): Random {
  const nextBits = smallFastCounter(seed);
  const next = (): number => ((nextBits() >>> 5) * 2 ** 26 + (nextBits() >>> 6)) / 2 ** 53;

  function int(start: number, end: number): number {
    if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start >= end) {
      throw new RangeError(
        `A whole number can only be drawn from [start, end) with start < end, not [${start}, ${end})`,
      );
    }
    return start + Math.floor(next() * (end - start));
  }

  function shuffle<T>(values: readonly T[]): T[] {
    const shuffled = [...values];
    for (let left = shuffled.length; left > 1; left -= 1) {
      const drawn = int(0, left);
      [shuffled[left - 1], shuffled[drawn]] = [shuffled[drawn]!, shuffled[left - 1]!];
    }
    return shuffled;
  }

  function bytes(lengthBytes: number): Uint8Array {
    const words = new Uint32Array(Math.ceil(lengthBytes / 4));
    for (let index = 0; index < words.length; index += 1) words[index] = nextBits();
    return new Uint8Array(words.buffer, 0, lengthBytes);
  }

  return {
    next,
    int,
    pick: (values) => values[int(0, values.length)]!,
    shuffle,
    bytes,
  };
}

/**
 * The generator "Small Fast Counter" of Chris Doty-Humphrey's PractRand, 32 bits: 128 bits of state and a period of at
 * least 2^32 for every seed, at four additions a number.
 */
function smallFastCounter(seed: number): () => number {
  let [a, b, c, counter] = [0, seed | 0, 0, 1];
  const nextBits = (): number => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
  // The first numbers still show how simple the seed was.
  for (let round = 0; round < 12; round += 1) nextBits();
  return nextBits;
}
