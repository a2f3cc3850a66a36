import { ByteCursor } from "../byte-cursor.ts";
import type { KeyIndexEntry } from "../key-index.ts";
import type { MediaReader } from "../reader.ts";
import { boxesOf, boxHeaderOf } from "./box.ts";

/** Length of `mfro`, which ends the file and leads to the box that it is in (ISO/IEC 14496-12 §8.8.11). */
const MFRO_LENGTH_BYTES = 16;
/** 19 bytes per entry: a day of entries a second apart, for one track. */
const MFRA_LIMIT_BYTES = 2 * 1024 * 1024;

/**
 * The places to decode a track from that the `mfra` at the end of a file lists (§8.8.9), in the time of the media, without edit
 * list: those with which a fragment starts. Empty if there is none. Reads the end of the file. Throws `damaged_media` if it is cut off.
 */
export async function readFragmentRandomAccess(
  reader: MediaReader,
  track: { readonly number: number; readonly timescale: number },
): Promise<KeyIndexEntry[]> {
  const mfroOffset = reader.sizeBytes - MFRO_LENGTH_BYTES;
  if (mfroOffset < 0) return [];
  const mfro = await reader.bytes(mfroOffset, MFRO_LENGTH_BYTES);
  if (boxHeaderOf(mfro)?.type !== "mfro") return [];
  const lengthBytes = new ByteCursor(mfro, "fragment index").skip(12).u32();
  if (lengthBytes > Math.min(MFRA_LIMIT_BYTES, reader.sizeBytes)) return [];
  const [mfra] = boxesOf(await reader.bytes(reader.sizeBytes - lengthBytes, lengthBytes));
  if (mfra?.type !== "mfra") return [];
  return [...boxesOf(mfra.content)].flatMap(({ type, content }) =>
    type === "tfra" ? parseTrackFragments(content, track) : [],
  );
}

/** §8.8.10. */
function parseTrackFragments(
  tfra: Uint8Array,
  track: { readonly number: number; readonly timescale: number },
): KeyIndexEntry[] {
  const cursor = new ByteCursor(tfra, "fragment index");
  const isLong = cursor.u8() === 1;
  if (cursor.skip(3).u32() !== track.number) return [];
  const lengths = cursor.u32();
  // Two bits each, for 1 to 4 octets: the numbers of the traf, of the trun in it, of the sample in it.
  const [trafLength, trunLength, sampleLength] = [(lengths >> 4) & 3, (lengths >> 2) & 3, lengths & 3].map(
    (bits) => bits + 1,
  );
  const count = cursor.u32();
  const entries: KeyIndexEntry[] = [];
  for (let index = 0; index < count; index += 1) {
    const timeTicks = isLong ? cursor.u64() : cursor.u32();
    const offsetBytes = isLong ? cursor.u64() : cursor.u32();
    cursor.skip(trafLength ?? 1);
    const [run, sample] = [unsigned(cursor, trunLength), unsigned(cursor, sampleLength)];
    if (run === 1 && sample === 1) entries.push({ timeSeconds: timeTicks / track.timescale, offsetBytes });
  }
  return entries;
}

function unsigned(cursor: ByteCursor, lengthBytes = 1): number {
  return cursor.bytes(lengthBytes).reduce((value, byte) => value * 256 + byte, 0);
}
