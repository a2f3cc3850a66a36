import { peerAddress } from "../metainfo/peer-address.ts";
import type { PeerAddress } from "../types.ts";

const PORT_BYTES = 2;
const IPV4_BYTES = 4;
const IPV6_BYTES = 16;

/**
 * Reads compact peers: 4 (BEP 23) or 16 (BEP 7) bytes of address and 2 of port, big-endian, end to end. Takes the first `maxPeers`; addresses that
 * cannot be a peer and an incomplete last one are left out.
 */
export function decodeCompactPeers(bytes: Uint8Array, family: 4 | 6, maxPeers: number): PeerAddress[] {
  const addressBytes = family === 4 ? IPV4_BYTES : IPV6_BYTES;
  const stride = addressBytes + PORT_BYTES;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const peers: PeerAddress[] = [];
  for (let offset = 0; offset + stride <= bytes.length && peers.length < maxPeers; offset += stride) {
    const host = family === 4 ? ipv4Text(view, offset) : ipv6Text(view, offset);
    const peer = peerAddress(host, view.getUint16(offset + addressBytes));
    if (peer !== undefined) peers.push(peer);
  }
  return peers;
}

function ipv4Text(view: DataView, offset: number): string {
  return [0, 1, 2, 3].map((index) => view.getUint8(offset + index)).join(".");
}

function ipv6Text(view: DataView, offset: number): string {
  return [0, 2, 4, 6, 8, 10, 12, 14].map((index) => view.getUint16(offset + index).toString(16)).join(":");
}
