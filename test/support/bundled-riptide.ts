import { createHash } from "node:crypto";
import { quietly } from "./command-line.ts";
import { startProcess } from "./processes.ts";
import { programPath } from "./program.ts";
import { type RunningRiptide, runningRiptide } from "./riptide.ts";
import type { ScriptedSeed } from "./scripted-seed.ts";

export interface StartOptions {
  /** A command that gets the program as its last words. */
  readonly through?: readonly string[];
  readonly words?: readonly string[];
  readonly seeds?: readonly ScriptedSeed[];
}

/** The real program, as npm packs it, in a process of its own, on any free ports, with nobody to find but the seeds. */
export async function startBundledRiptide(dataDirectory: string, options: StartOptions = {}): Promise<RunningRiptide> {
  const { through = [], words = [], seeds = [] } = options;
  const peers = seeds.map(({ peer }) => `--peer=${peer.host}:${peer.port}`);
  const command = [process.execPath, programPath(), ...quietly(dataDirectory, ...peers, ...words)];
  const [program = "", ...rest] = [...through, ...command];
  return await runningRiptide(startProcess(program, rest));
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
