/** The part of utp-native 2 that `utp-gate.ts` uses; the package has no types of its own. */
declare module "utp-native" {
  import type { EventEmitter } from "node:events";
  import type { Duplex } from "node:stream";

  /** Emits `connect` once it stands; takes writes no faster than they leave, but reads whatever comes, asked for or not. */
  interface Connection extends Duplex {
    readonly remoteAddress: string;
    readonly remotePort: number;
  }

  /** One UDP socket (IPv4) and its connections. Emits `listening`, `connection` and `error`. */
  interface Socket extends EventEmitter {
    /** From this many on, its own included, nobody else's are taken. */
    maxConnections: number;
    listen(port: number, host: string): void;
    /** Of the kernel; once it listens. */
    setRecvBufferSize(bytes: number): void;
    address(): { readonly port: number };
    connect(port: number, host: string): Connection;
  }

  function createSocket(options: { readonly allowHalfOpen: boolean }): Socket;
  namespace createSocket {
    export type { Connection, Socket };
  }
  export = createSocket;
}
