import { peerAddress } from "../metainfo/peer-address.ts";
import type { PeerAddress } from "../types.ts";

/** Bytes of one address in a compact list: host and port, big-endian (BEP 23; BEP 7 and BEP 11 for IPv6). */
export const COMPACT_IPV4_BYTES = 6;
export const COMPACT_IPV6_BYTES = 18;

/**
 * Reads at most `limit` entries of a compact list. Place by place, so that flags beside the list stay with their peer:
 * undefined where an entry names no single machine. A cut-off entry at the end is dropped.
 */
export function decodeCompactPeers(
  bytes: Uint8Array,
  entryBytes: typeof COMPACT_IPV4_BYTES | typeof COMPACT_IPV6_BYTES,
  limit: number,
): (PeerAddress | undefined)[] {
  const count = Math.min(limit, Math.floor(bytes.length / entryBytes));
  return Array.from({ length: count }, (_, index) => {
    const entry = Buffer.from(bytes.subarray(index * entryBytes, (index + 1) * entryBytes));
    const host = entry.subarray(0, entryBytes - 2);
    const text = entryBytes === COMPACT_IPV4_BYTES ? host.join(".") : host.toString("hex").replace(/.{4}(?!$)/g, "$&:");
    return peerAddress(text, entry.readUInt16BE(entryBytes - 2));
  });
}

/** Spells one address, an IP literal: 6 bytes for IPv4, 18 for IPv6. */
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
