import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A child process that cannot outlive the test: stop it, and it is gone. */
export interface TestProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Lines of stdout so far. */
  readonly lines: readonly string[];
  /** Everything on stderr so far. */
  stderr(): string;
  /** The first line, past or future, that `pick` makes something of. */
  waitFor<Found>(pick: (line: string) => Found | undefined, limitMs?: number): Promise<Found>;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Riptide says what people at a terminal read, unless the test wants something else. */
export function startProcess(command: string, words: readonly string[], options: SpawnOptions = {}): TestProcess {
  const env = { RIPTIDE_LOG_FORMAT: "pretty", ...(options.env ?? process.env) };
  const child = spawn(command, words, { stdio: ["pipe", "pipe", "pipe"], ...options, env });
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  let errors = "";
  const exited = once(child, "exit").catch(() => undefined);
  child.stderr?.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-65_536);
  });
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(line);
      for (const watcher of watchers) watcher();
    });
  }
  child.stdin?.on("error", () => undefined);
  child.once("exit", () => {
    for (const watcher of watchers) watcher();
  });
  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await exited;
    clearTimeout(timer);
    return child.exitCode;
  };
  return {
    child,
    lines,
    stderr: () => errors,
    stop,
    waitFor: (pick, limitMs = 30_000) =>
      new Promise((resolve, reject) => {
        let next = 0;
        const finish = (): void => {
          watchers.delete(look);
          clearTimeout(timer);
        };
        const look = (): void => {
          for (; next < lines.length; next += 1) {
            const found = pick(lines[next]!);
            if (found === undefined) continue;
            finish();
            resolve(found);
            return;
          }
          if (child.exitCode !== null) {
            finish();
            reject(new Error(`${command} ended with ${child.exitCode}: ${errors}`));
          }
        };
        const timer = setTimeout(() => {
          finish();
          reject(
            new Error(
              `${command} did not say it within ${limitMs} ms. Last lines: ${lines.slice(-5).join(" | ")} ${errors}`,
            ),
          );
        }, limitMs);
        watchers.add(look);
        look();
      }),
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}
