/** What the choice is made from. `Key` is whatever the caller knows its peers by. */
export interface ChokerPeer<Key> {
  readonly key: Key;
  /** It wants something we have; the others need no slot. */
  readonly interested: boolean;
  /** Bytes per second that it gives us. */
  readonly downloadRate: number;
  /** Bytes per second that we give it. */
  readonly uploadRate: number;
}

export interface ChokerOptions<Key> {
  /** Peers unchoked at once, the optimistic one included. */
  readonly slots: number;
  /** We have all pieces: nobody can pay us back, so those count that take most. */
  readonly isSeed: boolean;
  /** Who has the optimistic slot; undefined draws anew. */
  readonly optimistic: Key | undefined;
  /** In [0, 1). */
  readonly random: () => number;
}

/**
 * Who is unchoked for the next round (BEP 3, choking): tit for tat, so that peers who give us most get most, and one
 * optimistic slot, so that a newcomer with nothing to give yet can show what it is worth.
 */
export function chooseUnchoked<Key>(peers: readonly ChokerPeer<Key>[], options: ChokerOptions<Key>): Set<Key> {
  const unchoked = new Set(chooseRegular(peers, options));
  const optimistic = chooseOptimistic(peers, options);
  if (optimistic !== undefined) unchoked.add(optimistic);
  return unchoked;
}

/**
 * Who gets the optimistic slot: the present holder if it still needs it, otherwise one by lot, or undefined if all
 * have a slot. BEP 3 passes it on every 30 s: each third round of 10 s the caller asks with `optimistic: undefined`,
 * and gives the answer to `chooseUnchoked`.
 */
export function chooseOptimistic<Key>(peers: readonly ChokerPeer<Key>[], options: ChokerOptions<Key>): Key | undefined {
  if (options.slots < 2) return undefined;
  const regular = new Set(chooseRegular(peers, options));
  const candidates = peers.filter((peer) => peer.interested && !regular.has(peer.key));
  const holder = candidates.find((peer) => peer.key === options.optimistic);
  return (holder ?? candidates[Math.floor(options.random() * candidates.length)])?.key;
}

function chooseRegular<Key>(peers: readonly ChokerPeer<Key>[], options: ChokerOptions<Key>): Key[] {
  const rate = (peer: ChokerPeer<Key>): number => (options.isSeed ? peer.uploadRate : peer.downloadRate);
  const slots = options.slots < 2 ? options.slots : options.slots - 1;
  return peers
    .filter((peer) => peer.interested)
    .sort((left, right) => rate(right) - rate(left))
    .slice(0, Math.max(0, slots))
    .map((peer) => peer.key);
}
