import { type Block, hasPlainFlags, parseBlockGroup, parseSimpleBlock } from "./block.ts";
import { clusterHeadAt } from "./cluster-head.ts";
import { elementHeaderAt } from "./ebml.ts";
import { ElementId } from "./element-ids.ts";

/** Elements that must be side by side for bytes to be taken for what they seem: one alone may be chance. */
const CHAIN_LENGTH_MIN = 2;

/**
 * The blocks that lie whole in `tail`, given that a Cluster ends with it, in their order. They are found by the longest
 * chain of elements that ends exactly with the bytes. Empty if there is none that can be trusted.
 *
 * @param trackNumbers of all tracks of the file: blocks of others are none
 */
export function blocksBefore(tail: Uint8Array, trackNumbers: ReadonlySet<number>): Block[] {
  const { start, lengths } = longestChain(tail, trackNumbers);
  const blocks: Block[] = [];
  let count = 0;
  for (let position = start; position < tail.length; position += lengths[position]!) {
    count += 1;
    const block = blockAt(tail, position);
    if (block !== undefined) blocks.push(block);
  }
  return count < CHAIN_LENGTH_MIN ? [] : blocks;
}

/** From the end to the start, each place is looked at once: it is in a chain if what follows it is, or if nothing does. */
function longestChain(tail: Uint8Array, trackNumbers: ReadonlySet<number>) {
  /** Length of the element at each place from which a chain leads to the end; 0 elsewhere. */
  const lengths = new Uint32Array(tail.length);
  let start = tail.length;
  for (let position = tail.length - 1; position >= 0; position -= 1) {
    const lengthBytes = elementLengthAt(tail, position);
    const end = position + lengthBytes;
    if (lengthBytes === 0 || end > tail.length || (end < tail.length && lengths[end] === 0)) continue;
    if (isImplausibleBlock(tail, position, trackNumbers)) continue;
    lengths[position] = lengthBytes;
    start = position;
  }
  return { start, lengths };
}

/** Bytes to the element after the one at `position`; 0 if there is none that could stand there. A Cluster is entered. */
function elementLengthAt(tail: Uint8Array, position: number): number {
  if (!FIRST_BYTES.has(tail[position]!)) return 0;
  const header = elementHeaderAt(tail, position);
  if (header === undefined) return 0;
  if (header.id === ElementId.cluster) return clusterHeadAt(tail, position)?.headerLengthBytes ?? 0;
  const { id, headerLengthBytes, contentLengthBytes } = header;
  const isPossible = contentLengthBytes <= (CONTENT_LIMITS_BYTES.get(id) ?? -1);
  return isPossible ? headerLengthBytes + contentLengthBytes : 0;
}

/** What may stand in a Cluster or between two, and how long it can be. */
const CONTENT_LIMITS_BYTES: ReadonlyMap<number, number> = new Map([
  [ElementId.simpleBlock, Number.MAX_SAFE_INTEGER],
  [ElementId.blockGroup, Number.MAX_SAFE_INTEGER],
  [ElementId.timestamp, 8],
  [ElementId.position, 8],
  [ElementId.prevSize, 8],
  [ElementId.crc32, 4],
  [ElementId.void, Number.MAX_SAFE_INTEGER],
  [ElementId.silentTracks, Number.MAX_SAFE_INTEGER],
  [ElementId.cues, Number.MAX_SAFE_INTEGER],
  [ElementId.tags, Number.MAX_SAFE_INTEGER],
]);

const FIRST_BYTES: ReadonlySet<number> = new Set(
  [ElementId.cluster, ...CONTENT_LIMITS_BYTES.keys()].map((id) => id >> (24 - (Math.clz32(id) & 24))),
);

function isBlock(id: number): boolean {
  return id === ElementId.simpleBlock || id === ElementId.blockGroup;
}

function isImplausibleBlock(tail: Uint8Array, position: number, trackNumbers: ReadonlySet<number>): boolean {
  if (!isBlock(elementHeaderAt(tail, position)?.id ?? 0)) return false;
  const block = blockAt(tail, position);
  return block === undefined || !trackNumbers.has(block.trackNumber);
}

function blockAt(tail: Uint8Array, position: number): Block | undefined {
  const header = elementHeaderAt(tail, position);
  if (header === undefined || !isBlock(header.id)) return undefined;
  const start = position + header.headerLengthBytes;
  const content = tail.subarray(start, start + header.contentLengthBytes);
  if (header.id === ElementId.blockGroup) return parseBlockGroup(content);
  return hasPlainFlags(content) ? parseSimpleBlock(content) : undefined;
}
