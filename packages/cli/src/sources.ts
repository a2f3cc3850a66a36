import { constants, open } from "node:fs/promises";
import { RiptideError, type TorrentSource } from "@riptide/core";
import { parseSource, parseTorrentFile } from "@riptide/swarm";
import { printable } from "./printable.ts";
import { UsageError } from "./usage-error.ts";

/** As much as metainfo takes; what is longer is no .torrent file. */
const TORRENT_FILE_MAX_BYTES = 10_000_000;
/** Enough of a source to recognise it in a sentence; magnets are long. */
const QUOTED_CHARACTERS = 60;

/**
 * What the words of the command line stand for: a path becomes the bytes of its .torrent file, anything else stays text.
 * Nothing is fetched, and each is checked as far as that goes. Rejects with a `UsageError` that quotes the first bad one.
 */
export async function readSources(words: readonly string[]): Promise<TorrentSource[]> {
  return await Promise.all(words.map(readSource));
}

async function readSource(word: string): Promise<TorrentSource> {
  try {
    if (looksLikeText(word)) {
      parseSource(word);
      return word;
    }
    const bytes = await readTorrentFile(word);
    parseTorrentFile(bytes);
    return bytes;
  } catch (error) {
    if (!(error instanceof RiptideError)) throw error;
    throw new UsageError(`${quote(word)}: ${error.message}`, { cause: error });
  }
}

/** Whoever has a file with such a name can write ./ before it. */
function looksLikeText(word: string): boolean {
  return /^(magnet:|https?:\/\/)/i.test(word) || /^([0-9a-f]{40}|[a-z2-7]{32})$/i.test(word);
}

async function readTorrentFile(path: string): Promise<Uint8Array> {
  // Without O_NONBLOCK a named pipe would keep us waiting for somebody to write to it.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw new UsageError(`${quote(path)} is no magnet link, URL or info hash, and no file that can be read.`, {
      cause,
    });
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new UsageError(`${quote(path)} is no file.`);
    if (stats.size > TORRENT_FILE_MAX_BYTES) throw new UsageError(`${quote(path)} is too large to be a .torrent file.`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function quote(word: string): string {
  return word.length <= QUOTED_CHARACTERS ? printable(word) : `${printable(word.slice(0, QUOTED_CHARACTERS))}…`;
}
