import { type ParseArgsConfig, parseArgs } from "node:util";
import { nearestWord } from "./nearest-word.ts";
import { UsageError } from "./usage-error.ts";

const OPTIONS = {
  host: { type: "string", default: "127.0.0.1" },
  port: { type: "string", default: "8888" },
  "allow-host": { type: "string", multiple: true, default: [] },
  "data-dir": { type: "string" },
  "max-disk": { type: "string" },
  token: { type: "string" },
  "token-file": { type: "string" },
  "insecure-no-auth": { type: "boolean", default: false },
  peer: { type: "string", multiple: true, default: [] },
  "peer-host": { type: "string" },
  "peer-port": { type: "string" },
  "bind-interface": { type: "string" },
  proxy: { type: "string" },
  "port-mapping": { type: "boolean", default: false },
  "upload-limit": { type: "string" },
  "download-limit": { type: "string" },
  fetch: { type: "string", default: "nothing" },
  "no-dht": { type: "boolean", default: false },
  "no-lsd": { type: "boolean", default: false },
  "no-utp": { type: "boolean", default: false },
  ffmpeg: { type: "string" },
  "never-transcode-video": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  "log-format": { type: "string" },
  "log-level": { type: "string" },
  help: { type: "boolean", short: "h", default: false },
  version: { type: "boolean", short: "V", default: false },
} as const satisfies NonNullable<ParseArgsConfig["options"]>;

/** Splits the command line into options and other words. Throws `UsageError` with a sentence about the first bad option. */
export function readOptionWords(words: readonly string[]) {
  // Told apart leniently first: the sentences of a strict `parseArgs` are made for programmers.
  const { tokens } = parseArgs({
    args: [...words],
    options: OPTIONS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) if (token.kind === "option") checkOption(token);
  return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true });
}

interface OptionToken {
  readonly name: string;
  /** As it was written: `--port`, `-h`. */
  readonly rawName: string;
  readonly value: string | undefined;
  /** Whether the value came as `--name=value`; undefined if there is none. */
  readonly inlineValue: boolean | undefined;
}

/** Never repeats a value: it may be a token. */
function checkOption({ name, rawName, value, inlineValue }: OptionToken): void {
  if (!isOption(name)) {
    const nearest = rawName.startsWith("--") ? nearestWord(name, Object.keys(OPTIONS)) : undefined;
    const advice = nearest === undefined ? "Try --help for the list of options." : `Did you mean --${nearest}?`;
    throw new UsageError(`There is no option ${rawName}. ${advice}`);
  }
  if (OPTIONS[name].type === "boolean") {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value.`);
    return;
  }
  // A forgotten value must not swallow the option behind it.
  if (!value || (inlineValue !== true && value.startsWith("-"))) throw new UsageError(`${rawName} needs a value.`);
}

function isOption(name: string): name is keyof typeof OPTIONS {
  return Object.hasOwn(OPTIONS, name);
}
