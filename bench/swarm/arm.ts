import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { PeerAddress } from "@riptide/swarm";
import { startProcess } from "../../test/support/processes.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import type { BenchTorrent } from "./content.ts";

const ENGINE_PROGRAM = fileURLToPath(new URL("./arm-process.ts", import.meta.url));
const BUNDLER = new URL("../../scripts/lib/program.mjs", import.meta.url).href;
const BUNDLE_FOLDER = fileURLToPath(new URL("../../.cache/bench-arm", import.meta.url));
const LIBTORRENT_PROGRAM = fileURLToPath(new URL("./libtorrent-arm.py", import.meta.url));
/** Of /proc/PID/stat (proc(5)): Linux counts the time of processes in hundredths of a second. */
const TICKS_PER_SECOND = 100;
/** What a process that has just started still does for itself is not what is measured. */
const SETTLE_MS = 1_000;
/** An arm that needs longer has lost: it is told as such. */
const LIMIT_MS = 120_000;

export const ARMS = ["ours", "webtorrent", "libtorrent"] as const;
export type ArmName = (typeof ARMS)[number];

/** When it heard the command and when it was done, in ms since 1970; the longest gap of its reader until then. */
export interface ArmReply {
  readonly fromMs: number;
  readonly toMs: number;
  readonly gapMs: number;
}

export interface Arm extends AsyncDisposable {
  /** See `arm-process.ts`. */
  run(command: "open" | "read" | "seek" | "jump" | "whole" | "forget", argument?: number): Promise<ArmReply>;
  /** CPU time of its process so far, all threads, user and system. */
  cpuSeconds(): Promise<number>;
}

/** One engine in a process and a folder of its own, loaded and idle. */
export async function startArm(name: ArmName, torrent: BenchTorrent, peers: readonly PeerAddress[]): Promise<Arm> {
  const folder = await temporaryFolder(`bench-${name}`);
  const settings = JSON.stringify({ torrentPath: torrent.torrentPath, saveDirectory: folder.path, peers });
  const process_ = await startProgram(name, settings);
  let answered = 0;
  const answer = async (): Promise<ArmReply> => {
    answered += 1;
    const replies = (): ArmReply[] =>
      process_.lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as ArmReply);
    return await process_.waitFor(() => replies()[answered - 1], LIMIT_MS);
  };
  await answer();
  await delay(SETTLE_MS);
  return {
    run: async (command, argument = 0) => {
      process_.child.stdin?.write(`${JSON.stringify({ command, argument })}\n`);
      return await answer();
    },
    cpuSeconds: () => cpuSecondsOf(process_.child.pid!),
    [Symbol.asyncDispose]: async () => {
      await process_.stop("SIGKILL");
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Ours as npm packs it: what runs from source defines each function's name anew whenever it is made. */
async function startProgram(name: ArmName, settings: string) {
  switch (name) {
    case "libtorrent":
      return startProcess("/usr/bin/python3", [LIBTORRENT_PROGRAM, settings]);
    case "webtorrent":
      return startProcess(process.execPath, ["--import", "tsx", ENGINE_PROGRAM, name, settings]);
    case "ours":
      return startProcess(process.execPath, [await bundledOnce(), name, settings]);
  }
}

let bundled: Promise<string> | undefined;

function bundledOnce(): Promise<string> {
  bundled ??= (async () => {
    const { bundle } = (await import(BUNDLER)) as {
      bundle: (entries: Readonly<Record<string, string>>, folder: string) => Promise<unknown>;
    };
    await bundle({ arm: ENGINE_PROGRAM }, BUNDLE_FOLDER);
    return `${BUNDLE_FOLDER}/arm.mjs`;
  })();
  return bundled;
}

export async function cpuSecondsOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  // The second field is a name in brackets, with anything in it.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
