import type { ByteRange } from "@riptide/core";
import { selectRange } from "./http-range.ts";

/** The state of what is asked for. It has no modification date, so the conditions that compare dates do not apply. */
export interface Representation {
  /** A strong entity tag, quotes included: `"abc"`. */
  readonly etag: string;
  readonly sizeBytes: number;
}

/** How to answer a GET or HEAD for a representation. */
export type ResponseDecision =
  | { readonly status: 200 | 304 | 412 | 416 }
  | { readonly status: 206; readonly range: ByteRange };

/**
 * Decides by preconditions first and the range last (RFC 9110 §13.2.2).
 * If-Modified-Since and If-Unmodified-Since are ignored, as they must be without a modification date (§13.1.3, §13.1.4).
 */
export function decideResponse(method: string, headers: Headers, representation: Representation): ResponseDecision {
  const ifMatch = headers.get("if-match");
  if (ifMatch !== null && !matches(ifMatch, representation.etag, isSameStrongly)) return { status: 412 };
  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch !== null && matches(ifNoneMatch, representation.etag, isSameWeakly)) return { status: 304 };
  // §14.2: "A server MUST ignore a Range header field received with a request method that is unrecognized or for which
  // range handling is not defined", which is every method but GET.
  if (method !== "GET" || !isRangeWanted(headers.get("if-range"), representation.etag)) return { status: 200 };
  const selection = selectRange(headers.get("range"), representation.sizeBytes);
  if (selection.kind === "whole") return { status: 200 };
  if (selection.kind === "unsatisfiable") return { status: 416 };
  return { status: 206, range: selection.range };
}

/** §13.1.5: compared strongly, and a date can only match a modification date, which we do not have. */
function isRangeWanted(ifRange: string | null, etag: string): boolean {
  return ifRange === null || isSameStrongly(ifRange.trim(), etag);
}

/** §13.1.1, §13.1.2: `*` or a list of entity tags. What is no entity tag matches nothing. */
function matches(list: string, etag: string, isSame: (candidate: string, etag: string) => boolean): boolean {
  return list.trim() === "*" || (list.match(ENTITY_TAG) ?? []).some((candidate) => isSame(candidate, etag));
}

/** §8.8.3: `W/` is case-sensitive; a tag may hold commas, so a list cannot be split at them. */
const ENTITY_TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

/** §8.8.3.2. Ours is strong, so a strong candidate is equal if it is the same text. */
function isSameStrongly(candidate: string, etag: string): boolean {
  return candidate === etag;
}

function isSameWeakly(candidate: string, etag: string): boolean {
  return candidate.replace(/^W\//, "") === etag;
}
