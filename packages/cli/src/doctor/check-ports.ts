import { once } from "node:events";
import { createServer } from "node:net";
import { type Clock, RiptideError } from "@riptide/core";
import { checkNetwork, checkUtp } from "@riptide/swarm";
import type { ServeOptions } from "../arguments.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** A server on this machine answers at once, or not at all. */
const ANSWER_LIMIT_MS = 2_000;

/** Whether the page can be served where it is to be. */
export async function checkHttpPort({ host, port }: Pick<ServeOptions, "host" | "port">): Promise<Finding> {
  if (port === 0) return ok("http-port", "Any free port is taken for the page.");
  const problem = await bindProblem(host, port);
  if (problem === undefined) return ok("http-port", `Port ${port} on ${host} is free for the page.`);
  if (problem === "EADDRINUSE") {
    if (await isRiptide(host, port)) return ok("http-port", `A Riptide answers at port ${port} on ${host} already.`);
    const advice = "Stop the program that holds it, or choose another one with --port (0 takes any free one).";
    return fail("http-port", `Port ${port} on ${host} is in use. ${advice}`);
  }
  if (problem === "EACCES") {
    const advice = "Choose one above 1023 with --port.";
    return fail("http-port", `Port ${port} on ${host} may only be used by an administrator. ${advice}`);
  }
  const advice = "Choose an address of this machine with --host, such as 127.0.0.1.";
  return fail("http-port", `This machine cannot listen on ${host} (${problem}). ${advice}`);
}

/** Whether peers can connect to where they are told to. */
export async function checkPeerPort(options: ServeOptions): Promise<Finding> {
  const { peerHost, peerPort, proxy, bindInterface, useLsd: lsd } = options;
  try {
    const network = { proxy, bindInterface };
    await checkNetwork({ peerHost, peerPort, dht: undefined, lsd, uploadBytesPerSecond: undefined, network });
  } catch (error) {
    if (!(error instanceof RiptideError)) throw error;
    return fail("peer-port", error.message);
  }
  if (proxy !== undefined) return ok("peer-port", "Through the proxy nobody connects to us.");
  if (peerPort === 0) return ok("peer-port", "Any free port is taken for peers.");
  const problem = await bindProblem(bindInterface === undefined ? peerHost : "0.0.0.0", peerPort);
  if (problem === undefined) {
    return ok(
      "peer-port",
      `Port ${peerPort} is free for peers; a router in between must let them in (--port-mapping asks it to).`,
    );
  }
  const advice = "Stop the program that holds it, or choose another one with --peer-port.";
  return warn(
    "peer-port",
    `Port ${peerPort} cannot be used for peers (${problem}): another one is taken instead. ${advice}`,
  );
}

/** Whether peers can be reached where TCP does not go. Nothing can be done about it, and little is lost without. */
export async function checkUtpProcess(
  { useUtp, proxy }: Pick<ServeOptions, "useUtp" | "proxy">,
  clock: Clock,
  signal: AbortSignal,
): Promise<Finding> {
  if (!useUtp) return ok("utp", "uTP is not used.");
  if (proxy !== undefined) return ok("utp", "Through the proxy uTP is not used.");
  const problem = await checkUtp(clock, signal);
  if (problem === undefined) return ok("utp", "Peers that TCP does not reach are tried over uTP.");
  return ok("utp", `Peers are reached over TCP alone: uTP does not run here (${problem}).`);
}

/** The system's code for why nobody can listen there; undefined if one can. */
async function bindProblem(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  server.listen({ host, port });
  try {
    await once(server, "listening");
    return undefined;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "unknown";
  } finally {
    server.close();
  }
}

async function isRiptide(host: string, port: number): Promise<boolean> {
  const reached = { "0.0.0.0": "127.0.0.1", "::": "::1" }[host] ?? host;
  const authority = reached.includes(":") ? `[${reached}]` : reached;
  try {
    const answer = await fetch(`http://${authority}:${port}/livez`, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
    return answer.headers.has("x-request-id") && (await answer.text()) === '{"status":"ok"}';
  } catch {
    return false;
  }
}
