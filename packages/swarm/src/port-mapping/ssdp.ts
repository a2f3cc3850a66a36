import { createSocket } from "node:dgram";
import { once } from "node:events";
import { BlockList } from "node:net";
import { networkInterfaces } from "node:os";
import { sleep } from "@riptide/core";
import { prefixLength } from "../network/interface-addresses.ts";
import type { PeerAddress } from "../types.ts";
import type { MappingRequest } from "./port-mapper.ts";

/** UPnP Device Architecture 1.1 §1.3.2: the group that all devices of a network listen to. */
export const SSDP_GROUP: PeerAddress = { host: "239.255.255.250", port: 1_900 };
/** A network has a router or two; who answers more often is playing games. */
const MAX_ANSWERS = 8;
/** One frame; answers are a few hundred bytes. */
const MAX_ANSWER_BYTES = 1_500;
const MAX_URL_CHARACTERS = 512;
/** How long devices may take (MX), and how long we wait. */
const ANSWER_SECONDS = 1;
const ANSWER_LIMIT_MS = 2_000;

/**
 * Asks the local network for routers; returns where each describes itself: http URLs of the very address that answered, which is one of our own
 * subnets. Anybody there may answer, and no answer may send us anywhere else.
 */
export async function findRouters(group: PeerAddress, { network, clock, signal }: MappingRequest): Promise<URL[]> {
  signal.throwIfAborted();
  const source = network.sourceAddress(4);
  const subnets = localSubnets(source);
  const socket = createSocket("udp4");
  socket.on("error", () => undefined);
  try {
    socket.bind({ port: 0, ...(source !== undefined && { address: source }) });
    await once(socket, "listening", { signal });
    const found = new Map<string, URL>();
    let answers = 0;
    socket.on("message", (datagram, { address }) => {
      answers += 1;
      if (answers > MAX_ANSWERS || !subnets.check(address)) return;
      const location = parseSsdpAnswer(datagram, address);
      if (location !== undefined) found.set(location.href, location);
    });
    // Datagrams get lost.
    for (let time = 0; time < 2; time++) socket.send(searchMessage(group), group.port, group.host, () => undefined);
    await sleep(clock, ANSWER_LIMIT_MS, signal);
    return [...found.values()];
  } finally {
    socket.close();
  }
}

/** The description's address in an answer of `senderHost`; undefined for anything that is none, or that leads elsewhere. */
export function parseSsdpAnswer(datagram: Uint8Array, senderHost: string): URL | undefined {
  if (datagram.length > MAX_ANSWER_BYTES) return undefined;
  const [statusLine = "", ...lines] = Buffer.from(datagram).toString("latin1").split("\r\n");
  if (!/^HTTP\/1\.[01] 200\b/.test(statusLine)) return undefined;
  const line = lines.find((candidate) => /^location:/i.test(candidate));
  return line === undefined ? undefined : urlOf(line.slice("location:".length).trim(), senderHost);
}

/** An http URL of this very host; undefined for every other one. */
export function urlOf(text: string, host: string, base?: URL): URL | undefined {
  if (text.length > MAX_URL_CHARACTERS || !URL.canParse(text, base?.href)) return undefined;
  const url = new URL(text, base);
  const isPlain = url.protocol === "http:" && url.username === "" && url.password === "";
  return isPlain && url.hostname === host ? url : undefined;
}

/** UPnP Device Architecture 1.1 §1.3.2. Devices of version 2 answer to 1 as well. */
function searchMessage({ host, port }: PeerAddress): string {
  const target = "urn:schemas-upnp-org:device:InternetGatewayDevice:1";
  const lines = [`HOST: ${host}:${port}`, 'MAN: "ssdp:discover"', `MX: ${ANSWER_SECONDS}`, `ST: ${target}`];
  return ["M-SEARCH * HTTP/1.1", ...lines, "", ""].join("\r\n");
}

/** Those that lead to other machines, or that of the only interface that may be used. */
function localSubnets(source: string | undefined): BlockList {
  const subnets = new BlockList();
  for (const { address, cidr, family, internal } of Object.values(networkInterfaces()).flatMap((all) => all ?? [])) {
    if (family !== "IPv4" || (source === undefined && internal)) continue;
    const prefixBits = prefixLength(cidr, address);
    const subnet = new BlockList();
    subnet.addSubnet(address, prefixBits, "ipv4");
    if (source === undefined || subnet.check(source)) subnets.addSubnet(address, prefixBits, "ipv4");
  }
  return subnets;
}
