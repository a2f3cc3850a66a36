import { createHash, timingSafeEqual } from "node:crypto";
import { HttpError } from "../http-error.ts";
import { isPage } from "../routes/page.ts";

const COOKIE_NAME = "riptide_token";

/** Refuses a request that does not carry the token. */
export function assertToken(request: Request, token: string): void {
  if (!hasToken(request, token)) {
    throw new HttpError("unauthorized", "This server needs its access token: open the page with ?token=… once.", {
      "www-authenticate": "Bearer",
    });
  }
}

/** Whether the request carries the token: as bearer token, in `?token=` or in the cookie of our page. */
export function hasToken(request: Request, token: string): boolean {
  const offered = [bearerToken(request), queryToken(request), cookieToken(request)];
  return offered.some((candidate) => candidate !== undefined && isSameSecret(candidate, token));
}

/**
 * The cookie for a page that was opened with `?token=`: its requests then need nothing else. Scripts cannot read it, and of other sites
 * nothing but a link to a page sends it, as the browser does with a magnet link that Riptide opens; a page changes nothing.
 */
export function tokenCookie(request: Request, token: string): string | undefined {
  const { pathname } = new URL(request.url);
  if (!isPage(pathname) || queryToken(request) === undefined) return undefined;
  return `${COOKIE_NAME}=${encodeURIComponent(token)}; Path=/; HttpOnly; SameSite=Lax`;
}

function bearerToken(request: Request): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
}

function queryToken(request: Request): string | undefined {
  return new URL(request.url).searchParams.get("token") ?? undefined;
}

function cookieToken(request: Request): string | undefined {
  const pairs = (request.headers.get("cookie") ?? "").split("; ");
  const value = pairs.find((pair) => pair.startsWith(`${COOKIE_NAME}=`))?.slice(COOKIE_NAME.length + 1);
  try {
    return value === undefined ? undefined : decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

/** Compares digests in constant time, so that neither length nor common prefix can be measured. */
function isSameSecret(left: string, right: string): boolean {
  return timingSafeEqual(sha256(left), sha256(right));
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
