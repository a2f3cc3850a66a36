/** Connections of all torrents together, those that are being made included: well below the 1,024 file descriptors of a default shell. */
const MAX_CONNECTIONS = 400;

/** `wanted`: somebody reads, or waits for the list of files. `unknown`: its metadata is still to be fetched. `idle`: all others. */
export type Need = "wanted" | "unknown" | "idle";

interface Budget {
  /** A greater need goes first. */
  readonly rank: number;
  /** Connections of one torrent, dials included. More peers cost memory and work and bring a stream nothing. */
  readonly connections: number;
  /** Dials under way at once: dead addresses take 5 s each, and a burst of SYNs makes home routers drop some. */
  readonly dials: number;
  /** Of all connections, what torrents with this need or a greater one may fill: the rest waits for greater needs. */
  readonly share: number;
}

const BUDGETS: Readonly<Record<Need, Budget>> = {
  wanted: { rank: 2, connections: 60, dials: 20, share: 1 },
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
 * never stand in the way of one that is needed more; they are closed for it when all are taken.
 */
export class ConnectionBudget {
  readonly #limit: number;
  readonly #tenants = new Set<Tenant>();

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

  /** Call it before each connection that opens: when all are taken, one of the least needed torrents goes. */
  makeRoomFor(tenant: Tenant): void {
    if (sizeOf([...this.#tenants]) < this.#limit) return;
    const { rank } = BUDGETS[tenant.need];
    const lesser = [...this.#tenants].filter((other) => BUDGETS[other.need].rank < rank && other.size > 0);
    const least = Math.min(...lesser.map((other) => BUDGETS[other.need].rank));
    const idle = lesser.filter((other) => BUDGETS[other.need].rank === least).map((other) => other.longestIdle());
    const [first] = idle.filter((candidate) => candidate !== undefined).sort((a, b) => a.sinceMs - b.sinceMs);
    first?.giveWay();
  }

  #freeConnections(tenant: Tenant): number {
    const { rank, connections, share } = BUDGETS[tenant.need];
    const rivals = [...this.#tenants].filter((other) => BUDGETS[other.need].rank >= rank);
    return Math.min(connections - tenant.size, Math.floor(this.#limit * share) - sizeOf(rivals));
  }
}

function sizeOf(tenants: readonly Tenant[]): number {
  return tenants.reduce((sum, { size }) => sum + size, 0);
}
