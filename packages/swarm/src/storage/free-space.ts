import { statfs } from "node:fs/promises";

/** What may still be written to the disk of a folder by who is not root. Rejects as statfs(2) does. */
export async function freeSpaceBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
