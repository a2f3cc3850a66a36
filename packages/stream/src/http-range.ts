import type { ByteRange } from "@riptide/core";

/** More ranges than any player asks for; a longer set is an attack (CVE-2011-3192) or a mistake. RFC 9110 §14.2. */
const RANGES_LIMIT = 16;

/** What a Range header asks of a representation. */
export type RangeSelection =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly range: ByteRange }
  | { readonly kind: "unsatisfiable" };

/**
 * Selects the part of `sizeBytes` bytes that a Range header asks for (RFC 9110 §14.1.2, §14.2). This is the one place where
 * HTTP's inclusive ranges become half-open ones.
 *
 * - No header, another unit, anything invalid, a set that looks like an attack: the whole (the header is ignored).
 * - An end beyond the last byte is cut; a suffix longer than the file is all of it, as a part.
 * - Of several ranges the first that can be satisfied: a server may send fewer parts than asked for.
 * - An empty file has no parts: the whole.
 */
export function selectRange(header: string | null, sizeBytes: number): RangeSelection {
  const specs = header === null ? undefined : parseRangeSet(header);
  if (specs === undefined || sizeBytes === 0 || isAbusive(specs)) return { kind: "whole" };
  for (const spec of specs) {
    const range = resolve(spec, BigInt(sizeBytes));
    if (range !== undefined) return { kind: "part", range };
  }
  return { kind: "unsatisfiable" };
}

/** §14.1.1, with the numbers as they are written: decimals of any length. Inclusive, `undefined` where nothing is written. */
type RangeSpec =
  | { readonly kind: "from"; readonly first: bigint; readonly last: bigint | undefined }
  | { readonly kind: "suffix"; readonly length: bigint };

/** `undefined` for another unit and for a set with any invalid member, which makes all of it invalid (§14.1.1). */
function parseRangeSet(header: string): readonly RangeSpec[] | undefined {
  const set = /^bytes=(.*)$/i.exec(header.trim())?.[1];
  if (set === undefined) return undefined;
  // §5.6.1.2: members are separated by commas with optional white space, and empty ones are skipped.
  const members = set.split(",").map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ""));
  const specs = members.filter((member) => member !== "").map(parseRangeSpec);
  return specs.length > 0 && specs.every((spec) => spec !== undefined) ? specs : undefined;
}

function parseRangeSpec(text: string): RangeSpec | undefined {
  const [, firstText, lastText] = /^(\d*)-(\d*)$/.exec(text) ?? [];
  if (firstText === undefined || lastText === undefined) return undefined;
  if (firstText === "") return lastText === "" ? undefined : { kind: "suffix", length: BigInt(lastText) };
  const first = BigInt(firstText);
  const last = lastText === "" ? undefined : BigInt(lastText);
  return last !== undefined && last < first ? undefined : { kind: "from", first, last };
}

/** §14.2: "many small ranges" or "more than two overlapping ranges" may be ignored. */
function isAbusive(specs: readonly RangeSpec[]): boolean {
  if (specs.length > RANGES_LIMIT) return true;
  const overlapping = specs.filter((spec, index) => specs.some((other, at) => at !== index && overlap(spec, other)));
  return overlapping.length > 2;
}

/** Two suffixes share the last byte. What a suffix shares with other ranges depends on the size, and does no harm. */
function overlap(left: RangeSpec, right: RangeSpec): boolean {
  if (left.kind === "suffix" || right.kind === "suffix") return left.kind === right.kind;
  return (
    (left.last === undefined || right.first <= left.last) && (right.last === undefined || left.first <= right.last)
  );
}

/** The bytes that a spec means, or `undefined` if it is unsatisfiable: it starts beyond the end, or asks for no byte. */
function resolve(spec: RangeSpec, size: bigint): ByteRange | undefined {
  if (spec.kind === "suffix") {
    if (spec.length === 0n) return undefined;
    return { start: Number(spec.length < size ? size - spec.length : 0n), end: Number(size) };
  }
  if (spec.first >= size) return undefined;
  const end = spec.last === undefined || spec.last >= size ? size : spec.last + 1n;
  return { start: Number(spec.first), end: Number(end) };
}
