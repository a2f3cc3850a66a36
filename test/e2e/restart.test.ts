import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, it } from "vitest";
import { prepareFilms } from "../films/prepare-films.ts";
import { shareFilm } from "../support/film-torrent.ts";
import { filesOf, type RunningRiptide, startQuietRiptide } from "../support/riptide.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";

/** What the page asks for before the first byte of a film is played. */
const QUESTIONS = ["master.m3u8", "video/playlist.m3u8"];

describeWith("ffmpeg", "libtorrent")("a server that is started again", () => {
  prepareFilms("long", "mp4-moov-last");

  it.each(["long", "mp4-moov-last"] as const)(
    "knows %s and where it can be entered, though its seed is gone and its bytes are deleted",
    async (name) => {
      await using folder = await temporaryFolder("restart");
      const { infoHash, path, before } = await firstRun(folder.path);
      await rm(join(folder.path, infoHash, basename(path)));
      await using riptide = await startQuietRiptide(folder.path);
      expect(await answers(riptide, infoHash)).toEqual(before);
      expect(await riptide.torrent(infoHash)).toMatchObject({ connectedPeers: 0, downloadedBytes: 0 });

      async function firstRun(dataDirectory: string) {
        await using film = await shareFilm(name);
        await using first = await startQuietRiptide(dataDirectory);
        await first.add(film.magnet);
        await filesOf(first, film.infoHash);
        return { infoHash: film.infoHash, path: film.path, before: await answers(first, film.infoHash) };
      }
    },
  );
});

async function answers(riptide: RunningRiptide, infoHash: string) {
  const info = await riptide.api(`/api/torrents/${infoHash}/files/0`);
  const chapters = await riptide.api(`/api/torrents/${infoHash}/files/0/chapters`);
  const playlists = await Promise.all(
    QUESTIONS.map(async (path) => {
      const response = await fetch(`${riptide.url}/stream/${infoHash}/0/hls/${path}`);
      return [response.status, await response.text()];
    }),
  );
  return { info, chapters, playlists };
}
