import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRandom } from "@riptide/sim";
import { createTorrentFile, parseTorrentFile } from "@riptide/swarm";
import { temporaryFolder } from "./temporary-folder.ts";

export interface TestTorrent extends AsyncDisposable {
  readonly name: string;
  readonly infoHash: string;
  readonly bytes: Uint8Array;
  /** Folder that holds the file, or all of them, and nothing else. */
  readonly directory: string;
  /** The first one. */
  readonly filePath: string;
  readonly torrentPath: string;
  readonly torrentFile: Uint8Array;
}

export interface TestTorrentOptions {
  readonly lengthBytes: number;
  /** Of several files instead of one: together as long. */
  readonly fileLengthsBytes?: readonly number[];
  readonly pieceLengthBytes: number;
  readonly seed?: number;
  readonly name?: string;
  readonly trackers?: readonly string[];
}

/** A torrent of one file, or several, of random bytes that follow from the seed. */
export async function createTestTorrent(options: TestTorrentOptions): Promise<TestTorrent> {
  const { lengthBytes, pieceLengthBytes, seed = 1, name = "random.bin", trackers = [] } = options;
  const folder = await temporaryFolder("torrent");
  const data = await temporaryFolder("data");
  const bytes = createRandom(seed).bytes(lengthBytes);
  const filePath = join(data.path, name);
  const files: { readonly absolutePath: string; readonly path: readonly string[] }[] = [];
  let startBytes = 0;
  for (const fileBytes of options.fileLengthsBytes ?? [lengthBytes]) {
    const path = files.length === 0 ? name : `${files.length}-${name}`;
    files.push({ absolutePath: join(data.path, path), path: [path] });
    await writeFile(join(data.path, path), bytes.subarray(startBytes, startBytes + fileBytes));
    startBytes += fileBytes;
  }
  const torrentFile = await createTorrentFile({
    name,
    files,
    pieceLengthBytes,
    trackers: trackers.map((tracker) => [tracker]),
    signal: new AbortController().signal,
  });
  const torrentPath = join(folder.path, `${name}.torrent`);
  await writeFile(torrentPath, torrentFile);
  return {
    name,
    infoHash: parseTorrentFile(torrentFile).infoHash,
    bytes,
    directory: data.path,
    filePath,
    torrentPath,
    torrentFile,
    [Symbol.asyncDispose]: async () => {
      await folder[Symbol.asyncDispose]();
      await data[Symbol.asyncDispose]();
    },
  };
}
