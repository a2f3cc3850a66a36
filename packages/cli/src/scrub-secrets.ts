const HIDDEN = "[hidden]";
/** Shorter words turn up by chance, and are no secret that lasts. */
const SECRET_MIN_CHARACTERS = 4;

/**
 * The line without these secrets, and without what looks like one: whoever logs an error cannot know what its message holds, as the
 * address of a tracker with its passkey.
 */
export function scrubSecrets(line: string, secrets: readonly string[]): string {
  let clean = line;
  for (const secret of secrets) {
    if (secret.length < SECRET_MIN_CHARACTERS) continue;
    for (const spelling of new Set([secret, encodeURIComponent(secret)])) clean = clean.replaceAll(spelling, HIDDEN);
  }
  for (const [pattern, replacement] of SECRET_LOOKING) clean = clean.replace(pattern, replacement);
  return clean;
}

/** Each is bounded: the line may be a stranger's. */
const SECRET_LOOKING: readonly (readonly [RegExp, string])[] = [
  // In a query, a header or an object: token=…, "sig":"…".
  [
    /\b(token|sig|signature|passkey|password|secret|apikey|api_key|auth|riptide_token)(\\?"?\s?[=:]\s?\\?"?)[^\s&"'\\;,<>]{1,512}/gi,
    `$1$2${HIDDEN}`,
  ],
  [/\b(authorization"?\s?[=:]\s?"?)(?:(basic|bearer)\s+)?[^\s"'\\,]{1,512}/gi, `$1$2 ${HIDDEN}`],
  [/\bbearer\s+[\w.~+/=-]{1,512}/gi, `Bearer ${HIDDEN}`],
  // user:password@host
  [/\/\/[^\s/@:"]{0,255}:[^\s/@"]{1,255}@/g, `//${HIDDEN}@`],
  // Private trackers put their passkeys into the path.
  [/\/[0-9a-f]{32}(?=\/(announce|scrape))/gi, `/${HIDDEN}`],
];
