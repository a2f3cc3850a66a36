import { SourceError } from "@riptide/core";
import { parseInfoHash } from "./info-hash.ts";
import { type Magnet, parseMagnet } from "./magnet.ts";

/** What a user may pass as text to name a torrent. */
export type ParsedSource =
  | { readonly kind: "magnet"; readonly magnet: Magnet }
  /** http or https URL of a .torrent file. */
  | { readonly kind: "url"; readonly url: string }
  /** 40 lower-case hex digits. */
  | { readonly kind: "infoHash"; readonly infoHash: string };

/** Tells the three kinds of source apart. Throws `SourceError` `bad_source` (or `unsupported_v2` for a v2 magnet). */
export function parseSource(text: string): ParsedSource {
  const source = text.trim();
  if (/^magnet:/i.test(source)) return { kind: "magnet", magnet: parseMagnet(source) };
  if (/^https?:\/\//i.test(source) && URL.canParse(source)) return { kind: "url", url: new URL(source).href };
  const infoHash = parseInfoHash(source);
  if (infoHash !== undefined) return { kind: "infoHash", infoHash };
  throw new SourceError(
    "bad_source",
    "This is no source of a torrent. Pass a magnet link, the http or https address of a .torrent file, or an info hash of 40 hex digits.",
  );
}
