import type { Clock } from "@riptide/core";
import { withDeadline } from "../metainfo/deadline.ts";
import type { Network } from "../network/network.ts";
import type { PeerAddress } from "../types.ts";
import { defaultGateway } from "./default-gateway.ts";
import { mapByGateway } from "./map-by-gateway.ts";
import { mapByUpnp } from "./map-by-upnp.ts";
import { type Lease, type MapPort, MappingError, type MappingRequest, noAnswer } from "./port-mapper.ts";
import { SSDP_GROUP } from "./ssdp.ts";

/** A router that was off, or said no, is asked again after this. */
const RETRY_MS = 10 * 60_000;
/** Who lends a port for less than this is asked no more often than that. */
const MIN_RENEWAL_MS = 60_000;
const MAX_RENEWAL_MS = 60 * 60_000;
/** How long `close` waits for the router: it forgets the mapping by itself when its time is over. */
const UNMAP_LIMIT_MS = 1_000;

/** Where routers are asked; the usual places unless given. Plain data: it crosses a thread. */
export interface PortMappingSettings {
  readonly gateway?: PeerAddress | undefined;
  readonly ssdpGroup?: PeerAddress | undefined;
}

export interface PortMappingOptions {
  readonly settings: PortMappingSettings;
  readonly network: Network;
  readonly clock: Clock;
  /** TCP port that we listen on, over IPv4. */
  readonly port: number;
  /** Told when the port is mapped (undefined), and why it is not; once each time that changes. */
  readonly told: (problem: string | undefined) => void;
}

export interface PortMapping {
  /** Takes the mapping back; takes a second at most. Never rejects. */
  close(): Promise<void>;
}

/** Has the router lead a port of its own to ours, for as long as it is not closed: by PCP, NAT-PMP or UPnP. */
export function startPortMapping(options: PortMappingOptions): PortMapping {
  const { gateway, ssdpGroup = SSDP_GROUP } = options.settings;
  const byGateway: MapPort = async (request) => {
    const router = gateway ?? (await defaultGateway(options.network.interfaceName));
    if (router === undefined) throw new MappingError("the router's address is not known");
    return await mapByGateway(router, request);
  };
  return new RenewedMapping(options, [byGateway, (request) => mapByUpnp(ssdpGroup, request)]);
}

/** A port that one of several means maps, renewed at half of its time. */
export class RenewedMapping implements PortMapping {
  readonly #options: PortMappingOptions;
  readonly #means: readonly MapPort[];
  readonly #abort = new AbortController();
  #lease: Lease | undefined;
  #timer: Disposable | undefined;
  #running: Promise<void>;
  #lastTold: string | undefined = "";
  #closed: Promise<void> | undefined;

  constructor(options: PortMappingOptions, means: readonly MapPort[]) {
    this.#options = options;
    this.#means = means;
    this.#running = this.#renew();
  }

  async close(): Promise<void> {
    this.#closed ??= this.#giveBack();
    await this.#closed;
  }

  async #renew(): Promise<void> {
    const { clock, network, port } = this.#options;
    const { signal } = this.#abort;
    const outcome = await this.#mapByAny({ network, clock, port, signal }).catch((error: unknown) => reasonOf(error));
    // One that could not be renewed is taken back at the end all the same.
    if (typeof outcome !== "string") this.#lease = outcome;
    if (signal.aborted) return;
    this.#tell(typeof outcome === "string" ? outcome : undefined);
    const delayMs = typeof outcome === "string" ? RETRY_MS : renewalMs(outcome);
    this.#timer = clock.setTimer(delayMs, () => {
      this.#running = this.#renew();
    });
  }

  async #mapByAny(request: MappingRequest): Promise<Lease> {
    let failure: unknown;
    for (const map of this.#means) {
      try {
        return await map(request);
      } catch (error) {
        request.signal.throwIfAborted();
        failure = error;
      }
    }
    throw failure;
  }

  #tell(problem: string | undefined): void {
    if (problem === this.#lastTold) return;
    this.#lastTold = problem;
    this.#options.told(problem);
  }

  async #giveBack(): Promise<void> {
    const { clock } = this.#options;
    this.#timer?.[Symbol.dispose]();
    this.#abort.abort(new MappingError("the session is closed"));
    await this.#running;
    const lease = this.#lease;
    if (lease === undefined) return;
    const { signal } = new AbortController();
    const unmapping = withDeadline({ clock, signal, timeoutMs: UNMAP_LIMIT_MS, timeoutError: noAnswer }, (inTime) =>
      lease.unmap(inTime),
    );
    await unmapping.catch(() => undefined);
  }
}

function renewalMs({ seconds }: Lease): number {
  return Math.min(Math.max((seconds * 1_000) / 2, MIN_RENEWAL_MS), MAX_RENEWAL_MS);
}

function reasonOf(error: unknown): string {
  return error instanceof MappingError ? error.message : "the router cannot be reached";
}
