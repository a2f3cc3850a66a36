import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "./usage-error.ts";

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** Makes a folder that is gone once it is disposed. Rejects with a `UsageError` if the machine has no place for it. */
export async function makeTemporaryFolder(prefix: string): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), prefix)).catch((cause: unknown) => {
    throw new UsageError(`No temporary folder can be made in ${tmpdir()}: set TMPDIR to one that can be written.`, {
      cause,
    });
  });
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
