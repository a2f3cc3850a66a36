import { type Clock, SourceError } from "@riptide/core";
import type { Network } from "../network/network.ts";
import { HttpGetError, httpGet } from "./http-get.ts";
import { MAX_METAINFO_BYTES } from "./metainfo.ts";
import type { Reach } from "./resolve-host.ts";

/** A .torrent file is one small document; who waits longer has given up. */
const FETCH_TIMEOUT_MS = 15_000;

/**
 * Gets a .torrent file by its http or https URL: at most 10 MB in 15 s, over five redirects at the most. The bytes are not checked.
 * Rejects with `SourceError` `fetch_failed` or with the signal's reason.
 */
export async function fetchTorrentFile(
  url: string,
  options: { readonly network: Network; readonly clock: Clock; readonly signal: AbortSignal; readonly reach: Reach },
): Promise<Uint8Array> {
  try {
    return await httpGet(url, { ...options, maxBytes: MAX_METAINFO_BYTES, timeoutMs: FETCH_TIMEOUT_MS });
  } catch (cause) {
    if (!(cause instanceof HttpGetError)) throw cause;
    throw new SourceError(
      "fetch_failed",
      `The .torrent file could not be fetched: ${cause.message}. Check the address and try again.`,
      { cause },
    );
  }
}
