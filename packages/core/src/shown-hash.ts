const SHOWN_DIGITS = 8;

/** As much of an info hash as tells torrents apart, for logs: what is watched is private. */
export function shownHash(infoHash: string): string {
  return infoHash.slice(0, SHOWN_DIGITS);
}
