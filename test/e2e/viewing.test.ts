import type { FileMap, ViewingList } from "@riptide/http";
import { expect, it } from "vitest";
import { prepareFilms } from "../films/prepare-films.ts";
import { decodeFrames } from "../films/read-frames.ts";
import { shareFilm } from "../support/film-torrent.ts";
import { fetchedBytes, filesOf, type RunningRiptide, startQuietRiptide } from "../support/riptide.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const FROM_SECONDS = 300;
const PART_SECONDS = 4;
const WATCHED = { positionSeconds: FROM_SECONDS, durationSeconds: 600, audio: 0, subtitle: "none" };

describeWith("ffmpeg", "libtorrent")("what a player asks beside its stream", () => {
  prepareFilms("long");

  it("is there in a real swarm: the part that was prepared, its picture, and after a restart the place", async () => {
    await using folder = await temporaryFolder("viewing");
    await using film = await shareFilm("long");
    const { infoHash } = film;
    const path = `/api/torrents/${infoHash}/files/0`;
    {
      await using riptide = await startQuietRiptide(folder.path);
      await riptide.add(film.magnet);
      await filesOf(riptide, infoHash);
      expect(await sent(riptide, "PUT", `${path}/viewing`, WATCHED)).toBe(200);
      expect((await thumbnail(riptide, path, FROM_SECONDS)).status).toBe(204);
      const part = { fromSeconds: FROM_SECONDS, seconds: PART_SECONDS };
      expect(await sent(riptide, "POST", `${path}/prepare`, part)).toBe(202);
      await waitUntil("the part is there", async () => {
        const { seconds } = await riptide.api<FileMap>(`${path}/map?unit=seconds`);
        return seconds?.available.some(
          ({ startSeconds, endSeconds }) => startSeconds <= FROM_SECONDS && endSeconds >= FROM_SECONDS + PART_SECONDS,
        );
      });
      await waitUntil("nothing is demanded any more", async () => {
        const { wanted } = await riptide.api<FileMap>(`${path}/map`);
        return wanted.length === 0;
      });
      const bytes = await fetchedBytes(riptide, film);
      expect(bytes).toBeLessThan(40_000_000);

      const shown = await thumbnail(riptide, path, FROM_SECONDS + 1);
      const shownSeconds = Number(shown.headers.get("x-thumbnail-seconds"));
      const [frame] = await decodeFrames(new Uint8Array(await shown.arrayBuffer()));
      expect(frame?.number).toBe(Math.round(shownSeconds * 24));
      expect(shownSeconds).toBeGreaterThan(FROM_SECONDS - 5);
      expect(shownSeconds).toBeLessThanOrEqual(FROM_SECONDS + 1);
      expect((await thumbnail(riptide, path, FROM_SECONDS - 100)).status).toBe(204);
      expect(await fetchedBytes(riptide, film)).toBe(bytes);
    }
    await using again = await startQuietRiptide(folder.path);
    expect((await again.api<ViewingList>("/api/viewings")).viewings).toEqual([
      { infoHash, index: 0, ...WATCHED, watchedAt: expect.any(String), isFinished: false },
    ]);
    // It is there as soon as the pieces are, without a peer.
    await waitUntil(
      "the picture is there",
      async () => (await thumbnail(again, path, FROM_SECONDS + 1)).status === 200,
    );
  });
});

function thumbnail(riptide: RunningRiptide, path: string, seconds: number): Promise<Response> {
  return fetch(`${riptide.url}${path}/thumbnail?t=${seconds}&width=160`);
}

async function sent(riptide: RunningRiptide, method: string, path: string, body: unknown): Promise<number> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(riptide.url + path, { method, headers, body: JSON.stringify(body) });
  await response.arrayBuffer();
  return response.status;
}
