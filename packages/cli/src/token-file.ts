import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { UsageError } from "./usage-error.ts";

/** Longer than any token. */
const TOKEN_FILE_MAX_BYTES = 4096;
/** Of others than the owner. */
const OTHERS_MASK = 0o077;

/**
 * The token in the first line of a file. Throws `UsageError` if there is none, or if others may read it: on Windows, whose files have
 * no such bits, that is not looked at.
 */
export function readTokenFile(path: string): string {
  const text = readSmallFile(path);
  const [token = ""] = text.split(/\r?\n/);
  if (token === "") throw new UsageError("The file of --token-file holds no token in its first line.");
  return token;
}

function readSmallFile(path: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (cause) {
    throw new UsageError("The file of --token-file cannot be read.", { cause });
  }
  try {
    // Of the file that is open: another one could be put in its place meanwhile.
    const status = fstatSync(descriptor);
    if (!status.isFile()) throw new UsageError("--token-file takes a file.");
    if (process.platform !== "win32" && (status.mode & OTHERS_MASK) !== 0) {
      throw new UsageError("Others may read the file of --token-file: chmod 600 keeps it to you.");
    }
    const bytes = Buffer.alloc(TOKEN_FILE_MAX_BYTES);
    return bytes.toString("utf8", 0, readSync(descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}
