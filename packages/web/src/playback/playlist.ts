import type { TimeRange } from "./feed-plan.ts";

/** A master playlist of ours (RFC 8216 §4.3.4): one variant, with sounds beside it. Addresses are absolute. */
export interface MasterPlaylist {
  /** Of all renditions together. Empty if nothing tells them. */
  readonly codecs: readonly string[];
  /** The picture; in a film of sound only, its main sound. */
  readonly mainUrl: string;
  readonly sounds: readonly ListedSound[];
}

interface ListedSound {
  /** Undefined if it is the variant itself. */
  readonly url: string | undefined;
  readonly isDefault: boolean;
}

export interface MediaPlaylist {
  /** None for text. */
  readonly initUrl: string | undefined;
  readonly segments: readonly PlaylistSegment[];
}

export interface PlaylistSegment extends TimeRange {
  readonly url: string;
}

/** Undefined if it names nothing to play. */
export function parseMaster(text: string, url: string): MasterPlaylist | undefined {
  const lines = linesOf(text);
  const media = lines.flatMap((line) => attributesOf("#EXT-X-MEDIA:", line) ?? []);
  const [stream] = lines.flatMap((line) => attributesOf("#EXT-X-STREAM-INF:", line) ?? []);
  const mainUri = lines.find((line) => !line.startsWith("#"));
  if (stream === undefined || mainUri === undefined) return undefined;
  const sounds = media.filter((attributes) => attributes.get("TYPE") === "AUDIO");
  return {
    codecs: stream.get("CODECS")?.split(",") ?? [],
    mainUrl: new URL(mainUri, url).href,
    sounds: sounds.map((attributes) => {
      const uri = attributes.get("URI");
      return { url: uri && new URL(uri, url).href, isDefault: attributes.get("DEFAULT") === "YES" };
    }),
  };
}

/** A playlist of ours (RFC 8216 §4.3.3) that is complete. */
export function parseMedia(text: string, url: string): MediaPlaylist {
  const lines = linesOf(text);
  const [map] = lines.flatMap((line) => attributesOf("#EXT-X-MAP:", line) ?? []);
  const initUri = map?.get("URI");
  const segments: PlaylistSegment[] = [];
  let endSeconds = 0;
  for (const line of lines) {
    const startSeconds = segments.at(-1)?.endSeconds ?? 0;
    if (line.startsWith(DURATION)) endSeconds = startSeconds + Number.parseFloat(line.slice(DURATION.length));
    if (!line.startsWith("#")) segments.push({ startSeconds, endSeconds, url: new URL(line, url).href });
  }
  return { initUrl: initUri && new URL(initUri, url).href, segments };
}

const DURATION = "#EXTINF:";

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** RFC 8216 §4.2. */
function attributesOf(tag: string, line: string): ReadonlyMap<string, string> | undefined {
  if (!line.startsWith(tag)) return undefined;
  const found = line.slice(tag.length).matchAll(/([A-Z0-9-]+)=(?:"([^"]*)"|([^",]*))/g);
  return new Map(Array.from(found, ([, name = "", quoted, plain]) => [name, quoted ?? plain ?? ""]));
}
