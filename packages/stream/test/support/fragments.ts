/** The fragments of an MP4 as far as these tests look: when each begins, in seconds, per track. */
export interface Fragment {
  readonly offset: number;
  /** Start in seconds by track ID. */
  readonly startSeconds: ReadonlyMap<number, number>;
}

interface Box {
  readonly type: string;
  readonly start: number;
  readonly content: Buffer;
}

/** Reads `moov` for timescales and every `moof` for its `tfdt` (ISO/IEC 14496-12 §8.8). */
export function fragmentsOf(bytes: Uint8Array): Fragment[] {
  const boxes = boxesOf(Buffer.from(bytes));
  const timescales = new Map(
    childrenOf(boxes, "moov")
      .filter(({ type }) => type === "trak")
      .map((trak) => timescaleOf(trak)),
  );
  return boxes
    .filter(({ type }) => type === "moof")
    .map((moof) => ({
      offset: moof.start,
      startSeconds: new Map(
        boxesOf(moof.content)
          .filter(({ type }) => type === "traf")
          .map((traf) => startOf(traf, timescales)),
      ),
    }));
}

/** The types of the boxes at the top, in order. */
export function topLevelTypes(bytes: Uint8Array): string[] {
  return boxesOf(Buffer.from(bytes)).map(({ type }) => type);
}

function timescaleOf(trak: Box): [number, number] {
  const inside = boxesOf(trak.content);
  const trackId = inside.find(({ type }) => type === "tkhd")!.content.readUInt32BE(12);
  const mdhd = childrenOf(inside, "mdia").find(({ type }) => type === "mdhd")!;
  return [trackId, mdhd.content.readUInt32BE(12)];
}

function startOf(traf: Box, timescales: ReadonlyMap<number, number>): [number, number] {
  const inside = boxesOf(traf.content);
  const trackId = inside.find(({ type }) => type === "tfhd")!.content.readUInt32BE(4);
  const tfdt = inside.find(({ type }) => type === "tfdt")!.content;
  const ticks = tfdt[0] === 1 ? Number(tfdt.readBigInt64BE(4)) : tfdt.readUInt32BE(4);
  return [trackId, ticks / timescales.get(trackId)!];
}

function childrenOf(boxes: readonly Box[], type: string): Box[] {
  return boxesOf(boxes.find((box) => box.type === type)!.content);
}

function boxesOf(bytes: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    boxes.push({
      type: bytes.toString("latin1", at + 4, at + 8),
      start: at,
      content: bytes.subarray(at + 8, at + length),
    });
    at += Math.max(8, length);
  }
  return boxes;
}
