import { decodeCompactPeers } from "../discovery/compact-peers.ts";
import { type BencodeDictionary, encodeBencode } from "../metainfo/bencode.ts";
import type { PeerAddress } from "../types.ts";
import { encodeCompactPeer } from "./compact-peer.ts";
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
  const added = [...peersOf(fields, "added", 4), ...peersOf(fields, "added6", 6)];
  const dropped = [...peersOf(fields, "dropped", 4), ...peersOf(fields, "dropped6", 6)];
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

/** Entry by entry, so that a flag stays with its peer where an entry beside it is nobody's address. */
function peersOf(fields: BencodeDictionary, name: string, family: 4 | 6): PexPeer[] {
  const bytes = bytesField(fields, name);
  const flags = bytesField(fields, `${name}.f`);
  const entryBytes = family === 4 ? 6 : 18;
  const count = Math.min(MAX_PEX_PEERS, Math.floor(bytes.length / entryBytes));
  const peers: PexPeer[] = [];
  for (let index = 0; index < count; index++) {
    const [address] = decodeCompactPeers(bytes.subarray(index * entryBytes, (index + 1) * entryBytes), family, 1);
    const flag = flags[index] ?? 0;
    if (address === undefined) continue;
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
