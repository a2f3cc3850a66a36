import { freePort } from "../free-port.ts";
import { startProcess } from "../processes.ts";

export interface Aria2Options {
  /** A .torrent file, or a magnet. */
  readonly source: string;
  readonly saveDirectory: string;
  readonly uploadBytesPerSecond?: number;
  /** Only encrypted connections (MSE with RC4). */
  readonly requireCrypto?: boolean;
  /** Listens on IPv6, too. */
  readonly ipv6?: boolean;
  /** Asked besides those of the torrent. */
  readonly trackerUrl?: string;
}

export interface Aria2Peer extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

/** aria2 with one torrent: seeds what lies in the folder already, and fetches the rest from the torrent's tracker. */
export async function startAria2(options: Aria2Options): Promise<Aria2Peer> {
  const port = await freePort();
  const process = startProcess("aria2c", [
    `--dir=${options.saveDirectory}`,
    `--listen-port=${port}`,
    "--check-integrity=true",
    "--seed-ratio=0.0",
    "--enable-dht=false",
    "--enable-dht6=false",
    "--bt-enable-lpd=false",
    "--enable-peer-exchange=false",
    `--disable-ipv6=${options.ipv6 !== true}`,
    "--file-allocation=none",
    "--summary-interval=0",
    "--bt-tracker-connect-timeout=2",
    `--max-overall-upload-limit=${options.uploadBytesPerSecond ?? 0}`,
    ...(options.requireCrypto === true ? ["--bt-require-crypto=true", "--bt-min-crypto-level=arc4"] : []),
    ...(options.trackerUrl === undefined ? [] : [`--bt-tracker=${options.trackerUrl}`]),
    options.source,
  ]);
  // It listens before it says so, on IPv4.
  await process.waitFor((line) => (line.includes("listening") || line.includes("Listening") ? true : undefined));
  return {
    port,
    pid: process.child.pid!,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}
