import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Real media, beside the repository (its README names the sources). */
const CORPUS = new URL("../../../../../shared/corpus/media/", import.meta.url);

/** The bytes of a file of the corpus, as `mkv/sample.mkv`. */
export function corpusFile(path: string): Uint8Array {
  const url = new URL(path, CORPUS);
  if (!existsSync(url)) throw new Error(`The media corpus is missing: expected ${fileURLToPath(url)}`);
  return new Uint8Array(readFileSync(url));
}
