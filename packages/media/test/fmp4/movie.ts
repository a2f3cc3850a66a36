import { boxAt, boxesOf } from "../../src/isobmff/box.ts";

/** A sample as a player reads it from fragments. */
export interface ReadSample {
  readonly dtsTicks: number;
  readonly ptsTicks: number;
  readonly durationTicks: number;
  readonly isKeyframe: boolean;
  readonly data: Uint8Array;
}

export interface ReadFragment {
  readonly sequenceNumber: number;
  readonly lengthBytes: number;
  /** By track ID. */
  readonly runs: ReadonlyMap<number, readonly ReadSample[]>;
}

/** Reads a fragment by the book (ISO/IEC 14496-12 §8.8): one `moof`, one `mdat`. */
export function readFragment(buffers: readonly Uint8Array[]): ReadFragment {
  const file = new Uint8Array(Buffer.concat(buffers));
  const moof = boxAt(file, "moof")!;
  const runs = [...boxesOf(moof)].filter(({ type }) => type === "traf").map(({ content }) => readTraf(file, content));
  const types = [...boxesOf(file)].map(({ type }) => type);
  if (types.join() !== "moof,mdat") throw new Error(`A fragment of ${types.join()}`);
  return { sequenceNumber: u32(boxAt(moof, "mfhd")!, 4), lengthBytes: file.length, runs: new Map(runs) };
}

/** The sample entry of a track of an init segment: what is in front of its boxes, and these. */
export function sampleEntryOf(file: Uint8Array, index: number) {
  const traks = [...boxesOf(boxAt(file, "moov")!)].filter(({ type }) => type === "trak");
  const [entry] = boxesOf(boxAt(traks[index]!.content, "mdia", "minf", "stbl", "stsd")!.subarray(8));
  const handler = boxAt(traks[index]!.content, "mdia", "hdlr")!;
  const fixedLength = String.fromCharCode(...handler.subarray(8, 12)) === "vide" ? 78 : 28;
  return {
    type: entry!.type,
    fields: entry!.content.subarray(0, fixedLength),
    boxes: new Map([...boxesOf(entry!.content.subarray(fixedLength))].map(({ type, content }) => [type, content])),
  };
}

const u32 = (bytes: Uint8Array, position: number) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(position);

function readTraf(file: Uint8Array, traf: Uint8Array): [number, ReadSample[]] {
  const tfhd = boxAt(traf, "tfhd")!;
  const trun = boxAt(traf, "trun")!;
  const [trackFlags, runFlags] = [u32(tfhd, 0) & 0xffffff, u32(trun, 0) & 0xffffff];
  const defaults = reader(tfhd, 8);
  const [duration, size, flags] = [8, 0x10, 0x20].map((bit) => ((trackFlags & bit) !== 0 ? defaults() : undefined));
  const fields = reader(trun, 4);
  const count = fields();
  let position = fields();
  const firstFlags = (runFlags & 4) !== 0 ? fields() : undefined;
  const tfdt = boxAt(traf, "tfdt")!;
  let dtsTicks = u32(tfdt, 4) * 2 ** 32 + u32(tfdt, 8);
  const samples = Array.from({ length: count }, (_, index) => {
    const durationTicks = (runFlags & 0x100) !== 0 ? fields() : duration!;
    const sizeBytes = (runFlags & 0x200) !== 0 ? fields() : size!;
    const sampleFlags = (runFlags & 0x400) !== 0 ? fields() : index === 0 ? (firstFlags ?? flags!) : flags!;
    const ptsTicks = dtsTicks + ((runFlags & 0x800) !== 0 ? fields() | 0 : 0);
    const data = file.subarray(position, position + sizeBytes);
    const sample = { dtsTicks, ptsTicks, durationTicks, isKeyframe: (sampleFlags & 0x10000) === 0, data };
    position += sizeBytes;
    dtsTicks += durationTicks;
    return sample;
  });
  return [u32(tfhd, 4), samples];
}

function reader(bytes: Uint8Array, start: number): () => number {
  let position = start;
  return () => {
    position += 4;
    return u32(bytes, position - 4);
  };
}
