import { MediaError } from "@riptide/core";

/**
 * A file whose headers do not keep their promises.
 * @param what a clause that names the broken part, as in "its track list ends beyond the end of the file"
 */
export function damagedMedia(what: string): MediaError {
  return new MediaError("damaged_media", `This file is damaged: ${what}. Try another copy of it.`);
}

/** What `read` gives, or undefined if the file is damaged there: for headers that one can do without. */
export async function unlessDamaged<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof MediaError) return undefined;
    throw error;
  }
}
