import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { childrenOf } from "../../../../test/support/command-line.ts";
import { realClock } from "../../../../test/support/test-engine.ts";
import { waitUntil } from "../../../../test/support/wait.ts";
import type { PeerAddress } from "../../src/types.ts";
import { startUtp, type Utp } from "../../src/utp/index.ts";

const HOST = "127.0.0.1";

/** One end of uTP on loopback. */
export interface UtpEnd extends AsyncDisposable {
  readonly utp: Utp;
  readonly address: PeerAddress;
  /** Those that have connected, in order. */
  readonly accepted: { readonly socket: Socket; readonly from: PeerAddress }[];
  readonly problems: string[];
  /** Resolves once it can be dialled with. */
  ready(): Promise<void>;
}

export function startEnd(port: number, host = HOST): UtpEnd {
  const accepted: UtpEnd["accepted"] = [];
  const problems: string[] = [];
  const utp = startUtp({
    host,
    port,
    clock: realClock,
    accept: (socket, from) => {
      socket.on("error", () => undefined);
      accepted.push({ socket, from });
    },
    unavailable: (why) => problems.push(why),
  });
  const address = { host: HOST, port };
  return {
    utp,
    address,
    accepted,
    problems,
    ready: () => until(() => utp.reaches(address)),
    [Symbol.asyncDispose]: () => utp.close(),
  };
}

/** A connection that was dialled, and what came of it. */
export class Dialled {
  readonly socket: Socket;
  isConnected = false;
  isClosed = false;
  heard = Buffer.alloc(0);

  constructor(from: UtpEnd, to: PeerAddress) {
    this.socket = from.utp.dial(to, {
      buffer: Buffer.alloc(64 * 1024),
      onConnect: () => {
        this.isConnected = true;
      },
      onBytes: (bytes) => {
        this.heard = Buffer.concat([this.heard, bytes]);
      },
    });
    // As our wires do: who is half closed is of no use.
    this.socket
      .on("end", () => this.socket.destroy())
      .on("error", () => undefined)
      .on("close", () => {
        this.isClosed = true;
      });
  }
}

export async function until(isMet: () => boolean | Promise<boolean>): Promise<void> {
  await waitUntil(isMet.toString(), isMet);
}

/** The processes of uTP that this one has started, by their numbers (Linux). */
export async function utpProcesses(): Promise<number[]> {
  return (await childrenOf(process.pid)).filter((pid) => readProc(pid, "cmdline").includes("utp-process"));
}

export function readProc(pid: number, file: "cmdline" | "environ"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    // It has ended meanwhile.
    return "";
  }
}
