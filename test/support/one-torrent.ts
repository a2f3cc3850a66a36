import { fileURLToPath } from "node:url";
import { quietly, urlOf } from "./command-line.ts";
import { startProcess, type TestProcess } from "./processes.ts";
import { type ScriptedSeed, type ScriptedSeedOptions, startScriptedSeed } from "./scripted-seed.ts";
import { type TemporaryFolder, temporaryFolder } from "./temporary-folder.ts";
import { createTestTorrent, type TestTorrent } from "./test-torrent.ts";

const START = fileURLToPath(new URL("../../scripts/start.mjs", import.meta.url));
const PIECE_LENGTH_BYTES = 64 * 1024;

export interface OneTorrentOptions {
  readonly lengthBytes: number;
  readonly seed?: Omit<ScriptedSeedOptions, "torrent">;
}

interface StartOptions {
  /** A script for Node to run first, in each thread: how a fault comes into the process. */
  readonly preload?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** Words for Node. */
  readonly nodeWords?: readonly string[];
  readonly words?: readonly string[];
}

/** A torrent of random bytes, one scripted seed that has it, and a data folder for servers that play it. */
export interface OneTorrent extends AsyncDisposable {
  readonly torrent: TestTorrent;
  readonly seed: ScriptedSeed;
  readonly folder: TemporaryFolder;
  readonly path: string;
  /** The real programme over that folder, in a process of its own; resolves when it listens and has the torrent. */
  start(options?: StartOptions): Promise<Server>;
}

export interface Server extends AsyncDisposable {
  readonly process: TestProcess;
  readonly url: string;
  /** The original bytes. */
  readonly film: string;
}

export async function oneTorrent({ lengthBytes, seed: seedOptions }: OneTorrentOptions): Promise<OneTorrent> {
  const torrent = await createTestTorrent({ lengthBytes, pieceLengthBytes: PIECE_LENGTH_BYTES });
  const seed = await startScriptedSeed({ torrent, ...seedOptions });
  const folder = await temporaryFolder("fault");
  const path = `/stream/${torrent.infoHash}/0/direct`;
  return {
    torrent,
    seed,
    folder,
    path,
    async start({ preload, environment = {}, nodeWords = [], words = [] } = {}) {
      const { host, port } = seed.peer;
      const imported = preload === undefined ? [] : ["--import", `data:text/javascript,${encodeURIComponent(preload)}`];
      const own = quietly(folder.path, `--peer=${host}:${port}`, ...words, torrent.torrentPath);
      const env = { ...process.env, ...environment };
      const started = startProcess(process.execPath, [...imported, ...nodeWords, START, ...own], { env });
      const url = await urlOf(started);
      await started.waitFor((line) => line.includes(torrent.name) || undefined);
      return {
        process: started,
        url,
        film: url + path,
        [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
      };
    },
    async [Symbol.asyncDispose]() {
      await seed[Symbol.asyncDispose]();
      await torrent[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** All bytes of a body, or those that came before it broke off. */
export async function readBody(response: Response): Promise<{ readonly bytes: Buffer; readonly end: "whole" | "cut" }> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of response.body ?? []) chunks.push(chunk);
    return { bytes: Buffer.concat(chunks), end: "whole" };
  } catch {
    return { bytes: Buffer.concat(chunks), end: "cut" };
  }
}

/** The whole film, compared with what it should be. */
export async function isFilmRight(url: string, { bytes }: TestTorrent): Promise<boolean> {
  const body = await readBody(await fetch(url));
  return body.end === "whole" && Buffer.compare(body.bytes, bytes) === 0;
}
