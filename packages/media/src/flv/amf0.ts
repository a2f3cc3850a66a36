import { ByteCursor } from "../byte-cursor.ts";

/** onMetaData is flat but for its keyframe table, which nests twice. */
const DEPTH_LIMIT = 8;

/** Type markers, AMF 0 Specification §2.1. */
const Marker = {
  number: 0x00,
  boolean: 0x01,
  string: 0x02,
  object: 0x03,
  null: 0x05,
  undefined: 0x06,
  reference: 0x07,
  ecmaArray: 0x08,
  objectEnd: 0x09,
  strictArray: 0x0a,
  date: 0x0b,
  longString: 0x0c,
} as const;

/**
 * The numbers that an `onMetaData` script tag holds at its top level (AMF 0 Specification; Adobe Flash Video File
 * Format E.5). Whatever else it holds is stepped over; a value of a type that metadata does not use ends the reading.
 * Throws `damaged_media` if a value is cut off.
 */
export function readMetadataNumbers(scriptData: Uint8Array): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  const cursor = new ByteCursor(scriptData, "FLV metadata");
  if (cursor.u8() !== Marker.string || readText(cursor) !== "onMetaData") return numbers;
  const marker = cursor.u8();
  if (marker === Marker.ecmaArray) cursor.skip(4);
  else if (marker !== Marker.object) return numbers;
  skipProperties(cursor, 1, numbers);
  return numbers;
}

/** Steps over name and value pairs up to the end of an object, keeping the numbers. False if a value is unknown. */
function skipProperties(cursor: ByteCursor, depth: number, numbers?: Map<string, number>): boolean {
  while (cursor.remaining > 0) {
    const name = readText(cursor);
    const marker = cursor.u8();
    if (marker === Marker.objectEnd) return true;
    if (marker === Marker.number) {
      const value = cursor.f64();
      numbers?.set(name, value);
    } else if (!skipValue(cursor, marker, depth)) {
      return false;
    }
  }
  return true;
}

function skipValue(cursor: ByteCursor, marker: number, depth: number): boolean {
  switch (marker) {
    case Marker.number:
      cursor.skip(8);
      return true;
    case Marker.boolean:
      cursor.skip(1);
      return true;
    case Marker.string:
      cursor.skip(cursor.u16());
      return true;
    case Marker.longString:
      cursor.skip(cursor.u32());
      return true;
    case Marker.null:
    case Marker.undefined:
      return true;
    case Marker.reference:
      cursor.skip(2);
      return true;
    case Marker.date:
      cursor.skip(10);
      return true;
    case Marker.object:
      return depth < DEPTH_LIMIT && skipProperties(cursor, depth + 1);
    case Marker.ecmaArray:
      cursor.skip(4);
      return depth < DEPTH_LIMIT && skipProperties(cursor, depth + 1);
    case Marker.strictArray:
      return depth < DEPTH_LIMIT && skipElements(cursor, depth + 1);
    default:
      return false;
  }
}

/** Every element takes at least a byte, so the bytes bound the loop whatever the count says. */
function skipElements(cursor: ByteCursor, depth: number): boolean {
  const count = cursor.u32();
  for (let index = 0; index < count; index += 1) {
    if (!skipValue(cursor, cursor.u8(), depth)) return false;
  }
  return true;
}

function readText(cursor: ByteCursor): string {
  return new TextDecoder().decode(cursor.bytes(cursor.u16()));
}
