import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { type Clock, TranscodeError } from "@riptide/core";
import { type Input, pumpInput } from "./input-pump.ts";
import { signalGroup, superviseGroup } from "./process-group.ts";
import { StderrTail } from "./stderr-tail.ts";

/** A process that could work and does nothing for this long is stuck. */
const STALL_LIMIT_MS = 20_000;
/** From asking a process to end to making it: together with its last breath well under a second. */
const TERM_GRACE_MS = 500;

export interface FfmpegProcessOptions {
  /** Absolute path of the program. */
  readonly path: string;
  /** The words in front of it, the absolute path of a program first: `Confinement.launchers`. Whoever forgot them would decode unheld. */
  readonly launcher: readonly string[] | undefined;
  readonly arguments: readonly string[];
  readonly input: Input;
  readonly clock: Clock;
  /** Aborted when nobody wants the output any more. */
  readonly signal: AbortSignal;
  /** Whether it is ended without being asked to: it has nothing to finish. Default false. */
  readonly isKilledAtOnce?: boolean;
}

/**
 * Starts a process in a group of its own, with an empty environment, in an empty folder that is gone as soon as it runs: there
 * is nothing to read in it, nothing can be written to it, and nothing is left of it.
 * Rejects with `TranscodeError` `ffmpeg_failed` if it cannot be started, or with the signal's reason.
 */
export async function startFfmpegProcess(options: FfmpegProcessOptions): Promise<FfmpegProcess> {
  options.signal.throwIfAborted();
  try {
    const emptyFolder = await mkdtemp(join(tmpdir(), "riptide-ffmpeg-"));
    try {
      return new FfmpegProcess(await spawned(options, emptyFolder), options);
    } finally {
      await rm(emptyFolder, { recursive: true, force: true }).catch(() => {}); // a folder more in /tmp harms nobody
    }
  } catch (cause) {
    throw failed("ffmpeg could not be started. Check that it is installed and works.", cause);
  }
}

async function spawned(options: FfmpegProcessOptions, cwd: string): Promise<FfmpegChild> {
  const [program = options.path, ...words] = [...(options.launcher ?? []), options.path, ...options.arguments];
  const child = spawn(program, words, {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true, // a process group of its own, which can be killed as a whole
    env: {},
    cwd,
  });
  superviseGroup(child);
  await once(child, "spawn");
  return child;
}

/**
 * How a process went: to its end, because nobody wanted it any more (or its input failed), with an error of its own, by a signal
 * that was not ours, or because it got stuck.
 */
export type FfmpegExit = "finished" | "stopped" | "failed" | "crashed" | "stalled";

/** What a launcher ends with when ffmpeg was ended by SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGKILL or SIGSEGV: 128 and its number. */
const SIGNALLED: ReadonlySet<number> = new Set([132, 134, 135, 136, 137, 139]);

type FfmpegChild = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * One process: source in, output out, nothing kept.
 *
 * Its output is pulled: what nobody reads stays in the pipe (64 KiB there, as much in Node), and a full pipe stops the
 * process, which stops the input. It dies with its reader: cancelling `output`, or aborting the signal, ends the whole
 * process group within a second.
 */
export class FfmpegProcess {
  /**
   * What the process writes. It ends cleanly only after exit code 0. Otherwise it errors: with what `input` rejected with,
   * the signal's reason, or a `TranscodeError` `ffmpeg_failed` or `ffmpeg_stalled`.
   */
  readonly output: ReadableStream<Uint8Array>;
  /** Resolves when the process is gone, with how it went. What it wrote before may still be read. */
  readonly exited: Promise<FfmpegExit>;
  readonly #clock: Clock;
  readonly #child: FfmpegChild;
  readonly #isKilledAtOnce: boolean;
  readonly #stderr = new StderrTail();
  /** Ends the wait for input when the process is gone. */
  readonly #inputAbort = new AbortController();
  #failure: { readonly error: unknown } | undefined;
  #hasExited = false;
  /** The process is gone, and its pipes are empty. */
  #isClosed = false;
  #isWaitingForInput = false;
  #isPulled = false;
  #watchdog: Disposable | undefined;
  #killTimer: Disposable | undefined;
  /** Wakes the pull that waits for output. */
  #wake = (): void => {};

