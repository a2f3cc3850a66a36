import { type ByteRange, rangeLength } from "@riptide/core";
import { CONTENT_SAFETY_HEADERS } from "./file-headers.ts";
import { decideResponse, type Representation } from "./preconditions.ts";

/** How a request for some bytes of an immutable file is answered, but for the bytes and what they are. */
export interface RangedAnswer {
  readonly status: 200 | 206 | 304 | 412 | 416;
  readonly headers: Headers;
  /** The bytes asked for. Undefined if the answer is none of the file. */
  readonly range: ByteRange | undefined;
}

/** Answers by RFC 9110 §13 and §14. The bytes behind the entity tag must never change (RFC 8246). */
export function answerRange({ method, headers: asked }: Request, representation: Representation): RangedAnswer {
  const { etag, sizeBytes } = representation;
  const decision = decideResponse(method, asked, representation);
  const { status } = decision;
  const headers = new Headers({
    ...CONTENT_SAFETY_HEADERS,
    "accept-ranges": "bytes",
    "cache-control": "private, max-age=31536000, immutable",
    etag,
  });
  if (status === 416) headers.set("content-range", `bytes */${sizeBytes}`); // §15.5.17
  if (status !== 200 && status !== 206) return { status, headers, range: undefined };
  const range = status === 206 ? decision.range : { start: 0, end: sizeBytes };
  headers.set("content-length", String(rangeLength(range)));
  if (status === 206) headers.set("content-range", `bytes ${range.start}-${range.end - 1}/${sizeBytes}`);
  return { status, headers, range };
}
