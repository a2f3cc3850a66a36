import { variableIntegerAt } from "./ebml.ts";

/** How the frames of a block lie in it (RFC 9559 §10.3): the values of the two bits of its flags. */
export const Lacing = { none: 0, xiph: 1, fixed: 2, ebml: 3 } as const;

/**
 * The frames that a block holds, given what follows its header. Undefined if their sizes do not fit into it.
 * At most 256: their number is a byte.
 */
export function lacedFrames(lacing: number, content: Uint8Array): Uint8Array[] | undefined {
  if (lacing === Lacing.none) return [content];
  const [countMinusOne] = content;
  if (countMinusOne === undefined) return undefined;
  const laced = content.subarray(1);
  const sizes = SIZES[lacing]?.(laced, countMinusOne);
  return sizes && cut(laced.subarray(sizes.lengthBytes), sizes.frameBytes);
}

/** Sizes of all frames but the last, whose size is what is left, and the bytes that they took. */
interface Sizes {
  readonly frameBytes: readonly number[];
  readonly lengthBytes: number;
}

type ReadSizes = (content: Uint8Array, count: number) => Sizes | undefined;

/** §10.3.2: each size is a sum of bytes, of which all but the last are 255. */
const xiphSizes: ReadSizes = (content, count) => {
  const frameBytes: number[] = [];
  let position = 0;
  while (frameBytes.length < count) {
    let sizeBytes = 0;
    while (content[position] === 255) {
      sizeBytes += 255;
      position += 1;
    }
    const last = content[position];
    if (last === undefined) return undefined;
    frameBytes.push(sizeBytes + last);
    position += 1;
  }
  return { frameBytes, lengthBytes: position };
};

/** §10.3.3: the first size as it is, and then what is added to the one before, as a signed integer around its middle. */
const ebmlSizes: ReadSizes = (content, count) => {
  const frameBytes: number[] = [];
  let position = 0;
  let sizeBytes = 0;
  while (frameBytes.length < count) {
    const integer = variableIntegerAt(content, position);
    if (integer === undefined) return undefined;
    const { value, lengthBytes } = integer;
    sizeBytes = frameBytes.length === 0 ? value : sizeBytes + value - (2 ** (7 * lengthBytes - 1) - 1);
    if (sizeBytes < 0) return undefined;
    frameBytes.push(sizeBytes);
    position += lengthBytes;
  }
  return { frameBytes, lengthBytes: position };
};

/** §10.3.4: all are alike. */
const fixedSizes: ReadSizes = (content, count) => {
  const sizeBytes = content.length / (count + 1);
  if (!Number.isInteger(sizeBytes)) return undefined;
  return { frameBytes: Array.from({ length: count }, () => sizeBytes), lengthBytes: 0 };
};

const SIZES: Readonly<Record<number, ReadSizes>> = {
  [Lacing.xiph]: xiphSizes,
  [Lacing.fixed]: fixedSizes,
  [Lacing.ebml]: ebmlSizes,
};

function cut(content: Uint8Array, frameBytes: readonly number[]): Uint8Array[] | undefined {
  const frames: Uint8Array[] = [];
  let position = 0;
  for (const lengthBytes of frameBytes) {
    frames.push(content.subarray(position, position + lengthBytes));
    position += lengthBytes;
  }
  if (position > content.length) return undefined;
  frames.push(content.subarray(position));
  return frames;
}
