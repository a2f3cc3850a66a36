import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { contentDisposition } from "@riptide/stream";
import type { AppOptions } from "../app-options.ts";
import { externalPlaylist, type PlaylistEntry } from "../external-playlist.ts";
import { HttpError } from "../http-error.ts";
import { listedFile, listedTorrent, metadataPending } from "../listed-file.ts";
import { mediaTypeOfName } from "../media-type.ts";
import { openingQueries, type StreamLinks, streamPath } from "../security/stream-links.ts";
import { type FileTarget, fileTarget, torrentTarget } from "./targets.ts";

/** Playlists that hand the original bytes to VLC, mpv and the like; where there is an access token, by addresses that are signed. */
export function addExternalPlaylistRoutes(
  routes: OpenAPIHono,
  { engine }: AppOptions,
  links: StreamLinks | undefined,
): void {
  routes.openapi(filePlaylist, ({ req }) => {
    const target = req.valid("param");
    const name = nameOf(listedFile(engine, target).path);
    return playlistResponse(name, [{ title: name, path: directPath(target, links) }], req.raw);
  });

  routes.openapi(torrentPlaylist, ({ req }) => {
    const { infoHash } = req.valid("param");
    const { state, name, files } = listedTorrent(engine, infoHash);
    if (state === "metadata") throw metadataPending();
    const films = files.filter(({ path }) => /^(?:video|audio)\//.test(mediaTypeOfName(path)));
    if (films.length === 0) throw new HttpError("not_found", "This torrent holds no file that looks like media.");
    const inOrder = films.toSorted((left, right) => NAME_ORDER.compare(left.path, right.path));
    const entries = inOrder.map(({ index, path }) => ({
      title: nameOf(path),
      path: directPath({ infoHash, index }, links),
    }));
    return playlistResponse(name, entries, req.raw);
  });
}

/** Episode 10 comes behind episode 9. */
const NAME_ORDER = new Intl.Collator("en", { numeric: true });

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function directPath(target: FileTarget, links: StreamLinks | undefined): string {
  return streamPath(target, "direct", openingQueries(links, target));
}

function playlistResponse(name: string, entries: readonly PlaylistEntry[], request: Request): Response {
  return new Response(externalPlaylist(entries, request), {
    headers: {
      "content-type": PLAYLIST_MEDIA_TYPE,
      "content-disposition": contentDisposition("attachment", `${name}.m3u8`),
    },
  });
}

/** `.m3u8` is UTF-8 by its name. */
const PLAYLIST_MEDIA_TYPE = "audio/x-mpegurl";

const playlist = {
  200: {
    description: "An M3U playlist to open with a player",
    content: { [PLAYLIST_MEDIA_TYPE]: { schema: z.string() } },
  },
};

const filePlaylist = createRoute({
  method: "get",
  path: "/stream/{infoHash}/{index}/play.m3u8",
  summary: "A playlist that opens a file in VLC, mpv and other players",
  request: { params: fileTarget },
  responses: playlist,
});

const torrentPlaylist = createRoute({
  method: "get",
  path: "/stream/{infoHash}/play.m3u8",
  summary: "A playlist of all media files of a torrent, by name",
  request: { params: torrentTarget },
  responses: playlist,
});
