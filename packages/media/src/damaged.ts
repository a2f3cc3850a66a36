import { MediaError } from "@riptide/core";

/**
 * A file whose headers do not keep their promises.
 * @param what a clause that names the broken part, as in "its track list ends beyond the end of the file"
 */
export function damagedMedia(what: string): MediaError {
  return new MediaError("damaged_media", `This file is damaged: ${what}. Try another copy of it.`);
}
