import type { Socket } from "node:net";
import type { DialListener } from "../network/dial.ts";
import type { PeerAddress } from "../types.ts";

/** Connections to peers over uTP (BEP 29), for those that TCP does not reach: behind the same kind of socket. */
export interface Utp {
  /** Whether it can be tried: uTP is there, and knows addresses of this family. */
  reaches(address: PeerAddress): boolean;
  /** Starts a connection. Never throws: what fails is the socket. */
  dial(target: PeerAddress, listener: DialListener): Socket;
  /** Ends all connections. */
  close(): Promise<void>;
}
