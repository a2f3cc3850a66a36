import { BlockList, isIP } from "node:net";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { PeerAddress, Socks5Proxy, SparePolicy } from "@riptide/swarm";
import { chooseLogFormat, chooseLogLevel, type LogFormat, type LogLevel } from "./log-options.ts";
import { readOptionWords } from "./option-words.ts";
import { readTokenFile } from "./token-file.ts";
import { UsageError } from "./usage-error.ts";

/** 128 bits as text are 22 characters of base64url (RFC 4648 §5) or 32 hex digits. */
const GOOD_TOKEN_CHARACTERS = 22;
/** What to do about a token that is none. */
const TOKEN_ADVICE = "openssl rand -hex 16 makes a good one.";
/** Two of the largest common pieces (16 MiB) in front of a reader, and the head and the index of its film. */
const MAX_DISK_MIN_BYTES = 64 * 1024 ** 2;
/** Bytes per second. Less would take longer for a block than peers wait; more than 100 Gbit/s is no limit. */
const LIMIT_MIN = 4 * 1024;
const LIMIT_MAX = 12_500_000_000;
/** As `du -h` and `df -h` count. */
const BYTE_UNITS = ["", "K", "M", "G", "T"];

/** RFC 1928 §3: "The SOCKS service is conventionally located on TCP port 1080". */
const SOCKS_PORT = "1080";
/** RFC 1929 §2: the length is one byte. */
const SOCKS_LOGIN_MAX_BYTES = 255;

/** What the command line asked for, checked. */
export interface ServeOptions {
  readonly mode: "serve" | "demo";
  readonly sources: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly allowedHosts: readonly string[];
  /** Undefined: a temporary folder that is removed at the end. */
  readonly dataDirectory: string | undefined;
  /** Undefined: all that was fetched is kept. */
  readonly maxDiskBytes: number | undefined;
  readonly token: string | undefined;
  readonly peers: readonly PeerAddress[];
  readonly peerHost: string;
  readonly peerPort: number;
  readonly bindInterface: string | undefined;
  readonly proxy: Socks5Proxy | undefined;
  readonly usePortMapping: boolean;
  readonly uploadBytesPerSecond: number | undefined;
  readonly downloadBytesPerSecond: number | undefined;
  readonly fetch: SparePolicy;
  readonly useDht: boolean;
  readonly useLsd: boolean;
  readonly useUtp: boolean;
  readonly ffmpegPath: string | undefined;
  readonly neverTranscodeVideo: boolean;
  readonly json: boolean;
  /** Undefined: what suits the output. */
  readonly logFormat: LogFormat | undefined;
  readonly logLevel: LogLevel | undefined;
}

export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "serve"; readonly options: ServeOptions }
  /** What would be in the way of a start with these options. */
  | { readonly kind: "doctor"; readonly options: ServeOptions };

/** Understands `riptide …`. Throws `UsageError` with one sentence that names the word it stumbled over. */
export function parseCommandLine(words: readonly string[], environment: NodeJS.ProcessEnv): Command {
  const { values, positionals } = readOptionWords(words);
  if (values.help) return { kind: "help" };
  if (values.version) return { kind: "version" };
  if (positionals[0] !== "doctor")
    return { kind: "serve", options: readServeOptions(values, positionals, environment) };
  if (positionals.length > 1) throw new UsageError("The doctor takes no sources, only options.");
  return { kind: "doctor", options: readServeOptions(values, [], environment) };
}

