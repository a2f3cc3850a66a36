import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file's path, or the bytes of a file: the body of a response, an init segment with some fragments. */
export type MediaSource = string | Uint8Array;

/** Gives `action` the path of a file with the source's bytes, which is gone afterwards unless it was there before. */
export async function withMediaFile<T>(source: MediaSource, action: (path: string) => Promise<T>): Promise<T> {
  if (typeof source === "string") return action(source);
  const directory = await mkdtemp(join(tmpdir(), "riptide-film-"));
  try {
    const path = join(directory, "media");
    await writeFile(path, source);
    return await action(path);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
