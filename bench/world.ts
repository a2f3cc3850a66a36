import { startLibtorrent } from "../test/support/peers/libtorrent.ts";
import { type RunningRiptide, startQuietRiptide } from "../test/support/riptide.ts";
import { temporaryFolder } from "../test/support/temporary-folder.ts";
import { createTestTorrent, type TestTorrent } from "../test/support/test-torrent.ts";
import { waitUntil } from "../test/support/wait.ts";
import { startNginx } from "./nginx.ts";

const MIB = 1024 * 1024;
/** Resident before anything is measured. */
export const RESIDENT_BYTES = 512 * MIB;
/** Downloading while the latency is measured, at the pace of a fast home connection. */
const BUSY_BYTES = 1024 * MIB;
export const BUSY_BYTES_PER_SECOND = 25_000_000;

/** A server just started that holds one torrent completely and can fetch another one at a steady pace. */
export interface World extends AsyncDisposable {
  readonly riptide: RunningRiptide;
  readonly resident: TestTorrent;
  readonly busy: TestTorrent;
  /** The resident file, from us and from nginx. */
  readonly residentUrl: string;
  readonly nginxUrl: string;
}

export async function prepareWorld(): Promise<World> {
  const stack: AsyncDisposable[] = [];
  const dispose = async (): Promise<void> => {
    for (const resource of stack.splice(0).toReversed()) await resource[Symbol.asyncDispose]();
  };
  const own = <Resource extends AsyncDisposable>(resource: Resource): Resource => {
    stack.push(resource);
    return resource;
  };
  try {
    const folder = own(await temporaryFolder("bench"));
    const resident = own(
      await createTestTorrent({ lengthBytes: RESIDENT_BYTES, pieceLengthBytes: MIB, name: "resident.bin" }),
    );
    const busy = own(
      await createTestTorrent({ lengthBytes: BUSY_BYTES, pieceLengthBytes: MIB, seed: 2, name: "busy.bin" }),
    );
    const fast = own(await seed(resident, 0));
    const paced = own(await seed(busy, BUSY_BYTES_PER_SECOND));
    const peers = [fast, paced].map((peer) => `--peer=127.0.0.1:${peer.port}`);
    await download(resident, folder.path, peers);
    const riptide = own(await startQuietRiptide(folder.path, ...peers));
    await riptide.add(busy.torrentFile);
    await waitUntil("the resident file is known to be there", async () => {
      return (await riptide.torrent(resident.infoHash)).verifiedBytes === RESIDENT_BYTES;
    });
    const residentUrl = `${riptide.url}/stream/${resident.infoHash}/0/direct`;
    const nginx = own(await startNginx(resident.directory));
    return {
      riptide,
      resident,
      busy,
      residentUrl,
      nginxUrl: `${nginx.url}/${resident.name}`,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** By a server that ends then: the one that is measured has done nothing yet. */
async function download(torrent: TestTorrent, directory: string, peers: readonly string[]): Promise<void> {
  await using riptide = await startQuietRiptide(directory, ...peers);
  await riptide.add(torrent.torrentFile);
  const whole = await fetch(`${riptide.url}/stream/${torrent.infoHash}/0/direct`);
  for await (const _chunk of whole.body!);
}

function seed(torrent: TestTorrent, uploadBytesPerSecond: number) {
  return startLibtorrent({
    torrentPath: torrent.torrentPath,
    saveDirectory: torrent.directory,
    role: "seed",
    encryption: "off",
    uploadBytesPerSecond,
  });
}
