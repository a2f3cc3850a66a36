import { RiptideError, shownHash } from "@riptide/core";
import type { FailureIds, RequestRecord } from "@riptide/http";
import { pino } from "pino";
import { failureText } from "./failure-text.ts";
import { LOG_LEVELS, type LogFormat, type LogLevel } from "./log-options.ts";
import { type OutputStream, writeLine } from "./output.ts";
import { escapeUnprintable } from "./printable.ts";
import { faultLine } from "./process-end.ts";
import { scrubSecrets } from "./scrub-secrets.ts";

export interface LogOptions {
  /** Undefined: for people if a person is there. */
  readonly format: LogFormat | undefined;
  /** Undefined: what people should know, or for programs what happens. */
  readonly level: LogLevel | undefined;
  readonly stderr: OutputStream;
  /** What must not be written, wherever it turns up. */
  readonly secrets: readonly string[];
}

/** What happens, in lines on stderr. Nothing that a line quotes can end it, and no secret is in it. */
export interface Log {
  readonly info: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** Something that whoever started Riptide should know. */
  readonly warn: (message: string) => void;
  readonly failure: (message: string, error: unknown, ids?: FailureIds) => void;
  readonly request: (record: RequestRecord) => void;
  /** An error that nobody handled: the last line. */
  readonly fault: (error: unknown) => void;
  /** From now on lines go here, whole and without an end. */
  readonly writeTo: (write: (line: string) => void) => void;
}

/** Asked for all the time, by programs that want to know nothing but whether they are answered. */
const PROBES = new Set(["/livez", "/readyz", "/metrics"]);

export function createLog({ format: chosen, level: chosenLevel, stderr, secrets }: LogOptions): Log {
  const format = chosen ?? (stderr.isTTY === true ? "pretty" : "json");
  let write = (line: string): void => writeLine(stderr, line);
  const writeClean = (line: string): void => write(scrubSecrets(line, secrets));
  const tell =
    format === "json" ? jsonTeller(chosenLevel ?? "info", writeClean) : prettyTeller(chosenLevel ?? "warn", writeClean);
  return {
    info: (message, fields = {}) => tell("info", message, fields),
    warn: (message) => tell("warn", message, {}),
    failure: (message, error, ids) => tell("error", message, failureFields(error, ids)),
    request: (record) => {
      const { method, route } = record;
      tell(PROBES.has(route) ? "debug" : "info", `${method} ${route}`, requestFields(record));
    },
    fault: (error) => tell("fatal", faultLine(error), {}),
    writeTo: (other) => {
      write = other;
    },
  };
}

interface Fields {
  readonly cause?: string;
  readonly status?: number;
  readonly bytes?: number;
  readonly durationMs?: number;
  readonly [name: string]: unknown;
}

type Tell = (level: LogLevel | "fatal", message: string, fields: Fields) => void;

function jsonTeller(level: LogLevel, write: (line: string) => void): Tell {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(escapeUnprintable(line.trimEnd())) },
  );
  return (lineLevel, message, fields) => logger[lineLevel](fields, message);
}

/** As people read it: they know what time it is. */
function prettyTeller(level: LogLevel, write: (line: string) => void): Tell {
  const told = new Set(["fatal", ...LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(level) + 1)]);
  return (lineLevel, message, { cause, status, bytes, durationMs }) => {
    if (!told.has(lineLevel)) return;
    const outcome = status === undefined ? "" : ` ${status}, ${bytes} bytes in ${durationMs} ms`;
    write(cause === undefined ? `${message}${outcome}` : `${message}: ${cause}`);
  };
}

function failureFields(error: unknown, ids: FailureIds | undefined): Fields {
  const code = error instanceof RiptideError ? error.code : undefined;
  return { ...(ids && idFields(ids)), code, cause: failureText(error) };
}

function idFields({ requestId: reqId, stream }: FailureIds): Fields {
  return { reqId, streamId: stream?.streamId, ih8: stream && shownHash(stream.infoHash), file: stream?.index };
}

function requestFields(record: RequestRecord): Fields {
  const { method, route, status, code, bytes, end } = record;
  return {
    ...idFields(record),
    method,
    route,
    status,
    code,
    bytes,
    durationMs: Math.round(record.durationMs),
    ttfbMs: record.ttfbMs === undefined ? undefined : Math.round(record.ttfbMs),
    end,
  };
}
