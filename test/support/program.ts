import { mkdir, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  type StartSessionThread,
  sessionThreadFrom,
  startSessionThread,
} from "../../packages/swarm/src/engine/session-thread.ts";

const BUNDLER = new URL("../../scripts/lib/program.mjs", import.meta.url).href;
const START = fileURLToPath(new URL("../../scripts/start.mjs", import.meta.url));
const PAGE = fileURLToPath(new URL("../../packages/web/dist", import.meta.url));
const DEMO = fileURLToPath(new URL("../../packages/cli/demo", import.meta.url));

const DOWNLOAD_CHILD = fileURLToPath(new URL("download-child.ts", import.meta.url));

interface Bundler {
  readonly bundleProgram: (folder: string, others: Readonly<Record<string, string>>) => Promise<unknown>;
}

/** Where `npm test` has the path of the bundled program, for its tests. */
const VARIABLE = "RIPTIDE_TEST_PROGRAM";

/**
 * The file that Node runs: as npm packs it, if it has been bundled for the tests, as that starts in a fraction of the time that the source
 * takes; else the source, as `npm start` runs it.
 */
export function programPath(): string {
  return process.env[VARIABLE] ?? START;
}

/** How an engine in a test gets its session: bundled, if it is, as a thread that has to translate the source first takes a second of work. */
export function testSessionThread(): StartSessionThread {
  const program = process.env[VARIABLE];
  return program === undefined
    ? startSessionThread
    : sessionThreadFrom(pathToFileURL(join(dirname(program), "session-worker.mjs")));
}

/** The words behind `node` that run `download-child.ts`. */
export function downloadChildWords(): readonly string[] {
  const program = process.env[VARIABLE];
  return program === undefined ? ["--import", "tsx", DOWNLOAD_CHILD] : [join(dirname(program), "download-child.mjs")];
}

/** Bundles the program, with the page and the demo where it looks for them. Resolves with the path of the file to run. */
export async function bundleInto(folder: string): Promise<string> {
  const { bundleProgram } = (await import(BUNDLER)) as Bundler;
  await bundleProgram(join(folder, "cli/bin"), { "download-child": DOWNLOAD_CHILD });
  for (const [target, path] of [
    [PAGE, join(folder, "web/dist")],
    [DEMO, join(folder, "cli/demo")],
  ] as const) {
    await mkdir(dirname(path), { recursive: true });
    await rm(path, { force: true });
    await symlink(target, path);
  }
  return join(folder, "cli/bin/riptide.mjs");
}

/** Once for all tests of a run (vitest's `globalSetup`), which inherit the variable. */
export default async function setup(): Promise<() => Promise<void>> {
  const folder = fileURLToPath(new URL(`../../.cache/program-${process.pid}`, import.meta.url));
  process.env[VARIABLE] = await bundleInto(folder);
  return () => rm(folder, { recursive: true, force: true });
}
