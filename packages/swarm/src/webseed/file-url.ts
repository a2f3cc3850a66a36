import type { Metainfo } from "../metainfo/index.ts";
import type { TorrentFile } from "../metainfo/torrent-files.ts";

/**
 * Where a web seed has a file (BEP 19); undefined where no URL can name it. A single file lies at the URL itself, or below it by its name
 * if the URL ends in a slash ("the client must add the name from the torrent to make the full URL"); of several files, each lies below the
 * URL by the torrent's name and its own path.
 */
export function webSeedFileUrl(
  seedUrl: string,
  { name, hasFolder }: Pick<Metainfo, "name" | "hasFolder">,
  { path }: Pick<TorrentFile, "path">,
): string | undefined {
  const url = new URL(seedUrl);
  if (!hasFolder && !url.pathname.endsWith("/")) return url.href;
  const components = hasFolder ? [name, ...path] : [name];
  if (!components.every(isNameable)) return undefined;
  const folder = url.pathname.endsWith("/") ? url.pathname : `${url.pathname}/`;
  url.pathname = folder + components.map(encodeURIComponent).join("/");
  return url.href;
}

/** RFC 3986 §5.2.4: a URL cannot hold "." and ".." as names, in any spelling. */
function isNameable(component: string): boolean {
  return component !== "" && component !== "." && component !== "..";
}
