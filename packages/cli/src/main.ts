import { clockFrom, RiptideError } from "@riptide/core";
import packageJson from "../package.json" with { type: "json" };
import { parseCommandLine } from "./arguments.ts";
import { HELP } from "./help.ts";
import { writeLine } from "./output.ts";
import { printable } from "./printable.ts";
import { EXIT_INTERNAL, faultLine, type ProcessEnd, watchForEnd } from "./process-end.ts";
import { UsageError } from "./usage-error.ts";

const EXIT_OK = 0;
const EXIT_USAGE = 1;
/** By then everything is closed; should anything be left after all, it must not keep the process alive. */
const LINGER_MS = 1_000;

/** How a fault is told: in a line for people, until it is known how the log is to look. */
let report = (error: unknown): void => writeLine(process.stderr, faultLine(error));

process.exitCode = await main(
  process.argv.slice(2),
  watchForEnd((error) => report(error)),
);
setTimeout(() => process.exit(), LINGER_MS).unref();

async function main(words: readonly string[], end: ProcessEnd): Promise<number> {
  try {
    const exitCode = await run(words, end.stop);
    return end.hasFault() ? EXIT_INTERNAL : exitCode;
  } catch (error) {
    if (end.hasFault()) return EXIT_INTERNAL;
    if (end.stop.aborted && error === end.stop.reason) return EXIT_OK;
    if (error instanceof UsageError || error instanceof RiptideError) {
      writeLine(process.stderr, printable(error.message));
      return EXIT_USAGE;
    }
    report(error);
    return EXIT_INTERNAL;
  }
}

async function run(words: readonly string[], stop: AbortSignal): Promise<number> {
  const command = parseCommandLine(words, process.env);
  if (command.kind === "help") {
    process.stdout.write(HELP);
    return EXIT_OK;
  }
  const { version } = packageJson;
  if (command.kind === "version") {
    writeLine(process.stdout, `riptide ${version}`);
    return EXIT_OK;
  }
  const clock = clockFrom({ nowMs: () => performance.now(), setTimeout, clearTimeout });
  const { stdout, stderr } = process;
  if (command.kind === "doctor") {
    const { runDoctor } = await import("./doctor/doctor.ts");
    return (await runDoctor(command.options, { clock, stdout, stop })) ? EXIT_OK : EXIT_USAGE;
  }
  // Loaded only when there is something to serve, so that --help and a mistyped option are answered at once.
  const [{ serve }, { createLog }] = await Promise.all([import("./serve.ts"), import("./log.ts")]);
  const { logFormat: format, logLevel: level, token, proxy } = command.options;
  const secrets = [token, proxy?.login?.password].filter((secret) => secret !== undefined);
  const log = createLog({ format, level, stderr, secrets });
  report = log.fault;
  await serve(command.options, { clock, version, stdout, stderr, log, stop });
  return EXIT_OK;
}
