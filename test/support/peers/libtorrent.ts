import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startProcess } from "../processes.ts";

interface LibtorrentReport {
  readonly port: number;
  readonly progress: number;
  readonly isSeeding: boolean;
  readonly uploadedBytes: number;
  readonly downloadedBytes: number;
  readonly peers: readonly { readonly isRc4: boolean; readonly isPlaintext: boolean; readonly isUtp: boolean }[];
}

export interface LibtorrentOptions {
  /** Or a magnet. */
  readonly torrentPath: string;
  readonly saveDirectory: string;
  /** `idle`: meets peers, and takes nothing of them. */
  readonly role: "seed" | "leech" | "idle";
  readonly encryption?: "off" | "default" | "forced" | "rc4";
  readonly uploadBytesPerSecond?: number;
  readonly connectTo?: { readonly host: string; readonly port: number };
  /** Announces itself to the local network (BEP 14), and hears others. */
  readonly findsLocally?: boolean;
  /** A node of the DHT in which it finds peers, and is found. Not together with `findsLocally`. */
  readonly dhtNode?: { readonly host: string; readonly port: number };
  /** TCP unless given. */
  readonly transport?: "tcp" | "utp";
  /** 127.0.0.1 unless given. */
  readonly host?: string;
}

export interface LibtorrentPeer extends AsyncDisposable {
  readonly port: number;
  report(): LibtorrentReport;
}

/** A real libtorrent 2.0 session in a process of its own. */
export async function startLibtorrent(options: LibtorrentOptions): Promise<LibtorrentPeer> {
  const {
    torrentPath,
    saveDirectory,
    role,
    encryption = "default",
    uploadBytesPerSecond = 0,
    connectTo,
    findsLocally = false,
    dhtNode,
    host = "127.0.0.1",
    transport = "tcp",
  } = options;
  const script = fileURLToPath(new URL("./libtorrent-peer.py", import.meta.url));
  const target = connectTo === undefined ? "-" : `${bracketed(connectTo.host)}:${connectTo.port}`;
  const process = startProcess("/usr/bin/python3", [
    script,
    torrentPath,
    saveDirectory,
    role,
    encryption,
    String(uploadBytesPerSecond),
    target,
    dhtNode === undefined ? (findsLocally ? "lsd" : "no-lsd") : `dht=${dhtNode.host}:${dhtNode.port}`,
    bracketed(host),
    transport,
  ]);
  const first = await process.waitFor(parse);
  return {
    port: first.port,
    report: () => parse(process.lines.at(-1)!)!,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

/** Makes a torrent of a folder that is one of v1 and of v2 at once. */
export async function makeHybridTorrent(folder: string, pieceLengthBytes: number, torrentPath: string): Promise<void> {
  const script = fileURLToPath(new URL("./hybrid-torrent.py", import.meta.url));
  await promisify(execFile)("/usr/bin/python3", [script, folder, String(pieceLengthBytes), torrentPath]);
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function parse(line: string): LibtorrentReport | undefined {
  return line.startsWith("{") ? (JSON.parse(line) as LibtorrentReport) : undefined;
}
