import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { type Confinement, findConfinement, findProgram } from "../../src/confinement.ts";
import { fakeFfmpeg, temporaryFolder } from "./fake-ffmpeg.ts";

/** Finds out with these programs alone on the path; names that are not installed here are left out. */
export async function findConfinementWith(
  ...names: readonly string[]
): Promise<{ readonly path: string; readonly confinement: Confinement }> {
  const bin = await temporaryFolder();
  for (const name of names) {
    const program = await findProgram(name);
    if (program !== undefined) await symlink(program, join(bin, name));
  }
  vi.stubEnv("PATH", bin);
  onTestFinished(() => void vi.unstubAllEnvs());
  const path = await fakeFfmpeg("exit 0");
  return { path, confinement: await findConfinement(path, new AbortController().signal) };
}
