import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Real media, beside the repository (its README names the sources). */
const CORPUS = new URL("../../../../../shared/corpus/media/", import.meta.url);

/** The bytes of a file of the corpus, as `mkv/sample.mkv`. */
export function corpusFile(path: string): Uint8Array {
  return new Uint8Array(readFileSync(corpusPath(path)));
}

/** Where that file is, for programs that read it themselves. */
export function corpusPath(path: string): string {
  const url = new URL(path, CORPUS);
  if (!existsSync(url)) throw new Error(`The media corpus is missing: expected ${fileURLToPath(url)}`);
  return fileURLToPath(url);
}
