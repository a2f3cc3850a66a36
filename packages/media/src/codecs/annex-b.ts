/** More NAL units than a picture of any real encoder has, and few enough that looking at them costs little. */
const NAL_UNITS_LIMIT = 4096;

/** The NAL units of a byte stream (ITU-T H.264 and H.265, Annex B); undefined if they are absurdly many. */
export function nalUnitsOf(stream: Uint8Array): Uint8Array[] | undefined {
  const nalUnits: Uint8Array[] = [];
  for (let start = startCodeAt(stream, 0); start < stream.length; ) {
    const next = startCodeAt(stream, start + START_CODE_BYTES);
    let end = next;
    // A NAL unit does not end with a zero: those belong to the next start code, or fill up.
    while (end > start + START_CODE_BYTES && stream[end - 1] === 0) end -= 1;
    if (end > start + START_CODE_BYTES) nalUnits.push(stream.subarray(start + START_CODE_BYTES, end));
    if (nalUnits.length > NAL_UNITS_LIMIT) return undefined;
    start = next;
  }
  return nalUnits;
}

/** Whether a start code stands at the beginning, behind any number of zeros. */
export function startsWithStartCode(stream: Uint8Array): boolean {
  const first = stream.findIndex((byte) => byte !== 0);
  return first >= 2 && stream[first] === 1;
}

/** NAL units with the length of each in front in four bytes, as samples of ISO/IEC 14496-15 hold them. */
export function lengthPrefixed(nalUnits: readonly Uint8Array[]): Uint8Array {
  const lengthBytes = nalUnits.reduce((sum, { length }) => sum + LENGTH_BYTES + length, 0);
  const sample = new Uint8Array(lengthBytes);
  const view = new DataView(sample.buffer);
  let position = 0;
  for (const nalUnit of nalUnits) {
    view.setUint32(position, nalUnit.length);
    sample.set(nalUnit, position + LENGTH_BYTES);
    position += LENGTH_BYTES + nalUnit.length;
  }
  return sample;
}

const START_CODE_BYTES = 3;
const LENGTH_BYTES = 4;

/** Where the next 00 00 01 stands from `from` on; the length if there is none. */
function startCodeAt(stream: Uint8Array, from: number): number {
  for (let last = from + 2; last < stream.length; ) {
    const byte = stream[last]!;
    if (byte === 1 && stream[last - 1] === 0 && stream[last - 2] === 0) return last - 2;
    // What is no zero is in no start code but as its last byte.
    last += byte === 0 ? 1 : 3;
  }
  return stream.length;
}
