import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Real media, beside the repository (its README names the sources). */
const CORPUS = new URL("../../../../../shared/corpus/media/", import.meta.url);

/** The bytes of a file of the corpus, as `mkv/sample.mkv`. */
export function corpusFile(path: string): Uint8Array {
  return new Uint8Array(readFileSync(corpusPath(path)));
}

/** Where a file of the corpus lies. */
export function corpusPath(path: string): string {
  const file = fileURLToPath(new URL(path, CORPUS));
  if (!existsSync(file)) throw new Error(`The media corpus is missing: expected ${file}`);
  return file;
}

/** The bytes of a film that the demo shares. */
export function demoFilm(container: "MKV" | "MP4" | "WebM"): Uint8Array {
  return new Uint8Array(readFileSync(demoFilmPath(container)));
}

export function demoFilmPath(container: "MKV" | "MP4" | "WebM"): string {
  const name = `Riptide demo (${container}).${container.toLowerCase()}`;
  return fileURLToPath(new URL(`../../../cli/demo/films/${name}`, import.meta.url));
}
