import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRandom } from "@riptide/sim";
import { createTorrentFile, parseTorrentFile } from "@riptide/swarm";
import { temporaryFolder } from "./temporary-folder.ts";

export interface TestTorrent extends AsyncDisposable {
  readonly name: string;
  readonly infoHash: string;
  readonly bytes: Uint8Array;
  /** Folder that holds the file, and only it. */
  readonly directory: string;
  readonly filePath: string;
  readonly torrentPath: string;
  readonly torrentFile: Uint8Array;
}

export interface TestTorrentOptions {
  readonly lengthBytes: number;
  readonly pieceLengthBytes: number;
  readonly seed?: number;
  readonly name?: string;
  readonly trackers?: readonly string[];
}

/** A torrent of one file of random bytes that follow from the seed. */
export async function createTestTorrent(options: TestTorrentOptions): Promise<TestTorrent> {
  const { lengthBytes, pieceLengthBytes, seed = 1, name = "random.bin", trackers = [] } = options;
  const folder = await temporaryFolder("torrent");
  const data = await temporaryFolder("data");
  const bytes = createRandom(seed).bytes(lengthBytes);
  const filePath = join(data.path, name);
  await writeFile(filePath, bytes);
  const torrentFile = await createTorrentFile({
    name,
    files: [{ absolutePath: filePath, path: [name] }],
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
