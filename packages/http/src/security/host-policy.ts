import { isIP } from "node:net";
import { HttpError } from "../http-error.ts";

/** Whether requests for this host name or address (canonical, lower case, without port) are ours to answer. */
export type HostPolicy = (hostname: string) => boolean;

export interface HostPolicyOptions {
  /** The address or name that the server is bound to. */
  readonly boundTo: string;
  /** More names under which it is reached, such as that of a reverse proxy. */
  readonly names?: readonly string[];
}

/**
 * Whom to answer: against DNS rebinding, where a page of `evil.example` gets its own name resolved to this machine
 * and is then of the same origin as the server. The attack needs a name; so names must be known ones, while a server
 * bound to every interface answers to every address literal.
 */
export function hostPolicy(options: HostPolicyOptions): HostPolicy {
  const boundTo = canonicalHostname(options.boundTo) ?? options.boundTo.toLowerCase();
  const known = new Set(["localhost", "127.0.0.1", "[::1]", boundTo]);
  for (const name of options.names ?? []) known.add(canonicalHostname(name) ?? name.toLowerCase());
  const answersToEveryAddress = boundTo === "0.0.0.0" || boundTo === "[::]";
  return (hostname) => known.has(hostname) || (answersToEveryAddress && isIP(hostname.replace(/^\[|\]$/g, "")) !== 0);
}

/**
 * Refuses a request that is not addressed to this server, before anything else looks at it. Both names count: of an
 * absolute-form target the authority holds and `Host` is to be ignored (RFC 9112 §3.2.2), yet somebody may not.
 */
export function assertHost(request: Request, isAllowed: HostPolicy): void {
  const host = request.headers.get("host");
  // RFC 9112 §3.2: no Host, more than one, or an invalid one is answered 400. Two lines arrive joined with a comma.
  const hostname = host === null ? undefined : canonicalHostname(host);
  if (hostname === undefined) throw new HttpError("bad_request", "The request needs exactly one valid Host header.");
  const target = canonicalHostname(new URL(request.url).host);
  if (!isAllowed(hostname) || target === undefined || !isAllowed(target)) {
    throw new HttpError(
      "misdirected",
      "This server does not answer to that host name. Start it with the name allowed.",
    );
  }
}

/**
 * The host of an authority as browsers spell it: lower case, without port and final dot, IPv6 in brackets.
 * `undefined` if it is none.
 */
function canonicalHostname(authority: string): string | undefined {
  const text = isIP(authority) === 6 ? `[${authority}]` : authority;
  if (!/^(\[[0-9a-f:.]+\]|[0-9a-z._-]+)(:\d{1,5})?$/i.test(text)) return undefined;
  try {
    return new URL(`http://${text}`).hostname.replace(/\.$/, "");
  } catch {
    return undefined;
  }
}
