import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TorrentList } from "@riptide/http";
import { formatMagnet, type PeerAddress } from "@riptide/swarm";
import { quietly, urlOf } from "../../test/support/command-line.ts";
import { startProcess, type TestProcess } from "../../test/support/processes.ts";
import { type TemporaryFolder, temporaryFolder } from "../../test/support/temporary-folder.ts";
import { waitUntil } from "../../test/support/wait.ts";
import type { Film } from "./films.ts";

const START = fileURLToPath(new URL("../../scripts/start.mjs", import.meta.url));
const WEBTORRENT_PROGRAM = fileURLToPath(new URL("./webtorrent-server.ts", import.meta.url));
const LOADED_LIMIT_MS = 120_000;

/** A server that has the first films, can fetch the others, and does nothing yet. */
export interface Server extends AsyncDisposable {
  readonly pid: number;
  /** Where the bytes of each film are, in their order. */
  readonly urls: readonly string[];
  readonly residentCount: number;
  /** The longest lag of the event loop that answers, in each second since the films were there. */
  lagsMs(): Promise<readonly number[]>;
}

/** Both are measured alike: by a line a second that the process itself writes. */
function lagWriter(path: string): string {
  const script = `
    import { appendFileSync } from "node:fs";
    import { monitorEventLoopDelay } from "node:perf_hooks";
    import { isMainThread } from "node:worker_threads";
    if (isMainThread) {
      const lag = monitorEventLoopDelay({ resolution: 5 });
      lag.enable();
      setInterval(() => { appendFileSync(${JSON.stringify(path)}, lag.max / 1e6 + "\\n"); lag.reset(); }, 1000).unref();
    }
  `;
  return `data:text/javascript,${encodeURIComponent(script)}`;
}

export async function startOurs(
  films: readonly Film[],
  peers: readonly PeerAddress[],
  residentCount: number,
): Promise<Server> {
  const folder = await temporaryFolder("bench-load");
  const lagPath = join(folder.path, "lags");
  const magnets = films.map(({ infoHash }, index) =>
    formatMagnet({ infoHash, displayName: infoHash, trackers: [], peers: [peers[index]!] }),
  );
  const own = quietly(join(folder.path, "data"), ...magnets);
  const server = startProcess(process.execPath, ["--import", lagWriter(lagPath), START, ...own]);
  const url = await urlOf(server);
  await waitUntil("all films are known", async () => {
    const { torrents } = (await (await fetch(`${url}/api/torrents`)).json()) as TorrentList;
    return torrents.filter(({ state }) => state === "ready").length === films.length;
  });
  const urls = films.map(({ infoHash }) => `${url}/stream/${infoHash}/0/direct`);
  for (const resident of urls.slice(0, residentCount)) await readWhole(resident);
  return await serverOf(server, { folder, lagPath, urls, residentCount });
}

/** WebTorrent's own server (`client.createServer`), with the films in the same folder layout and from the same seeds. */
export async function startWebtorrent(
  films: readonly Film[],
  peers: readonly PeerAddress[],
  residentCount: number,
): Promise<Server> {
  const folder = await temporaryFolder("bench-load");
  const lagPath = join(folder.path, "lags");
  const settings = JSON.stringify({
    torrentPaths: films.map(({ torrentPath }) => torrentPath),
    peers,
    saveDirectory: join(folder.path, "data"),
    residentCount,
  });
  const words = ["--import", lagWriter(lagPath), "--import", "tsx", WEBTORRENT_PROGRAM, settings];
  const server = startProcess(process.execPath, words);
  const urls = await server.waitFor(
    (line) => (line.startsWith("[") ? (JSON.parse(line) as string[]) : undefined),
    LOADED_LIMIT_MS,
  );
  return await serverOf(server, { folder, lagPath, urls, residentCount });
}

async function serverOf(
  server: TestProcess,
  {
    folder,
    lagPath,
    urls,
    residentCount,
  }: { folder: TemporaryFolder; lagPath: string } & Pick<Server, "urls" | "residentCount">,
): Promise<Server> {
  const readLags = async (): Promise<number[]> =>
    (await readFile(lagPath, "utf8").catch(() => ""))
      .split("\n")
      .filter((line) => line !== "")
      .map(Number);
  const before = (await readLags()).length;
  return {
    pid: server.child.pid!,
    urls,
    residentCount,
    lagsMs: async () => (await readLags()).slice(before),
    async [Symbol.asyncDispose]() {
      await server.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function readWhole(url: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}