function readServeOptions(
  values: ReturnType<typeof readOptionWords>["values"],
  positionals: readonly string[],
  environment: NodeJS.ProcessEnv,
): ServeOptions {
  const mode = positionals[0] === "demo" ? "demo" : "serve";
  const sources = positionals[0] === mode ? positionals.slice(1) : positionals;
  if (mode === "demo" && sources.length > 0) {
    throw new UsageError("The demo takes no sources. Leave the word demo out to play your own torrents.");
  }
  const host = parseHost("--host", values.host);
  const token = chooseToken(values.token, values["token-file"], environment);
  if (!isLoopback(host) && !values["insecure-no-auth"]) assertKeepsOthersOut(host, token);
  if (mode === "demo" && (values["bind-interface"] ?? values.proxy) !== undefined) {
    throw new UsageError("The peers of the demo are on this machine: leave --bind-interface and --proxy out.");
  }
  if (values["bind-interface"] !== undefined && values["peer-host"] !== undefined) {
    throw new UsageError("--bind-interface says where peers connect to: leave --peer-host out.");
  }
  const proxy = chooseProxy(values.proxy, mode, environment);
  if (proxy !== undefined && values["port-mapping"]) {
    throw new UsageError("Through a proxy nobody can connect to us: leave --port-mapping out.");
  }
  return {
    mode,
    sources,
    host,
    port: parsePort("--port", values.port),
    allowedHosts: values["allow-host"].map((name) => parseHost("--allow-host", name)),
    dataDirectory: chooseDataDirectory(values["data-dir"], mode, environment),
    maxDiskBytes: parseMaxDisk(values["max-disk"]),
    token,
    peers: values.peer.map((text) => parsePeer(text, proxy)),
    peerHost: parseHost("--peer-host", values["peer-host"] ?? (mode === "demo" ? "127.0.0.1" : "::")),
    peerPort: parsePort("--peer-port", values["peer-port"] ?? (mode === "demo" ? "0" : "6881")),
    bindInterface: values["bind-interface"],
    proxy,
    usePortMapping: values["port-mapping"] && mode === "serve",
    uploadBytesPerSecond: parseLimit("--upload-limit", values["upload-limit"]),
    downloadBytesPerSecond: parseLimit("--download-limit", values["download-limit"]),
    fetch: parseFetch(values.fetch),
    useDht: !values["no-dht"] && mode === "serve",
    useLsd: !values["no-lsd"] && mode === "serve",
    useUtp: !values["no-utp"] && mode === "serve",
    ffmpegPath: values.ffmpeg,
    neverTranscodeVideo: values["never-transcode-video"],
    json: values.json,
    logFormat: chooseLogFormat(values["log-format"], environment),
    logLevel: chooseLogLevel(values["log-level"], environment),
  };
}

function parseHost(option: string, text: string): string {
  const host = readHost(text);
  if (host !== undefined) return host;
  throw new UsageError(`${option} takes an address or a name without a port, not ${JSON.stringify(text)}.`);
}

/** An address or a name; IPv6 with or without the brackets it has in a URL. Undefined if it is neither. */
function readHost(text: string): string | undefined {
  const bracketed = /^\[(.*)\]$/.exec(text)?.[1];
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? bracketed : undefined;
  const isName = /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?\.?$/i.test(text);
  return isName || isIP(text) !== 0 ? text.toLowerCase() : undefined;
}

/** The whole of 127.0.0.0/8 and ::1 in every spelling (RFC 6890), and the one name that stands for them (RFC 6761). */
function isLoopback(host: string): boolean {
  const version = isIP(host);
  if (version === 0) return host === "localhost";
  const loopback = new BlockList();
  loopback.addSubnet("127.0.0.0", 8, "ipv4");
  loopback.addAddress("::1", "ipv6");
  return loopback.check(host, version === 4 ? "ipv4" : "ipv6");
}

function assertKeepsOthersOut(host: string, token: string | undefined): void {
  if (token === undefined) {
    throw new UsageError(`Listening on ${host} lets others in: give a --token, or leave --host out.`);
  }
  if (isWeakToken(token)) {
    const why = `Listening on ${host} lets others guess a token of less than ${GOOD_TOKEN_CHARACTERS} characters`;
    throw new UsageError(`${why}: ${TOKEN_ADVICE}`);
  }
}

function chooseToken(
  given: string | undefined,
  file: string | undefined,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  if (given !== undefined && file !== undefined) throw new UsageError("Give --token or --token-file, not both.");
  // An empty variable is one that is not set; an empty option is refused as such.
  const token = given ?? (file === undefined ? environment["RIPTIDE_TOKEN"] || undefined : readTokenFile(file));
  // RFC 6750 §2.1: a bearer token is visible ASCII.
  if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return token;
  const name = file !== undefined ? "What --token-file holds" : given === undefined ? "RIPTIDE_TOKEN" : "--token";
  throw new UsageError(`${name} must be ASCII characters without spaces: ${TOKEN_ADVICE}`);
}

