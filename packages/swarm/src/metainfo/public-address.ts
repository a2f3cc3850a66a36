import { BlockList, isIPv4, isIPv6 } from "node:net";

/**
 * Not reachable by the whole internet (IANA special-purpose address registry, RFC 6890): this host, private and shared networks, link-local
 * (where clouds keep their credentials), documentation, benchmarks, multicast, reserved.
 */
const SPECIAL_IPV4: readonly (readonly [network: string, prefixBits: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];

/** RFC 4291 §2.4: global unicast. Loopback, ULA, link-local, mapped IPv4 and NAT64 (RFC 6052) lie outside of it. */
const GLOBAL_IPV6: readonly [network: string, prefixBits: number] = ["2000::", 3];

/** Inside of it: Teredo and other protocols (RFC 2928), documentation (RFC 3849, RFC 9637), 6to4 (RFC 3056), which hides any IPv4. */
const SPECIAL_IPV6: readonly (readonly [network: string, prefixBits: number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

const specialIpv4 = blockList("ipv4", SPECIAL_IPV4);
const globalIpv6 = blockList("ipv6", [GLOBAL_IPV6]);
const specialIpv6 = blockList("ipv6", SPECIAL_IPV6);

/** Whether an IP literal (no brackets) is one that the whole internet can reach. What is no address is not. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !specialIpv4.check(address, "ipv4");
  // A zone ("%eth0") only makes sense in a network of this machine.
  if (!isIPv6(address) || address.includes("%")) return false;
  return globalIpv6.check(address, "ipv6") && !specialIpv6.check(address, "ipv6");
}

function blockList(family: "ipv4" | "ipv6", networks: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [network, prefixBits] of networks) list.addSubnet(network, prefixBits, family);
  return list;
}
