import type { PcmFormat } from "../packet.ts";
import { boxAt } from "./box.ts";
import { audioEntryBoxes, type SampleEntry } from "./sample-entries.ts";

/** How the values of uncompressed sound lie, as the sample entry tells; undefined if that is no format of ours. */
export function pcmFormatOf(entry: SampleEntry): PcmFormat | undefined {
  const { type, content } = entry;
  const fields = new DataView(content.buffer, content.byteOffset, content.byteLength);
  if (content.length < VERSION_0_LENGTH_BYTES) return undefined;
  const toldBits = fields.getUint16(SAMPLE_SIZE_OFFSET);
  switch (type) {
    // QuickTime File Format, "Sound Sample Description": a name for each format.
    case "raw ":
      return { kind: "unsigned", byteOrder: "big", bitsPerSample: 8 };
    case "sowt":
      return { kind: "signed", byteOrder: "little", bitsPerSample: toldBits };
    case "twos":
      return { kind: "signed", byteOrder: "big", bitsPerSample: toldBits };
    case "in24":
    case "in32":
      return { kind: "signed", byteOrder: byteOrderOf(entry), bitsPerSample: Number(type.slice(2)) };
    case "fl32":
    case "fl64":
      return { kind: "float", byteOrder: byteOrderOf(entry), bitsPerSample: Number(type.slice(2)) };
    case "lpcm":
      return content.length < VERSION_2_LENGTH_BYTES ? undefined : linearFormat(fields);
    case "ipcm":
    case "fpcm":
      return iso23003Format(entry);
    default:
      return undefined;
  }
}

/** Of the fields in front of the first box (ISO/IEC 14496-12 §12.2.3; QuickTime's version 2). */
const VERSION_0_LENGTH_BYTES = 28;
const VERSION_2_LENGTH_BYTES = 64;
const SAMPLE_SIZE_OFFSET = 18;
const LINEAR_BITS_OFFSET = 48;
const LINEAR_FLAGS_OFFSET = 52;

/** QuickTime's `enda`: what is big-endian by its name is little-endian after all. */
function byteOrderOf(entry: SampleEntry): PcmFormat["byteOrder"] {
  const enda = boxAt(audioEntryBoxes(entry), "enda");
  return enda?.[1] === 1 ? "little" : "big";
}

/** Core Audio Types, AudioStreamBasicDescription: is float 1, is big-endian 2, is signed 4. */
function linearFormat(fields: DataView): PcmFormat {
  const flags = fields.getUint32(LINEAR_FLAGS_OFFSET);
  const ofIntegers = (flags & 4) === 0 ? "unsigned" : "signed";
  return {
    kind: (flags & 1) === 0 ? ofIntegers : "float",
    byteOrder: (flags & 2) === 0 ? "little" : "big",
    bitsPerSample: fields.getUint32(LINEAR_BITS_OFFSET),
  };
}

/** ISO/IEC 23003-5 §4.3: version and flags, format_flags (1: little-endian), PCM_sample_size. */
function iso23003Format(entry: SampleEntry): PcmFormat | undefined {
  const [flags, bitsPerSample] = boxAt(audioEntryBoxes(entry), "pcmC")?.subarray(4) ?? [];
  if (flags === undefined || bitsPerSample === undefined) return undefined;
  const kind = entry.type === "fpcm" ? "float" : "signed";
  return { kind, byteOrder: (flags & 1) === 1 ? "little" : "big", bitsPerSample };
}
