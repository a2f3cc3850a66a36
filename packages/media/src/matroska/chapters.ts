import type { Chapter } from "../media-info.ts";
import type { MediaReader } from "../reader.ts";
import { TITLE_LIMIT_CHARACTERS, untrustedText } from "../untrusted-text.ts";
import { elementsOf, fieldsOf, unsignedInteger } from "./ebml.ts";
import { ElementId } from "./element-ids.ts";
import { readElementHeader, readMatroskaHeader } from "./header.ts";

/** Audiobooks have some hundred chapters; the rest of a longer list is dropped. */
const CHAPTERS_LIMIT = 1000;
/** A thousand chapters with names in three languages take some 200 KiB. */
const CHAPTERS_LIMIT_BYTES = 1024 * 1024;

/**
 * The chapters of the edition that a Matroska file is played by (RFC 9559 §5.1.7), wherever its header says that they lie. Those
 * within others are left out, as other players do. Of an ordered edition, which plays parts of the film in another order, they
 * are the parts, with their times in the film.
 */
export async function readMatroskaChapters(reader: MediaReader): Promise<readonly Chapter[]> {
  const { chaptersOffset } = await readMatroskaHeader(reader);
  if (chaptersOffset === undefined) return [];
  const header = await readElementHeader(reader, chaptersOffset);
  if (header?.id !== ElementId.chapters || header.contentLengthBytes > CHAPTERS_LIMIT_BYTES) return [];
  return parseChapters(await reader.bytes(chaptersOffset + header.headerLengthBytes, header.contentLengthBytes));
}

function parseChapters(content: Uint8Array): Chapter[] {
  const edition = chosenEdition(content);
  if (edition === undefined) return [];
  const atoms = [...elementsOf(edition, CHAPTERS_LIMIT)].filter(({ id }) => id === ElementId.chapterAtom);
  return atoms.flatMap(({ content: atom }) => parseAtom(atom) ?? []);
}

/** §5.1.7.1.2 and §5.1.7.1.3: the first that is marked as default, else the first; never a hidden one. */
function chosenEdition(content: Uint8Array): Uint8Array | undefined {
  const editions = [...elementsOf(content)].filter(({ id }) => id === ElementId.editionEntry);
  const shown = editions.filter((edition) => !isMarked(edition.content, ElementId.editionFlagHidden));
  const chosen = shown.find((edition) => isMarked(edition.content, ElementId.editionFlagDefault)) ?? shown[0];
  return chosen?.content;
}

function isMarked(master: Uint8Array, flag: number): boolean {
  return unsignedInteger(fieldsOf(master).get(flag)) === 1;
}

/** §5.1.7.1.4: hidden and disabled ones are not for people, and those with a segment are chapters of other files. */
function parseAtom(atom: Uint8Array): Chapter | undefined {
  const fields = fieldsOf(atom);
  const startNanoseconds = unsignedInteger(fields.get(ElementId.chapterTimeStart));
  const endNanoseconds = unsignedInteger(fields.get(ElementId.chapterTimeEnd));
  const isHidden = unsignedInteger(fields.get(ElementId.chapterFlagHidden)) === 1;
  const isDisabled = unsignedInteger(fields.get(ElementId.chapterFlagEnabled)) === 0;
  if (startNanoseconds === undefined || isHidden || isDisabled || fields.has(ElementId.chapterSegmentUuid)) {
    return undefined;
  }
  const display = fieldsOf(fields.get(ElementId.chapterDisplay) ?? new Uint8Array(0));
  const title = untrustedText(display.get(ElementId.chapString) ?? new Uint8Array(0), TITLE_LIMIT_CHARACTERS);
  return {
    startSeconds: startNanoseconds / 1e9,
    endSeconds: endNanoseconds && endNanoseconds / 1e9,
    title: title || undefined,
  };
}
