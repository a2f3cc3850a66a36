import { createHash } from "node:crypto";
import { join } from "node:path";
import { quietly } from "./command-line.ts";
import { startProcess } from "./processes.ts";
import { type RunningRiptide, runningRiptide } from "./riptide.ts";
import type { ScriptedSeed } from "./scripted-seed.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const BUNDLER = new URL("../../scripts/lib/program.mjs", import.meta.url).href;

export interface BundledRiptide extends AsyncDisposable {
  /** The words that run it: node and the script. */
  readonly command: readonly string[];
  /**
   * The real program in a process of its own, on any free ports, with nobody to find but the seeds. `through` is a command
   * that gets the program as its last words.
   */
  start(dataDirectory: string, options?: StartOptions): Promise<RunningRiptide>;
}

export interface StartOptions {
  readonly through?: readonly string[];
  readonly words?: readonly string[];
  readonly seeds?: readonly ScriptedSeed[];
  readonly environment?: NodeJS.ProcessEnv;
}

/** The program as npm packs it: it starts in a fraction of the time that the source takes. */
export async function bundleRiptide(): Promise<BundledRiptide> {
  const folder = await temporaryFolder("program");
  const { bundleProgram } = (await import(BUNDLER)) as { bundleProgram: (folder: string) => Promise<unknown> };
  await bundleProgram(folder.path);
  const command = [process.execPath, join(folder.path, "riptide.mjs")];
  return {
    command,
    start: async (dataDirectory, { through = [], words = [], seeds = [], environment = {} } = {}) => {
      const peers = seeds.map(({ peer }) => `--peer=${peer.host}:${peer.port}`);
      const [program = "", ...rest] = [...through, ...command, ...quietly(dataDirectory, ...peers, ...words)];
      return await runningRiptide(startProcess(program, rest, { env: { ...process.env, ...environment } }));
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** How a body came that was read to its end, or to where it broke off. */
export interface ReadBody {
  readonly status: number;
  readonly sha256: string;
  readonly lengthBytes: number;
  readonly isWhole: boolean;
  /** The longest time in which nothing came, behind the first bytes. */
  readonly longestGapMs: number;
  /** From the request to its end. */
  readonly tookMs: number;
}

/** Reads a body as fast as it comes. */
export async function readBody(url: string, headers: Record<string, string> = {}): Promise<ReadBody> {
  const startMs = performance.now();
  const response = await fetch(url, { headers });
  const hash = createHash("sha256");
  let lengthBytes = 0;
  let longestGapMs = 0;
  let lastMs: number | undefined;
  let isWhole = true;
  try {
    for await (const chunk of response.body!) {
      const nowMs = performance.now();
      longestGapMs = Math.max(longestGapMs, nowMs - (lastMs ?? nowMs));
      lastMs = nowMs;
      lengthBytes += chunk.length;
      hash.update(chunk);
    }
  } catch {
    isWhole = false;
  }
  const tookMs = performance.now() - startMs;
  return { status: response.status, sha256: hash.digest("hex"), lengthBytes, isWhole, longestGapMs, tookMs };
}
