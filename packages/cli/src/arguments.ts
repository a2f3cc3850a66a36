import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { PeerAddress } from "@riptide/swarm";
import { UsageError } from "./usage-error.ts";

export const HELP = `Riptide plays a torrent the moment you ask for it.

  riptide [serve] [SOURCE…]   start the server; a SOURCE is a magnet URI, a .torrent path or URL, or an info hash
  riptide demo                serve, plus a small built-in swarm on loopback that shares the bundled sample films

  --host HOST         address to listen on (127.0.0.1; anything beyond loopback needs --token)
  --port PORT         port to listen on (8888; 0 = any free one)
  --allow-host NAME   another host name the server may be called by (repeatable)
  --data-dir DIR      where torrents are kept (demo: a temporary folder)
  --token TOKEN       ask for this token; also read from RIPTIDE_TOKEN, which keeps it out of the process list
  --peer HOST:PORT    a peer to try for every torrent (repeatable)
  --peer-host HOST    address that peers connect to (0.0.0.0)
  --peer-port PORT    port that peers connect to (6881; 0 = any free one)
  --upload-limit N    KiB per second for all uploads together (unlimited)
  --no-dht            do not use the DHT
  --no-lsd            do not look for peers in the local network (this version never does)
  --ffmpeg PATH       the ffmpeg to use (otherwise FFMPEG_PATH, then the PATH)
  --json              machine-readable lines, one JSON object each
  --help, --version
`;

/** What the command line asked for, checked. */
export interface ServeOptions {
  readonly mode: "serve" | "demo";
  readonly sources: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly allowedHosts: readonly string[];
  /** Undefined: a temporary folder that is removed at the end. */
  readonly dataDirectory: string | undefined;
  readonly token: string | undefined;
  readonly peers: readonly PeerAddress[];
  readonly peerHost: string;
  readonly peerPort: number;
  readonly uploadBytesPerSecond: number | undefined;
  readonly useDht: boolean;
  readonly ffmpegPath: string | undefined;
  readonly json: boolean;
}

export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "serve"; readonly options: ServeOptions };

/** Understands `riptide …`. Throws `UsageError` with one sentence that names the word it stumbled over. */
export function parseCommandLine(words: readonly string[], environment: NodeJS.ProcessEnv): Command {
  const { values, positionals } = parseWords(words);
  if (values.help) return { kind: "help" };
  if (values.version) return { kind: "version" };
  const mode = positionals[0] === "demo" ? "demo" : "serve";
  const sources = positionals[0] === "demo" || positionals[0] === "serve" ? positionals.slice(1) : positionals;
  if (mode === "demo" && sources.length > 0) {
    throw new UsageError("The demo takes no sources. Leave the word demo out to play your own torrents.");
  }
  const token = values.token ?? environment["RIPTIDE_TOKEN"];
  if (!isLoopback(values.host) && !token) {
    throw new UsageError(`Listening on ${values.host} lets others in: give a --token, or leave --host out.`);
  }
  return {
    kind: "serve",
    options: {
      mode,
      sources,
      host: values.host,
      port: parsePort("--port", values.port),
      allowedHosts: values["allow-host"],
      dataDirectory: chooseDataDirectory(values["data-dir"], mode, environment),
      token: token || undefined,
      peers: values.peer.map(parsePeer),
      peerHost: values["peer-host"] ?? (mode === "demo" ? "127.0.0.1" : "0.0.0.0"),
      peerPort: parsePort("--peer-port", values["peer-port"] ?? (mode === "demo" ? "0" : "6881")),
      uploadBytesPerSecond: parseUploadLimit(values["upload-limit"]),
      useDht: !values["no-dht"] && mode === "serve",
      ffmpegPath: values.ffmpeg,
      json: values.json,
    },
  };
}

function parseWords(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        host: { type: "string", default: "127.0.0.1" },
        port: { type: "string", default: "8888" },
        "allow-host": { type: "string", multiple: true, default: [] },
        "data-dir": { type: "string" },
        token: { type: "string" },
        peer: { type: "string", multiple: true, default: [] },
        "peer-host": { type: "string" },
        "peer-port": { type: "string" },
        "upload-limit": { type: "string" },
        "no-dht": { type: "boolean", default: false },
        "no-lsd": { type: "boolean", default: false },
        ffmpeg: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
        version: { type: "boolean", short: "V", default: false },
      },
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(". ")[0] : String(error);
    throw new UsageError(`${reason}. Try --help for the list of options.`, { cause: error });
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

function parsePort(option: string, text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`${option} takes a number from 0 to 65535, not ${JSON.stringify(text)}.`);
}

function parsePeer(text: string): PeerAddress {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:\s]+)):(\d+)$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new UsageError(`--peer takes HOST:PORT, not ${JSON.stringify(text)}.`);
  }
  return { host: host === "localhost" ? "127.0.0.1" : host, port };
}

function parseUploadLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text) * 1024;
  throw new UsageError(`--upload-limit takes a number of KiB per second, not ${JSON.stringify(text)}.`);
}

function chooseDataDirectory(
  given: string | undefined,
  mode: "serve" | "demo",
  environment: NodeJS.ProcessEnv,
): string | undefined {
  if (given !== undefined) return resolve(given);
  if (mode === "demo") return undefined;
  return join(environment["XDG_DATA_HOME"] || join(homedir(), ".local", "share"), "riptide");
}
