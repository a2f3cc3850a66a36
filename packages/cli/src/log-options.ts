import { UsageError } from "./usage-error.ts";

/** `pretty` is for people, and says what they should know; `json` is for programs, one object a line. */
export type LogFormat = "pretty" | "json";
export type LogLevel = "error" | "warn" | "info" | "debug";

const FORMATS: readonly LogFormat[] = ["pretty", "json"];
/** Each says what the ones before it say, and more. */
export const LOG_LEVELS: readonly LogLevel[] = ["error", "warn", "info", "debug"];

/** Undefined where nothing was said. An empty variable of the environment says nothing. */
export function chooseLogFormat(given: string | undefined, environment: NodeJS.ProcessEnv): LogFormat | undefined {
  return choose(given, { option: "--log-format", variable: "RIPTIDE_LOG_FORMAT", environment, words: FORMATS });
}

/** The same for the level. */
export function chooseLogLevel(given: string | undefined, environment: NodeJS.ProcessEnv): LogLevel | undefined {
  return choose(given, { option: "--log-level", variable: "RIPTIDE_LOG_LEVEL", environment, words: LOG_LEVELS });
}

interface Choice<Word> {
  readonly option: string;
  readonly variable: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly words: readonly Word[];
}

function choose<Word extends string>(
  given: string | undefined,
  { option, variable, environment, words }: Choice<Word>,
): Word | undefined {
  const text = given ?? (environment[variable] || undefined);
  if (text === undefined) return undefined;
  const word = words.find((candidate) => candidate === text);
  if (word !== undefined) return word;
  const name = given === undefined ? variable : option;
  const list = `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
  throw new UsageError(`${name} takes ${list}, not ${JSON.stringify(text)}.`);
}
