import { type ByteSource, MediaReader } from "../reader.ts";
import { TAG_LIMIT_CHARACTERS, TITLE_LIMIT_CHARACTERS, untrustedText } from "../untrusted-text.ts";
import type { ElementHeader } from "./ebml.ts";
import { ElementId } from "./element-ids.ts";
import { readElementHeader, readMatroskaHeader } from "./header.ts";

/** A file that a Matroska file carries: a font for its subtitles, a cover. It is called by its index and nothing else. */
export interface Attachment {
  /** From 0, in the order of the file. */
  readonly index: number;
  /** The last component of what the file calls it, at most 200 characters, perhaps empty. Untrusted: only ever text. */
  readonly name: string;
  /** As the file says, with the names of fonts that RFC 8081 registers; `application/octet-stream` if it says nothing usable. */
  readonly mediaType: string;
  /** Where its bytes lie in the Matroska file, all of them within it. */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** Films with all fonts of several languages carry some 200. */
const ATTACHMENTS_LIMIT = 500;
/** A description, a name, a type, data and an identifier, and what of Void and CRC-32 lies between. */
const FIELDS_LIMIT = 16;
/** Headers of 500 fonts that lie apart take two thirds of it; fields that are strewn over a file would make us read all of it. */
const READ_LIMIT_BYTES = 24 * 1024 * 1024;
/** Names and types are shorter; what claims more is left out. */
const TEXT_FIELD_LIMIT_BYTES = 4096;

/**
 * The attachments of a Matroska file (RFC 9559 §5.1.6): their headers, some hundred bytes each, and never their data. Empty if
 * there are none. What comes behind damage, and what is cut off, is left out.
 *
 * Reads the header of the file again. Throws `MediaError` `damaged_media` if that cannot be read, and whatever
 * `source.readAt` rejects with.
 */
export async function readAttachments(
  source: ByteSource,
  options: { readonly signal: AbortSignal },
): Promise<readonly Attachment[]> {
  const reader = new MediaReader(source, options);
  const { attachmentsOffset, segmentEnd } = await readMatroskaHeader(reader);
  if (attachmentsOffset === undefined) return [];
  const list = await placeAt(reader, attachmentsOffset, Number.POSITIVE_INFINITY);
  if (list?.header.id !== ElementId.attachments) return [];
  const extent = { start: list.start, end: Math.min(list.end, segmentEnd) };
  const attachments: Attachment[] = [];
  for await (const { header, start, end } of children(reader, extent, ATTACHMENTS_LIMIT)) {
    if (reader.touchedBytes > READ_LIMIT_BYTES) break;
    const file = header.id === ElementId.attachedFile ? await readAttachedFile(reader, { start, end }) : undefined;
    if (file !== undefined) attachments.push({ index: attachments.length, ...file });
  }
  return attachments;
}

interface Extent {
  readonly start: number;
  readonly end: number;
}

/** An element's header, and where its content lies. */
interface Place extends Extent {
  readonly header: ElementHeader;
}

/** The element at `offset`; undefined where there is none, or none that ends before `limit`. */
async function placeAt(reader: MediaReader, offset: number, limit: number): Promise<Place | undefined> {
  const header = await readElementHeader(reader, offset);
  if (header === undefined) return undefined;
  const start = offset + header.headerLengthBytes;
  const end = start + header.contentLengthBytes;
  return end <= limit ? { header, start, end } : undefined;
}

async function* children(reader: MediaReader, parent: Extent, limit: number): AsyncGenerator<Place, void> {
  let offset = parent.start;
  for (let count = 0; count < limit && offset < parent.end; count += 1) {
    const child = await placeAt(reader, offset, parent.end);
    if (child === undefined) return;
    yield child;
    offset = child.end;
  }
}

/** §5.1.6.1: the fields come in any order, and mostly with the data last. */
async function readAttachedFile(reader: MediaReader, file: Extent): Promise<Omit<Attachment, "index"> | undefined> {
  let name = "";
  let mediaType = "";
  let data: Extent | undefined;
  for await (const { header, start, end } of children(reader, file, FIELDS_LIMIT)) {
    if (header.id === ElementId.fileData) data = { start, end };
    if (end - start > TEXT_FIELD_LIMIT_BYTES) continue;
    if (header.id === ElementId.fileName) name = fileName(await reader.bytes(start, end - start));
    if (header.id === ElementId.fileMediaType) mediaType = registeredType(await reader.bytes(start, end - start));
  }
  if (data === undefined) return undefined;
  return {
    name,
    mediaType: mediaType || "application/octet-stream",
    offsetBytes: data.start,
    lengthBytes: data.end - data.start,
  };
}

/** No folders, and no marks that reverse or hide what is written. */
function fileName(content: Uint8Array): string {
  const path = untrustedText(content, TEXT_FIELD_LIMIT_BYTES).replace(/[\p{Cf}\p{Cs}\u2028\u2029]/gu, "");
  const name = path.split(/[\\/]/).at(-1) ?? "";
  return Array.from(name).slice(0, TITLE_LIMIT_CHARACTERS).join("");
}

function registeredType(content: Uint8Array): string {
  const type = untrustedText(content, TAG_LIMIT_CHARACTERS).toLowerCase();
  // RFC 6838 §4.2
  return /^[a-z0-9][\w!#$&^.+-]*\/[a-z0-9][\w!#$&^.+-]*$/.test(type) ? (FONT_TYPES.get(type) ?? type) : "";
}

/** What muxers call fonts, RFC 9559 §21.2 among them, and what RFC 8081 does. */
const FONT_TYPES = new Map<string, string>([
  ["application/x-truetype-font", "font/ttf"],
  ["application/x-font-ttf", "font/ttf"],
  ["application/x-font-truetype", "font/ttf"],
  ["application/truetype", "font/ttf"],
  ["application/vnd.ms-opentype", "font/otf"],
  ["application/x-font-otf", "font/otf"],
  ["application/x-font-opentype", "font/otf"],
  ["application/font-sfnt", "font/sfnt"],
  ["application/x-font", "font/sfnt"],
  ["application/font-woff", "font/woff"],
  ["application/font-woff2", "font/woff2"],
]);
