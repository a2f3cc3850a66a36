import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { childrenOf, isRunning, QUIET_WORDS } from "../support/command-line.ts";
import { shareFilm } from "../support/film-torrent.ts";
import { type LibtorrentPeer, startLibtorrent } from "../support/peers/libtorrent.ts";
import { filesOf, startRiptide } from "../support/riptide.ts";
import { sha256 } from "../support/sha256.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { never, QUIET_SETTINGS, readRange, startTestEngine } from "../support/test-engine.ts";
import { createTestTorrent, type TestTorrent } from "../support/test-torrent.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1024 * 1024;
const SETTINGS = { ...QUIET_SETTINGS, utp: true };

function seedOver(torrent: TestTorrent, encryption: "off" | "forced" = "off"): Promise<LibtorrentPeer> {
  const { torrentPath, directory: saveDirectory } = torrent;
  return startLibtorrent({ torrentPath, saveDirectory, role: "seed", encryption, transport: "utp" });
}

describeWith("libtorrent")("a libtorrent that knows uTP only", () => {
  it.each(["off", "forced"] as const)("gives us every byte of a magnet, with encryption %s", async (encryption) => {
    await using torrent = await createTestTorrent({ lengthBytes: 24 * MIB + 12_345, pieceLengthBytes: 256 * 1024 });
    await using seed = await seedOver(torrent, encryption);
    await using us = await startTestEngine({ settings: SETTINGS });
    await us.engine.add(`magnet:?xt=urn:btih:${torrent.infoHash}&x.pe=127.0.0.1:${seed.port}`, { signal: never });
    const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(20_000) });
    const head = await readRange(provider, 0, MIB, AbortSignal.timeout(30_000));
    const ours = await waitUntil("libtorrent tells of us", () => seed.report().peers[0]);
    expect([ours.isUtp, ours.isPlaintext]).toEqual([true, encryption === "forced"]);
    const rest = await readRange(provider, MIB, provider.sizeBytes, AbortSignal.timeout(60_000));
    expect(sha256(Buffer.concat([head, rest]))).toBe(sha256(torrent.bytes));
  });

  it.each(["off", "rc4"] as const)("takes every byte from us, with encryption %s", async (encryption) => {
    await using torrent = await createTestTorrent({ lengthBytes: 6 * MIB + 777, pieceLengthBytes: 128 * 1024 });
    await using us = await startTestEngine({ settings: SETTINGS });
    us.engine.share(torrent.torrentFile, [torrent.filePath]);
    const port = await us.engine.peerPort(never);
    await using folder = await temporaryFolder("leech");
    await using leech = await startLibtorrent({
      torrentPath: torrent.torrentPath,
      saveDirectory: folder.path,
      role: "leech",
      encryption,
      transport: "utp",
      connectTo: { host: "127.0.0.1", port },
    });
    await waitUntil("libtorrent has it all", () => leech.report().isSeeding, 40_000);
    expect(sha256(await readFile(join(folder.path, torrent.name)))).toBe(sha256(torrent.bytes));
  });

  it("plays in the program as it is packed, which leaves no process behind, be it killed", async () => {
    await using film = await shareFilm("mp4-moov-first", { transport: "utp" });
    const bytes = await readFile(film.path);
    await using folder = await temporaryFolder("utp");
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      await using us = await startRiptide(...QUIET_WORDS, `--data-dir=${join(folder.path, signal)}`);
      await us.add(film.magnet);
      await filesOf(us, film.infoHash);
      const body = await (await fetch(`${us.url}/stream/${film.infoHash}/0/direct`)).arrayBuffer();
      expect(sha256(new Uint8Array(body))).toBe(sha256(bytes));
      const children = await childrenOf(us.process.child.pid!);
      expect(children).toHaveLength(1);
      expect(await readFile(`/proc/${children[0]}/cmdline`, "utf8")).toContain("utp-process");
      await us.process.stop(signal);
      expect(us.process.stderr()).toBe("");
      await waitUntil("its process is gone", async () => !(await isRunning(children[0]!)));
    }
  });
});
