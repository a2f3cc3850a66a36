import { elementHeaderAt, fieldsOf, unsignedInteger, type VariableInteger, variableIntegerAt } from "./ebml.ts";
import { ElementId } from "./element-ids.ts";
import { lacedFrames } from "./lacing.ts";

/** The content of a SimpleBlock, or of a Block in its group (RFC 9559 §10). Its frames are as they are stored. */
export interface Block {
  readonly trackNumber: number;
  /** Counts from the Timestamp of its Cluster, in ticks of the Segment. May be negative. */
  readonly relativeTicks: number;
  readonly isKeyframe: boolean;
  /** In ticks of the Segment; undefined if the file does not say. */
  readonly durationTicks: number | undefined;
  readonly frames: readonly Uint8Array[];
}

/** Enough of a block to see whose it is: a track number of at most eight bytes. */
export const BLOCK_HEAD_BYTES = 8;
/** Enough of a BlockGroup to see whose its Block is, if it is its first child or follows a checksum. */
export const BLOCK_GROUP_HEAD_BYTES = 40;

/** §10.1: a time of two bytes and a byte of flags follow the track number. */
const TIME_AND_FLAGS_BYTES = 3;
const KEYFRAME_FLAG = 0x80;
/** §10.2, figure 13: bits that are not used yet. */
const RESERVED_FLAGS = 0x70;

/** Parses a SimpleBlock; undefined if it is damaged. */
export function parseSimpleBlock(content: Uint8Array): Block | undefined {
  const trackNumber = variableIntegerAt(content, 0);
  if (trackNumber === undefined) return undefined;
  const frames = framesOf(content, trackNumber);
  if (frames === undefined) return undefined;
  return {
    trackNumber: trackNumber.value,
    relativeTicks: relativeTicks(content, trackNumber),
    isKeyframe: (flagsOf(content, trackNumber) & KEYFRAME_FLAG) !== 0,
    durationTicks: undefined,
    frames,
  };
}

/** Parses a BlockGroup (§5.1.3.5), whose Block is a keyframe if it refers to no other; undefined if it is damaged. */
export function parseBlockGroup(content: Uint8Array): Block | undefined {
  const fields = fieldsOf(content);
  const block = parseSimpleBlock(fields.get(ElementId.block) ?? new Uint8Array(0));
  return (
    block && {
      ...block,
      isKeyframe: !fields.has(ElementId.referenceBlock),
      durationTicks: unsignedInteger(fields.get(ElementId.blockDuration)),
    }
  );
}

/** The track of the Block in the first bytes of a BlockGroup; undefined if they do not tell. */
export function trackNumberOfGroup(head: Uint8Array): number | undefined {
  let position = 0;
  while (position < head.length) {
    const header = elementHeaderAt(head, position);
    if (header === undefined) return undefined;
    const start = position + header.headerLengthBytes;
    if (header.id === ElementId.block) return variableIntegerAt(head, start)?.value;
    position = start + header.contentLengthBytes;
  }
  return undefined;
}

/** Whether the flags of a block hold nothing that no writer sets: a test for bytes that may be no block at all. */
export function hasPlainFlags(content: Uint8Array): boolean {
  const trackNumber = variableIntegerAt(content, 0);
  return trackNumber !== undefined && (flagsOf(content, trackNumber) & RESERVED_FLAGS) === 0;
}

function framesOf(content: Uint8Array, trackNumber: VariableInteger): Uint8Array[] | undefined {
  const start = trackNumber.lengthBytes + TIME_AND_FLAGS_BYTES;
  if (start > content.length) return undefined;
  return lacedFrames((flagsOf(content, trackNumber) >> 1) & 3, content.subarray(start));
}

function flagsOf(content: Uint8Array, trackNumber: VariableInteger): number {
  return content[trackNumber.lengthBytes + 2] ?? 0;
}

function relativeTicks(content: Uint8Array, { lengthBytes }: VariableInteger): number {
  return (((content[lengthBytes] ?? 0) << 24) >> 16) | (content[lengthBytes + 1] ?? 0);
}
