import type { OnReadOpts, Socket, TcpSocketConnectOpts } from "node:net";
import { assertInvariant } from "@riptide/core";
import { Network } from "../../src/network/network.ts";
import type { PeerAddress } from "../../src/types.ts";

/** A way out of this machine that leads to simulated peers. */
export class SimulatedNetwork extends Network {
  readonly #dial: (host: string, onread: OnReadOpts) => Socket;

  constructor(dial: (host: string, onread: OnReadOpts) => Socket) {
    super({});
    this.#dial = dial;
  }

  override connectDirectly({ host }: PeerAddress, { onread }: Partial<TcpSocketConnectOpts> = {}): Socket {
    assertInvariant(onread !== undefined, "Peers are read into a buffer of the wire");
    return this.#dial(host, onread);
  }
}
