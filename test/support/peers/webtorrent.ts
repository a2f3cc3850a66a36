import { fileURLToPath } from "node:url";
import type { PeerAddress } from "@riptide/swarm";
import { startProcess } from "../processes.ts";

/** `npm test` puts it there, by a lockfile of its own. */
export const WEBTORRENT_PACKAGES = fileURLToPath(new URL("../../../.cache/webtorrent/node_modules/", import.meta.url));

export interface WebtorrentOptions {
  /** A .torrent file, or a magnet. */
  readonly source: string;
  /** What lies there already is seeded. */
  readonly saveDirectory: string;
  /** Of its connections (MSE): none; with a handshake, the rest in the clear; all of it. */
  readonly encryption: "off" | "handshake" | "rc4";
  readonly connectTo?: PeerAddress;
  /** Where it announces itself. */
  readonly tracker?: string;
}

interface WebtorrentReport {
  readonly port: number;
  readonly isDone: boolean;
  readonly downloadedBytes: number;
  readonly uploadedBytes: number;
  /** Of each connection, what its MSE handshake agreed on; `none` = there was none. */
  readonly encryptions: readonly ("none" | "plaintext" | "rc4")[];
}

export interface WebtorrentPeer extends AsyncDisposable {
  readonly port: number;
  report(): WebtorrentReport;
}

/** WebTorrent in a process of its own: no DHT, no uTP, no local network. */
export async function startWebtorrent(options: WebtorrentOptions): Promise<WebtorrentPeer> {
  const { encryption, ...rest } = options;
  const secure = { off: 0, handshake: 1, rc4: 2 }[encryption];
  const script = fileURLToPath(new URL("./webtorrent-peer.mjs", import.meta.url));
  const process_ = startProcess(process.execPath, [
    script,
    `${WEBTORRENT_PACKAGES}webtorrent/index.js`,
    JSON.stringify({ ...rest, secure }),
  ]);
  const { port } = await process_.waitFor(parse);
  return {
    port,
    report: () => parse(process_.lines.at(-1)!)!,
    [Symbol.asyncDispose]: () => process_[Symbol.asyncDispose](),
  };
}

function parse(line: string): WebtorrentReport | undefined {
  return line.startsWith("{") ? (JSON.parse(line) as WebtorrentReport) : undefined;
}
