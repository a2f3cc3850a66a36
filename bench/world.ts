import { startLibtorrent } from "../test/support/peers/libtorrent.ts";
import { type RunningRiptide, startQuietRiptide } from "../test/support/riptide.ts";
import { temporaryFolder } from "../test/support/temporary-folder.ts";
import { createTestTorrent, type TestTorrent } from "../test/support/test-torrent.ts";
import { startNginx } from "./nginx.ts";

const MIB = 1024 * 1024;
/** Resident before anything is measured. */
const RESIDENT_BYTES = 512 * MIB;
/** Downloading while the latency is measured, at the pace of a fast home connection. */
const BUSY_BYTES = 1024 * MIB;
export const BUSY_BYTES_PER_SECOND = 25_000_000;

/** A running server that holds one torrent completely and can fetch another one at a steady pace. */
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
    const riptide = own(await startQuietRiptide(folder.path, ...peers));
    await riptide.add(resident.torrentFile);
    await riptide.add(busy.torrentFile);
    const residentUrl = `${riptide.url}/stream/${resident.infoHash}/0/direct`;
    const nginx = own(await startNginx(resident.directory));
    const whole = await fetch(residentUrl);
    for await (const _chunk of whole.body!);
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

function seed(torrent: TestTorrent, uploadBytesPerSecond: number) {
  return startLibtorrent({
    torrentPath: torrent.torrentPath,
    saveDirectory: torrent.directory,
    role: "seed",
    encryption: "off",
    uploadBytesPerSecond,
  });
}
