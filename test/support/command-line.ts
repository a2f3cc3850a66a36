import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { startProcess, type TestProcess } from "./processes.ts";
import { programPath } from "./program.ts";

export interface CommandLineOptions {
  readonly environment?: NodeJS.ProcessEnv;
  /** Words for Node, before the script. */
  readonly nodeWords?: readonly string[];
}

/** The real command line in a process of its own. */
export function startCommandLine(
  words: readonly string[],
  { environment = {}, nodeWords = [] }: CommandLineOptions = {},
): TestProcess {
  const env = { ...process.env, ...environment };
  return startProcess(process.execPath, [...nodeWords, programPath(), ...words], { env });
}

/**
 * The same in a terminal of its own, which script(1) of util-linux makes; its lines hold what a terminal gets. Without `exec`
 * a Ctrl-C would also reach the shell, and some shells end of it before Riptide does.
 */
export function startTerminal(words: string): TestProcess {
  return startProcess("script", ["-qec", `exec "${process.execPath}" "${programPath()}" ${words}`, "/dev/null"]);
}

/** For a server that looks for nobody and takes any free ports. */
export const QUIET_WORDS = [
  "serve",
  "--port=0",
  "--peer-host=127.0.0.1",
  "--peer-port=0",
  "--no-dht",
  "--no-lsd",
] as const;

/** The same, without a process for uTP. */
export function quietly(dataDirectory: string, ...words: readonly string[]): readonly string[] {
  return [...QUIET_WORDS, "--no-utp", `--data-dir=${dataDirectory}`, ...words];
}

/** Where the server says that it listens; it must be the very first thing it says. */
export async function urlOf(riptide: TestProcess, limitMs = 60_000): Promise<string> {
  const first = await riptide.waitFor((line) => line, limitMs);
  const url = /^Riptide is listening on (http:\/\/\S+:[1-9]\d*)$/.exec(first)?.[1];
  if (url === undefined) throw new Error(`The first line was ${JSON.stringify(first)}`);
  return url;
}

/** Resolves with the exit code once the process has ended and all it wrote was read; null if a signal ended it. */
export async function exitOf({ child }: TestProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "close");
  return child.exitCode;
}

/**
 * The ffmpeg processes that `ancestor` has started, be it through bwrap, and that have not ended. A cold start of tsx has children of its
 * own.
 */
export async function ffmpegsOf(ancestor: number): Promise<number[]> {
  const processes = await runningProcesses();
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  const descends = (pid: number | undefined): boolean =>
    pid !== undefined && (pid === ancestor || descends(parents.get(pid)));
  return processes.filter((one) => one.name === "ffmpeg" && descends(one.parent)).map(({ pid }) => pid);
}

/** The processes that `parent` has started itself, and that have not ended. */
export async function childrenOf(parent: number): Promise<number[]> {
  return (await runningProcesses()).filter((one) => one.parent === parent).map(({ pid }) => pid);
}

/** The processes of a group that have not ended. */
export async function groupOf(leader: number): Promise<number[]> {
  return (await runningProcesses()).filter(({ group }) => group === leader).map(({ pid }) => pid);
}

export async function isRunning(pid: number): Promise<boolean> {
  return (await readProcess(pid)) !== undefined;
}

interface Process {
  readonly pid: number;
  /** Of its program, as proc(5) has it in `comm`. */
  readonly name: string;
  readonly parent: number;
  readonly group: number;
}

async function runningProcesses(): Promise<Process[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  return (await Promise.all(pids.map(readProcess))).filter((process) => process !== undefined);
}

/** From proc(5). Undefined for one that is gone, or is a zombie: it has ended, only nobody has asked how. */
async function readProcess(pid: number): Promise<Process | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return undefined;
  // The name in brackets may hold anything; state, parent and group follow it.
  const nameEnd = stat.lastIndexOf(")");
  const name = stat.slice(stat.indexOf("(") + 1, nameEnd);
  const [state = "X", parent, group] = stat.slice(nameEnd + 2).split(" ");
  return "ZX".includes(state) ? undefined : { pid, name, parent: Number(parent), group: Number(group) };
}
