import { demoFilm } from "../../../media/test/support/corpus.ts";

/** The film with Cues that nobody recognises: the last bit of their name is another one, where they lie and where they are named. */
export function withoutCues(bytes: Uint8Array): Uint8Array {
  const film = Buffer.from(bytes);
  for (let at = film.indexOf(CUES_ID); at >= 0; at = film.indexOf(CUES_ID)) film[at + 3]! ^= 1;
  return film;
}

/** The demo as Matroska: 48 s in groups of four. */
export const unindexedDemo = (): Uint8Array => withoutCues(demoFilm("MKV"));

/** RFC 9559 §5.1.5. */
const CUES_ID = Buffer.from([0x1c, 0x53, 0xbb, 0x6b]);
