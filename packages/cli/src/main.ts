import { clockFrom, RiptideError } from "@riptide/core";
import { ListenError } from "@riptide/http";
import packageJson from "../package.json" with { type: "json" };
import { HELP, parseCommandLine } from "./arguments.ts";
import { serve } from "./serve.ts";
import { UsageError } from "./usage-error.ts";

const EXIT_OK = 0;
const EXIT_USAGE = 1;
/** EX_SOFTWARE of sysexits.h: a bug of ours. */
const EXIT_INTERNAL = 70;

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  const stop = stopSignal();
  try {
    const command = parseCommandLine(words, process.env);
    if (command.kind === "help") process.stdout.write(HELP);
    else if (command.kind === "version") process.stdout.write(`riptide ${packageJson.version}\n`);
    else await serve(command.options, { ...hostContext(), stop });
    return EXIT_OK;
  } catch (error) {
    if (stop.aborted && error === stop.reason) return EXIT_OK;
    return report(error);
  }
}

function hostContext() {
  const clock = clockFrom({
    nowMs: () => performance.now(),
    setTimeout,
    clearTimeout,
  });
  return { clock, version: packageJson.version, stdout: process.stdout, stderr: process.stderr };
}

/** Aborts on the first SIGINT or SIGTERM; the second one ends the process at once. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(EXIT_OK);
      controller.abort();
    });
  }
  return controller.signal;
}

/** One clear line for what the user can mend; everything we know for what is our own fault. */
function report(error: unknown): number {
  const isExpected = error instanceof UsageError || error instanceof RiptideError || error instanceof ListenError;
  if (isExpected) process.stderr.write(`${error.message}\n`);
  else process.stderr.write(`Riptide stopped because of a fault of its own. Please report this:\n${stackOf(error)}\n`);
  return isExpected ? EXIT_USAGE : EXIT_INTERNAL;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