/** Whether the token is so short that it can be guessed: where only this machine asks, that is worth a word and no more. */
export function isWeakToken(token: string | undefined): boolean {
  return token !== undefined && token.length < GOOD_TOKEN_CHARACTERS;
}

function parsePort(option: string, text: string): number {
  const port = readPort(text);
  if (port !== undefined) return port;
  throw new UsageError(`${option} takes a number from 0 to 65535, not ${JSON.stringify(text)}.`);
}

function readPort(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

function parsePeer(text: string, proxy: Socks5Proxy | undefined): PeerAddress {
  // The brackets around an IPv6 address tell its colons from the one before the port (RFC 3986 §3.2.2).
  const [, hostText = "", portText = ""] = /^(\[.*\]|[^:]*):(\d+)$/.exec(text) ?? [];
  const host = readHost(hostText);
  const port = readPort(portText);
  if (host === undefined || !port) throw new UsageError(`--peer takes HOST:PORT, not ${JSON.stringify(text)}.`);
  const address = host === "localhost" ? "127.0.0.1" : host;
  if (proxy !== undefined && isIP(address) === 0) {
    throw new UsageError(
      `With a proxy no name is looked up from here: give --peer an address, not ${JSON.stringify(text)}.`,
    );
  }
  return { host: address, port };
}

/** Says nothing of what was given: there may be a password in it. */
function chooseProxy(
  given: string | undefined,
  mode: "serve" | "demo",
  environment: NodeJS.ProcessEnv,
): Socks5Proxy | undefined {
  // The peers of the demo are on this machine.
  const text = given ?? (mode === "demo" ? undefined : environment["RIPTIDE_PROXY"] || undefined);
  if (text === undefined) return undefined;
  const proxy = readProxy(text);
  if (proxy !== undefined) return proxy;
  const name = given === undefined ? "RIPTIDE_PROXY" : "--proxy";
  throw new UsageError(`${name} takes socks5://HOST:PORT or socks5://USER:PASSWORD@HOST:PORT.`);
}

function readProxy(text: string): Socks5Proxy | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const host = readHost(url.hostname);
  const port = readPort(url.port || SOCKS_PORT);
  const isBare = ["", "/"].includes(url.pathname) && url.search === "" && url.hash === "";
  if (!/^socks5h?:$/.test(url.protocol) || host === undefined || !port || !isBare) return undefined;
  if (url.username === "" && url.password === "") return { host, port, login: undefined };
  const [username, password] = [url.username, url.password].map(decodePercents);
  const login = username && password && { username, password };
  return login ? { host, port, login } : undefined;
}

/** Undefined if there is more of it than a proxy can be told (RFC 1929 §2). */
function decodePercents(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text);
    return Buffer.byteLength(decoded) <= SOCKS_LOGIN_MAX_BYTES ? decoded : undefined;
  } catch {
    return undefined;
  }
}

function parseLimit(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = readBytes(text);
  if (bytes >= LIMIT_MIN && bytes <= LIMIT_MAX) return bytes;
  const advice = `${option} takes bytes per second from 4K on, as in 500K or 5M`;
  throw new UsageError(`${advice}, not ${JSON.stringify(text)}.`);
}

function parseMaxDisk(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = readBytes(text);
  if (bytes >= MAX_DISK_MIN_BYTES) return bytes;
  throw new UsageError(`--max-disk takes a size of at least 64M, as 500M, 20G or 1.5T, not ${JSON.stringify(text)}.`);
}

/** NaN if it is no number of bytes. */
function readBytes(text: string): number {
  const [, number, unit = ""] = /^(\d{1,12}(?:\.\d{1,3})?)([KMGT]?)(?:i?B)?$/i.exec(text) ?? [];
  return Math.floor(Number(number) * 1024 ** BYTE_UNITS.indexOf(unit.toUpperCase()));
}

function parseFetch(text: string): SparePolicy {
  if (text === "nothing" || text === "ahead" || text === "rarest") return text;
  throw new UsageError(`--fetch takes ahead, rarest or nothing, not ${JSON.stringify(text)}.`);
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
