import { createCipheriv } from "node:crypto";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createTorrentFile, type PeerAddress, parseTorrentFile } from "@riptide/swarm";
import { startProcess } from "../../test/support/processes.ts";

const FOLDER = fileURLToPath(new URL("../../.cache/bench/load/", import.meta.url));
const SEEDS_PROGRAM = fileURLToPath(new URL("./seeds-process.ts", import.meta.url));
/** All of them are held in memory by whoever compares. */
const LENGTH_BYTES = 16 * 1024 ** 2;
const PIECE_LENGTH_BYTES = 256 * 1024;

/** A torrent of one file of noise, which is kept from run to run. */
export interface Film {
  readonly infoHash: string;
  readonly torrentPath: string;
  readonly filePath: string;
  readonly bytes: Buffer;
}

export async function prepareFilms(count: number): Promise<Film[]> {
  await mkdir(FOLDER, { recursive: true });
  return await Promise.all(Array.from({ length: count }, (_, index) => prepareFilm(`film-${index}.bin`, index)));
}

async function prepareFilm(name: string, key: number): Promise<Film> {
  const filePath = `${FOLDER}${name}`;
  const torrentPath = `${filePath}.torrent`;
  const bytes = createCipheriv("aes-128-ctr", Buffer.alloc(16, key), Buffer.alloc(16)).update(
    Buffer.alloc(LENGTH_BYTES),
  );
  if (!(await isThere(torrentPath))) {
    await writeFile(filePath, bytes);
    const files = [{ absolutePath: filePath, path: [name] }];
    const { signal } = new AbortController();
    const options = { name, files, pieceLengthBytes: PIECE_LENGTH_BYTES, trackers: [], signal };
    await writeFile(torrentPath, await createTorrentFile(options));
  }
  const { infoHash } = parseTorrentFile(await readFile(torrentPath));
  return { infoHash, torrentPath, filePath, bytes };
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

export interface LoadSeeds extends AsyncDisposable {
  /** One for each film, in their order. */
  readonly peers: readonly PeerAddress[];
}

/** A scripted seed for each film, all in one process that does nothing else. */
export async function startSeeds(films: readonly Film[]): Promise<LoadSeeds> {
  const paths = JSON.stringify(films.map(({ torrentPath, filePath }) => ({ torrentPath, filePath })));
  const seeds = startProcess(process.execPath, ["--import", "tsx", SEEDS_PROGRAM, paths]);
  const peers = await seeds.waitFor((line) => (line.startsWith("[") ? (JSON.parse(line) as PeerAddress[]) : undefined));
  return { peers, [Symbol.asyncDispose]: () => seeds[Symbol.asyncDispose]() };
}
