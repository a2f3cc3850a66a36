/** Connections of all torrents together, those that are being made included: well below the 1,024 file descriptors of a default shell. */
const MAX_CONNECTIONS = 400;

/** `wanted`: somebody reads, or waits for the list of files. `unknown`: its metadata is still to be fetched, or it is new. `idle`: all others. */
export type Need = "wanted" | "unknown" | "idle";

interface Budget {
  /** A greater need goes first. */
  readonly rank: number;
  /** Connections of one torrent, dials included. More peers cost memory and work and bring a stream nothing. */
  readonly connections: number;
  /** Dials that were not answered yet, at once: dead addresses take 5 s each, and a burst of SYNs makes home routers drop some. */
  readonly dials: number;
  /** Of all connections, what torrents with this need or a greater one may fill: the rest waits for greater needs. */
  readonly share: number;
}

const BUDGETS: Readonly<Record<Need, Budget>> = {
  // As many as libtorrent dials at once when a tracker has answered (`torrent_connect_boost`).
  wanted: { rank: 2, connections: 60, dials: 30, share: 1 },
  unknown: { rank: 1, connections: 60, dials: 20, share: 0.75 },
  // Enough to be found, to serve a few, and to start at once when somebody presses play.
  idle: { rank: 0, connections: 8, dials: 2, share: 0.5 },
};

/** One torrent, as far as its connections cost the others some. */
export interface Tenant {
  readonly need: Need;
  /** Connections, those that are being made included. */
  readonly size: number;
  readonly dials: number;
  /** The connection or dial that has been of no use for longest, if there is any. */
  longestIdle(): { readonly sinceMs: number; readonly giveWay: () => void } | undefined;
}

/**
 * Who may open connections, of those that all torrents share. Policy only: the connections of torrents that are needed less
 * never stand in the way of one that is needed more; they are closed for it when all are taken. Torrents that are needed
 * alike may all have as many: who has more than that gives some up to who has less, and only then.
 */
export class ConnectionBudget {
  readonly #limit: number;
  readonly #tenants = new Set<Tenant>();
  /** For whom a connection is being closed: nobody else may take its place meanwhile. */
  #heir: Tenant | undefined;

  constructor(limit = MAX_CONNECTIONS) {
    this.#limit = limit;
  }

  enter(tenant: Tenant): void {
    this.#tenants.add(tenant);
  }

  leave(tenant: Tenant): void {
    this.#tenants.delete(tenant);
  }

  /** How many addresses it may dial now. */
  freeDials(tenant: Tenant): number {
    return Math.max(0, Math.min(BUDGETS[tenant.need].dials - tenant.dials, this.#freeConnections(tenant)));
  }

  mayAccept(tenant: Tenant): boolean {
    return this.#freeConnections(tenant) > 0;
  }

  /**
   * Call it right before each connection that opens. When all places are taken, one is given up: by the equal that has most,
   * if they fill theirs, else by one of the least needed torrents.
   */
  makeRoomFor(tenant: Tenant): void {
    const { places, equals, fairShare } = this.#standing(tenant);
    if (sizeOf(equals) >= places) {
      const rich = equals.filter((other) => other.size > fairShare).sort((a, b) => b.size - a.size);
      this.#giveWay(rich.slice(0, 1), tenant);
    } else if (sizeOf([...this.#tenants]) >= this.#limit) {
      const { rank } = BUDGETS[tenant.need];
      const lesser = [...this.#tenants].filter((other) => BUDGETS[other.need].rank < rank && other.size > 0);
      const least = Math.min(...lesser.map((other) => BUDGETS[other.need].rank));
      const candidates = lesser.filter((other) => BUDGETS[other.need].rank === least);
      this.#giveWay(candidates, tenant);
    }
  }

  /** Of all connections of these the one goes that has been of no use for longest. */
  #giveWay(tenants: readonly Tenant[], heir: Tenant): void {
    const idle = tenants.map((other) => other.longestIdle()).filter((candidate) => candidate !== undefined);
    const [first] = idle.sort((a, b) => a.sinceMs - b.sinceMs);
    this.#heir = heir;
    first?.giveWay();
    this.#heir = undefined;
  }

  #freeConnections(tenant: Tenant): number {
    if (this.#heir !== undefined && this.#heir !== tenant) return 0;
    const { places, equals, fairShare } = this.#standing(tenant);
    const surplus = equals.reduce((sum, { size }) => sum + Math.max(0, size - fairShare), 0);
    const claim = Math.min(fairShare - tenant.size, surplus);
    return Math.min(BUDGETS[tenant.need].connections - tenant.size, Math.max(places - sizeOf(equals), claim));
  }

  /** The places that those needed alike may fill together, and each of them at least: one, if there are so many of them. */
  #standing({ need }: Tenant): { places: number; equals: Tenant[]; fairShare: number } {
    const { rank, share } = BUDGETS[need];
    const tenants = [...this.#tenants];
    const equals = tenants.filter((other) => BUDGETS[other.need].rank === rank);
    const greater = tenants.filter((other) => BUDGETS[other.need].rank > rank);
    const places = Math.max(0, Math.floor(this.#limit * share) - sizeOf(greater));
    return { places, equals, fairShare: Math.max(1, Math.floor(places / Math.max(1, equals.length))) };
  }
}

function sizeOf(tenants: readonly Tenant[]): number {
  return tenants.reduce((sum, { size }) => sum + size, 0);
}
