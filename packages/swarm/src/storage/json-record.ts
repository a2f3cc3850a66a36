/** What a file of ours holds: an object of the version that we write; undefined for anything else. */
export function decodeJsonRecord(bytes: Uint8Array, version: number): Record<string, unknown> | undefined {
  try {
    const record: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    return isObject(record) && record["version"] === version ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Milliseconds since 1970 that are a date (ECMA-262 §21.4.1.1). */
export function isWallClockMs(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= 8.64e15;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
