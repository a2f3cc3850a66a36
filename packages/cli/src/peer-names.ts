import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { abortable } from "@riptide/core";
import type { PeerAddress } from "@riptide/swarm";

export interface NameSearch {
  readonly signal: AbortSignal;
  /** Told, in a sentence, of a name that nobody knows. */
  readonly note: (line: string) => void;
  readonly find?: (name: string) => Promise<readonly { readonly address: string }[]>;
}

/**
 * The addresses of peers that are named by whoever starts the program; a session takes addresses only, as what strangers write must not
 * make it ask a name server. A name may have several; one that nobody knows is left out, and told.
 */
export async function findPeers(peers: readonly PeerAddress[], search: NameSearch): Promise<PeerAddress[]> {
  return (await Promise.all(peers.map((peer) => findPeer(peer, search)))).flat();
}

async function findPeer(
  { host, port }: PeerAddress,
  { signal, note, find = findAll }: NameSearch,
): Promise<PeerAddress[]> {
  if (isIP(host) !== 0) return [{ host, port }];
  try {
    return (await abortable(find(host), signal)).map(({ address }) => ({ host: address, port }));
  } catch {
    signal.throwIfAborted();
    note(`--peer ${host}:${port} is left out: nobody knows this name now. Check it, or give its address.`);
    return [];
  }
}

async function findAll(name: string): Promise<readonly { readonly address: string }[]> {
  return await lookup(name, { all: true });
}
