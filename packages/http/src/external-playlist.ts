/** One line of a playlist for a player that is no browser. */
export interface PlaylistEntry {
  /** Untrusted: it becomes one line of text. */
  readonly title: string;
  /** Path on this server, with whatever opens it to a player that is handed nothing but the playlist. */
  readonly path: string;
}

/** An extended M3U playlist in UTF-8 with absolute URLs. */
export function externalPlaylist(entries: readonly PlaylistEntry[], request: Request): string {
  const origin = originOf(request);
  const lines = entries.flatMap(({ title, path }) => [`#EXTINF:-1,${oneLine(title)}`, `${origin}${path}`]);
  return `${["#EXTM3U", ...lines].join("\n")}\n`;
}

/**
 * The address that the client uses: Host has been checked, and a proxy that ends TLS says so in the usual way. This is all that is believed of
 * such a word, and only one of two schemes: whoever lies spoils a playlist that nobody else gets.
 */
function originOf({ headers }: Request): string {
  const isSecure = headers.get("x-forwarded-proto")?.split(",")[0]?.trim() === "https";
  return `${isSecure ? "https" : "http"}://${headers.get("host") ?? ""}`;
}

/** Control and format characters, line ends among them, would end the line or turn it around. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+/gu, " ").trim();
}
