import { type BencodeDictionary, encodeBencode } from "../metainfo/bencode.ts";
import type { PeerAddress } from "../types.ts";
import { COMPACT_IPV4_BYTES, COMPACT_IPV6_BYTES, decodeCompactPeers, encodeCompactPeer } from "./compact-peers.ts";
import { bytesField, decodeDictionary } from "./extension-fields.ts";

/** Addresses taken from one message. BEP 11 allows 50 + 50 of each family; some clients send more, floods much more. */
export const MAX_PEX_PEERS = 200;
/** BEP 11: "no more than 50 added peers and 50 removed peers should be sent". */
const MAX_SENT_PEERS = 50;

/** BEP 11, bits of added.f. */
const PREFERS_ENCRYPTION = 0x01;
const IS_SEED = 0x02;

export interface PexPeer {
  readonly address: PeerAddress;
  readonly prefersEncryption: boolean;
  readonly isSeed: boolean;
}

export interface PeerExchange {
  readonly added: readonly PexPeer[];
  readonly dropped: readonly PeerAddress[];
}

/** Null if it is no dictionary; otherwise at most `MAX_PEX_PEERS` added and as many dropped addresses. */
export function parsePeerExchange(payload: Uint8Array): PeerExchange | null {
  const fields = decodeDictionary(payload)?.fields;
  if (fields === undefined) return null;
  const added = [...peersOf(fields, "added", COMPACT_IPV4_BYTES), ...peersOf(fields, "added6", COMPACT_IPV6_BYTES)];
  const dropped = [
    ...peersOf(fields, "dropped", COMPACT_IPV4_BYTES),
    ...peersOf(fields, "dropped6", COMPACT_IPV6_BYTES),
  ];
  return {
    added: added.slice(0, MAX_PEX_PEERS),
    dropped: dropped.slice(0, MAX_PEX_PEERS).map((peer) => peer.address),
  };
}

/** At most `MAX_SENT_PEERS` of each kind: the rest belongs into the next message, a minute later. */
export function encodePeerExchange(exchange: PeerExchange): Uint8Array {
  const added = exchange.added.slice(0, MAX_SENT_PEERS);
  const added4 = added.filter((peer) => !isIpv6(peer.address));
  const added6 = added.filter((peer) => isIpv6(peer.address));
  const dropped = exchange.dropped.slice(0, MAX_SENT_PEERS);
  return encodeBencode({
    added: compactList(added4.map((peer) => peer.address)),
    "added.f": Uint8Array.from(added4, flagsOf),
    added6: compactList(added6.map((peer) => peer.address)),
    "added6.f": Uint8Array.from(added6, flagsOf),
    dropped: compactList(dropped.filter((address) => !isIpv6(address))),
    dropped6: compactList(dropped.filter(isIpv6)),
  });
}

function isIpv6(address: PeerAddress): boolean {
  return address.host.includes(":");
}

function peersOf(
  fields: BencodeDictionary,
  name: string,
  entryBytes: typeof COMPACT_IPV4_BYTES | typeof COMPACT_IPV6_BYTES,
): PexPeer[] {
  const flags = bytesField(fields, `${name}.f`);
  const peers: PexPeer[] = [];
  for (const [index, address] of decodeCompactPeers(bytesField(fields, name), entryBytes, MAX_PEX_PEERS).entries()) {
    if (address === undefined) continue;
    const flag = flags[index] ?? 0;
    peers.push({ address, prefersEncryption: (flag & PREFERS_ENCRYPTION) !== 0, isSeed: (flag & IS_SEED) !== 0 });
  }
  return peers;
}

function flagsOf(peer: PexPeer): number {
  return (peer.prefersEncryption ? PREFERS_ENCRYPTION : 0) | (peer.isSeed ? IS_SEED : 0);
}

function compactList(addresses: readonly PeerAddress[]): Uint8Array {
  return Buffer.concat(addresses.map(encodeCompactPeer));
}
