import { concatenate } from "../reader.ts";

/** A box of ISO/IEC 14496-12 §4.2. */
export function box(type: string, ...content: readonly Uint8Array[]): Uint8Array {
  const lengthBytes = content.reduce((sum, part) => sum + part.length, BOX_HEADER_BYTES);
  return concatenate([u32(lengthBytes), characters(type), ...content]);
}

/** A box with version and flags. */
export function fullBox(type: string, versionAndFlags: number, ...content: readonly Uint8Array[]): Uint8Array {
  return box(type, u32(versionAndFlags), ...content);
}

export const BOX_HEADER_BYTES = 8;

export function characters(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function u8(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

export function u16(...values: readonly number[]): Uint8Array {
  return u8(...values.flatMap((value) => [value >>> 8, value]));
}

export function u32(...values: readonly number[]): Uint8Array {
  return u8(...values.flatMap((value) => [value >>> 24, value >>> 16, value >>> 8, value]));
}

export function zeros(lengthBytes: number): Uint8Array {
  return new Uint8Array(lengthBytes);
}
