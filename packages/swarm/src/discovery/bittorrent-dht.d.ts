/** The part of bittorrent-dht 11 that `dht.ts` uses; the package has no types of its own. */
declare module "bittorrent-dht" {
  import type { EventEmitter } from "node:events";

  export interface Node {
    readonly host: string;
    readonly port: number;
  }

  export interface ClientOptions {
    /** Nodes to start from; `false` for none. */
    readonly bootstrap: readonly Node[] | false;
    /** What the RPC layer uses in place of a `dgram` socket. */
    readonly socket: EventEmitter;
    /** Addresses of peers kept for others. */
    readonly maxPeers: number;
    /** How long an announced peer is kept, in milliseconds. */
    readonly maxAge: number;
  }

  /** Emits `peer` (`Node`, info hash) for each address that any lookup finds. */
  export class Client extends EventEmitter {
    constructor(options: ClientOptions);
    readonly nodes: { count(): number };
    listen(port: number, address: string, onListening: () => void): void;
    address(): { readonly port: number };
    addNode(node: Node): void;
    /** Returns a function that ends the lookup at its next answer; `callback` comes in any case. */
    lookup(infoHash: string, callback: (error: Error | null) => void): () => void;
    announce(infoHash: string, port: number, callback: (error: Error | null) => void): void;
    destroy(callback: () => void): void;
  }
}
