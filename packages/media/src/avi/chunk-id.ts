/**
 * The number of the stream that the chunk with the id at a place belongs to: two digits and two letters, as `00dc`, `01wb`.
 * Undefined for other chunks, and for changes of the palette (`00pc`), which are no pictures. Indexes have a million of them, so
 * no text is made of it.
 */
export function streamNumberAt(bytes: Uint8Array, place: number): number | undefined {
  const [tens, units] = [bytes[place]! - DIGIT_ZERO, bytes[place + 1]! - DIGIT_ZERO];
  if (!isDigit(tens) || !isDigit(units)) return undefined;
  const isPalette = bytes[place + 2] === LETTER_P && bytes[place + 3] === LETTER_C;
  return isPalette ? undefined : 10 * tens + units;
}

const DIGIT_ZERO = 0x30;
const LETTER_P = 0x70;
const LETTER_C = 0x63;

/** Beyond the end of bytes it is none. */
function isDigit(value: number): boolean {
  return value >= 0 && value <= 9;
}
