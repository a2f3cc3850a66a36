import { writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { createTorrentFile, parseTorrentFile } from "@riptide/swarm";
import { films } from "../films/films.ts";
import type { FilmName } from "../films/recipes.ts";
import { type DelayedLink, startDelayedLink } from "./delayed-link.ts";
import { startLibtorrent } from "./peers/libtorrent.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { never } from "./test-engine.ts";

/** 256 KiB, as the acceptance of a start is measured with. */
export const PIECE_LENGTH_BYTES = 256 * 1024;

export interface SharedFilm extends AsyncDisposable {
  readonly path: string;
  readonly infoHash: string;
  readonly torrentFile: Uint8Array;
  /** Names the seed as its peer. */
  readonly magnet: string;
  /** Payload that the seed has sent, as it counts twice a second; at the end of a line, all that has come out of it. */
  sentBytes(): number;
  /** What the seed is at the other end of, if `roundTripMs` was given. */
  readonly line: DelayedLink | undefined;
}

export interface ShareOptions {
  readonly uploadBytesPerSecond?: number;
  readonly pieceLengthBytes?: number;
  /** Puts the seed at the other end of a line of that length, which then limits the rate, too. Default: none. */
  readonly roundTripMs?: number;
  /** What the seed knows. Default: TCP. */
  readonly transport?: "tcp" | "utp";
}

/** Shares a test film (or any file) through a real libtorrent seed. */
export async function shareFilm(film: FilmName, options: ShareOptions = {}): Promise<SharedFilm> {
  return await shareFile(await films.ensure(film), options);
}

export async function shareFile(path: string, options: ShareOptions = {}): Promise<SharedFilm> {
  const { uploadBytesPerSecond = 0, pieceLengthBytes = PIECE_LENGTH_BYTES, roundTripMs, transport = "tcp" } = options;
  const name = basename(path);
  const torrentFile = await createTorrentFile({
    name,
    files: [{ absolutePath: path, path: [name] }],
    pieceLengthBytes,
    signal: never,
  });
  const { infoHash } = parseTorrentFile(torrentFile);
  const folder = await temporaryFolder("share");
  const torrentPath = join(folder.path, "film.torrent");
  await writeFile(torrentPath, torrentFile);
  const seed = await startLibtorrent({
    torrentPath,
    saveDirectory: dirname(path),
    role: "seed",
    encryption: "off",
    transport,
    uploadBytesPerSecond: roundTripMs === undefined ? uploadBytesPerSecond : 0,
  });
  const line =
    roundTripMs === undefined
      ? undefined
      : await startDelayedLink({ targetPort: seed.port, roundTripMs, bytesPerSecond: uploadBytesPerSecond });
  return {
    path,
    infoHash,
    torrentFile,
    magnet: `magnet:?xt=urn:btih:${infoHash}&dn=${encodeURIComponent(name)}&x.pe=127.0.0.1:${line?.port ?? seed.port}`,
    line,
    sentBytes: () => line?.receivedBytes() ?? seed.report().uploadedBytes,
    [Symbol.asyncDispose]: async () => {
      await line?.[Symbol.asyncDispose]();
      await seed[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
