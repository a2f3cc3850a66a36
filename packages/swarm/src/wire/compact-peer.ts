import type { PeerAddress } from "../types.ts";

/** Spells one address, an IP literal, as compact lists do (BEP 11): host and port, big-endian, 6 bytes for IPv4, 18 for IPv6. */
export function encodeCompactPeer(address: PeerAddress): Uint8Array {
  const host = address.host.includes(":") ? ipv6Groups(address.host) : address.host.split(".").map(Number);
  return Uint8Array.of(...host, address.port >>> 8, address.port & 255);
}

function ipv6Groups(host: string): number[] {
  // The URL parser leaves hexadecimal groups and one "::" of every spelling.
  const [head = "", tail = ""] = new URL(`http://[${host}]`).hostname.slice(1, -1).split("::");
  const before = head.split(":").filter(Boolean);
  const after = tail.split(":").filter(Boolean);
  const groups = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => "0"), ...after];
  return groups.map((group) => Number.parseInt(group, 16)).flatMap((group) => [group >>> 8, group & 255]);
}
