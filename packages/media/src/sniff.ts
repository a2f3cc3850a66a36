import { AsfGuid } from "./asf/guids.ts";
import { hexOf } from "./hex.ts";
import { boxHeaderOf } from "./isobmff/box.ts";
import { elementHeaderAt, fieldsOf } from "./matroska/ebml.ts";
import { ElementId } from "./matroska/element-ids.ts";
import type { Container } from "./media-info.ts";
import { packetLayoutOf } from "./mpegts/packets.ts";
import { SNIFF_LENGTH_BYTES } from "./sniff-length.ts";
import { untrustedText } from "./untrusted-text.ts";

export { SNIFF_LENGTH_BYTES };

/**
 * Tells the container from the first `SNIFF_LENGTH_BYTES` of a file, by content only: a name can lie. Everything else is
 * undefined, playlists above all (HLS, DASH, ffconcat, SDP), because a demuxer that follows one reads what its author
 * wants and not what is in the torrent. Junk in front of a container makes it no media either.
 */
export function sniffContainer(head: Uint8Array): Container | undefined {
  return SNIFFERS.reduce<Container | undefined>((found, sniff) => found ?? sniff(head), undefined);
}

type Sniffer = (head: Uint8Array) => Container | undefined;

/** RFC 8794 §11.2.4: an EBML document says in its header what it is. */
const sniffEbml: Sniffer = (head) => {
  const header = elementHeaderAt(head, 0);
  if (header?.id !== ElementId.ebmlHeader) return undefined;
  const fields = fieldsOf(
    head.subarray(header.headerLengthBytes, header.headerLengthBytes + header.contentLengthBytes),
  );
  const docType = untrustedText(fields.get(ElementId.docType) ?? new Uint8Array(0), 16);
  return docType === "matroska" || docType === "webm" ? docType : undefined;
};

/**
 * ISO/IEC 14496-12 §4.3: `ftyp` comes first. QuickTime files from before it start with media, a movie or a filler, and
 * are believed only if what follows is plausible too, as far as it can be seen.
 */
const sniffIsobmff: Sniffer = (head) => {
  const first = boxHeaderOf(head);
  if (first === undefined) return undefined;
  if (first.type === "ftyp") return isPlausibleFileType(first.lengthBytes) ? "mp4" : undefined;
  if (first.type === "moov") return MOVIE_CHILDREN.has(boxHeaderOf(head.subarray(8))?.type ?? "") ? "mp4" : undefined;
  if (first.type === "mdat") return isPlausibleFirstMedia(head, first.lengthBytes) ? "mp4" : undefined;
  if (!FILLERS.has(first.type)) return undefined;
  const second = boxHeaderOf(head.subarray(first.lengthBytes, first.lengthBytes + 16));
  return QUICKTIME_TOP_LEVEL.has(second?.type ?? "") ? "mp4" : undefined;
};

/** §4.3: header, major brand and minor version; then four bytes per brand. Text that spells "ftyp" gives a huge size. */
function isPlausibleFileType(lengthBytes: number): boolean {
  return lengthBytes >= 16 && lengthBytes <= SNIFF_LENGTH_BYTES;
}

const MOVIE_CHILDREN = new Set(["mvhd", "cmov", "udta", "trak"]);
const FILLERS = new Set(["wide", "free", "skip", "pnot"]);
const QUICKTIME_TOP_LEVEL = new Set([...FILLERS, "moov", "mdat", "PICT", "ftyp"]);

/** Media that ends within the head must be followed by another box; longer media is taken by its word. */
function isPlausibleFirstMedia(head: Uint8Array, lengthBytes: number): boolean {
  if (lengthBytes >= head.length) return Number.isFinite(lengthBytes);
  return QUICKTIME_TOP_LEVEL.has(boxHeaderOf(head.subarray(lengthBytes, lengthBytes + 16))?.type ?? "");
}

/** Microsoft, "AVI RIFF File Reference". */
const sniffAvi: Sniffer = (head) =>
  textAt(head, 0, 4) === "RIFF" && textAt(head, 8, 12) === "AVI " ? "avi" : undefined;

/** Adobe Flash Video File Format E.2: version 1, reserved flags zero, a header of nine bytes. */
const sniffFlv: Sniffer = (head) =>
  textAt(head, 0, 4) === "FLV\x01" && ((head[4] ?? 0xff) & 0xfa) === 0 && textAt(head, 5, 9) === "\0\0\0\x09"
    ? "flv"
    : undefined;

const sniffAsf: Sniffer = (head) => (hexOf(head.subarray(0, 16)) === AsfGuid.header ? "asf" : undefined);

/** RFC 3533 §6: the capture pattern and version 0. */
const sniffOgg: Sniffer = (head) => (textAt(head, 0, 5) === "OggS\0" ? "ogg" : undefined);

const sniffMpegts: Sniffer = (head) => (packetLayoutOf(head) === undefined ? undefined : "mpegts");

const SNIFFERS: readonly Sniffer[] = [sniffEbml, sniffIsobmff, sniffAvi, sniffFlv, sniffAsf, sniffOgg, sniffMpegts];

function textAt(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}