  constructor(child: FfmpegChild, { input, clock, signal, isKilledAtOnce = false }: FfmpegProcessOptions) {
    this.#clock = clock;
    this.#child = child;
    this.#isKilledAtOnce = isKilledAtOnce;
    this.exited = new Promise((resolve) => {
      child.once("exit", (exitCode) => {
        this.#onExit();
        resolve(this.#kindOfExit(exitCode));
      });
    });
    this.#watchClose(signal);
    child.stderr.on("data", (chunk: Uint8Array) => this.#stderr.push(chunk));
    // This listener stays: without one, Node throws the rest of the output away when the process exits.
    child.stdout.on("readable", () => this.#wake());
    this.output = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => this.#pull(controller),
        cancel: (reason) => {
          this.#fail(reason);
          return this.exited.then(() => undefined);
        },
      },
      { highWaterMark: 0 },
    );
    void this.#feed(input);
  }

  async #feed(input: Input): Promise<void> {
    const onWaiting = (isWaiting: boolean): void => {
      this.#isWaitingForInput = isWaiting;
      this.#watch();
    };
    const { signal } = this.#inputAbort;
    try {
      await pumpInput(this.#child.stdin, input(signal), onWaiting);
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#setPulled(true);
    try {
      const chunk = await this.#nextChunk();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    } finally {
      this.#setPulled(false);
    }
  }

  /** The next bytes of stdout; undefined at a clean end. */
  async #nextChunk(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      const chunk: Uint8Array | null = this.#child.stdout.read();
      if (chunk !== null) return chunk;
      if (this.#isClosed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #watchClose(signal: AbortSignal): void {
    const abort = (): void => this.#fail(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    this.#child.once("close", (exitCode, exitSignal) => {
      signal.removeEventListener("abort", abort);
      if (exitCode !== 0) this.#failure ??= { error: this.#exitError(exitCode, exitSignal) };
      this.#isClosed = true;
      this.#wake();
    });
  }

  #exitError(exitCode: number | null, exitSignal: string | null): TranscodeError {
    const how = exitCode === null ? `ended by ${exitSignal}` : `exit code ${exitCode}`;
    const cause = new Error(`${how}: ${this.#stderr.lastLine()}`);
    return failed("ffmpeg could not convert this file. Try another copy of it.", cause);
  }

  #onExit(): void {
    this.#hasExited = true;
    this.#inputAbort.abort(new DOMException("The process has ended.", "AbortError"));
    this.#watch();
    this.#killTimer?.[Symbol.dispose]();
  }

  /** What went wrong before it ended is why we ended it. */
  #kindOfExit(exitCode: number | null): FfmpegExit {
    if (this.#failure !== undefined) return isStall(this.#failure.error) ? "stalled" : "stopped";
    if (exitCode === null || SIGNALLED.has(exitCode)) return "crashed";
    return exitCode === 0 ? "finished" : "failed";
  }

  /** The first failure counts; later ones are its consequences. */
  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.#inputAbort.abort(error);
    const { pid, stdin, stdout } = this.#child;
    stdin.destroy();
    stdout.destroy();
    this.#wake();
    if (this.#hasExited || pid === undefined) return;
    if (this.#isKilledAtOnce) return signalGroup(pid, "SIGKILL");
    signalGroup(pid, "SIGTERM");
    this.#killTimer = this.#clock.setTimer(TERM_GRACE_MS, () => signalGroup(pid, "SIGKILL"));
  }

  #setPulled(isPulled: boolean): void {
    this.#isPulled = isPulled;
    this.#watch();
  }

  /** Starts the watchdog anew if only the process can be to blame: its output is wanted, and its input is there. */
  #watch(): void {
    this.#watchdog?.[Symbol.dispose]();
    this.#watchdog = undefined;
    if (this.#hasExited || this.#isWaitingForInput || !this.#isPulled) return;
    this.#watchdog = this.#clock.setTimer(STALL_LIMIT_MS, () => {
      const cause = new Error(`no progress for ${STALL_LIMIT_MS} ms: ${this.#stderr.lastLine()}`);
      this.#fail(
        new TranscodeError("ffmpeg_stalled", "ffmpeg got stuck on this file. Try another copy of it.", { cause }),
      );
    });
  }
}

function isStall(error: unknown): boolean {
  return error instanceof TranscodeError && error.code === "ffmpeg_stalled";
}

function failed(message: string, cause: unknown): TranscodeError {
  return new TranscodeError("ffmpeg_failed", message, { cause });
}
