import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, isIPv4, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock } from "@riptide/core";
import { type DialListener, readInto } from "../network/dial.ts";
import { failedSocket } from "../network/network.ts";
import { RestartDelays } from "../restart-delays.ts";
import type { PeerAddress } from "../types.ts";
import { encodeGateAddress, GATE_ADDRESS_BYTES, hearGateAddress } from "./gate-address.ts";
import type { Utp } from "./utp.ts";

const PROGRAM = fileURLToPath(new URL("./utp-process/main.cjs", import.meta.url));
/** How many peers can connect at the same moment without waiting for one another. */
const WAITING_SOCKETS = 4;
const FIRST_RESTART_DELAY_MS = 1_000;
const LAST_RESTART_DELAY_MS = 60_000;
/** How long a process may take to end once it is alone. */
const CLOSE_LIMIT_MS = 1_000;

export interface UtpOptions {
  /** An IPv4 literal of this machine, or 0.0.0.0 for all. */
  readonly host: string;
  /** Of UDP. */
  readonly port: number;
  readonly clock: Clock;
  /** A peer has connected to us. The socket is paused, and has no address of its own. */
  readonly accept: (socket: Socket, from: PeerAddress) => void;
  /** It cannot be used on this machine: why not. */
  readonly unavailable: (why: string) => void;
  /** It can be used: at the start, and whenever it comes back. */
  readonly opened?: () => void;
}

/**
 * Starts uTP in a process of its own, since utp-native brings down whatever thread it is in (docs/ARCHITECTURE.md). There may be no
 * such thing here, and it takes a while: until then, `reaches` says no. When the process dies, so do its connections, and the next is started.
 */
export function startUtp(options: UtpOptions): Utp {
  return new UtpTransport(options);
}

class UtpTransport implements Utp {
  readonly #options: UtpOptions;
  /** Where connections are handed over; undefined while they are not. */
  #path: string | undefined;
  #run: Promise<void>;
  #child: ChildProcess | undefined;
  #restartTimer: Disposable | undefined;
  readonly #restartDelays = new RestartDelays({ firstMs: FIRST_RESTART_DELAY_MS, lastMs: LAST_RESTART_DELAY_MS });
  #isClosed = false;

  constructor(options: UtpOptions) {
    this.#options = options;
    this.#run = this.#start();
  }

  reaches({ host }: PeerAddress): boolean {
    return this.#path !== undefined && isIPv4(host);
  }

  dial(target: PeerAddress, { buffer, onConnect, onBytes }: DialListener): Socket {
    const path = this.#path;
    if (path === undefined) return failedSocket(new Error("The process that speaks uTP is not there"));
    let unheardBytes = GATE_ADDRESS_BYTES;
    const hear = (bytes: Uint8Array): void => {
      if (unheardBytes === 0) return onBytes(bytes);
      // The peer that was asked for: nothing new in it.
      const heardBytes = Math.min(unheardBytes, bytes.length);
      unheardBytes -= heardBytes;
      if (unheardBytes > 0) return;
      onConnect();
      if (bytes.length > heardBytes && !socket.destroyed) onBytes(bytes.subarray(heardBytes));
    };
    const socket = connect({ path, ...readInto(buffer, hear) });
    socket.write(encodeGateAddress(target));
    return socket;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#restartTimer?.[Symbol.dispose]();
    const child = this.#child;
    if (child?.connected === true) child.disconnect();
    using _limit = this.#options.clock.setTimer(CLOSE_LIMIT_MS, () => child?.kill("SIGKILL"));
    await this.#run;
  }

  /** Resolves when the process has ended, and left nothing behind. */
  async #start(): Promise<void> {
    const { clock, unavailable } = this.#options;
    const startedMs = clock.nowMs();
    try {
      await this.#runInFolder();
    } catch (error) {
      return unavailable(error instanceof Error ? error.message : String(error));
    }
    if (this.#isClosed) return;
    this.#restartTimer = clock.setTimer(this.#restartDelays.afterRun(clock.nowMs() - startedMs), () => {
      this.#run = this.#start();
    });
  }

  /** Its local socket lies in a folder that only we may enter. */
  async #runInFolder(): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "riptide-utp-"));
    try {
      if (!this.#isClosed) await this.#runAt(join(folder, "gate"));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Resolves when the process has ended. Rejects with why it cannot be had. */
  async #runAt(path: string): Promise<void> {
    const { host, port } = this.#options;
    // It hears strangers and is written in C++: it gets nothing that it does not need, no token and no password of ours.
    const child = fork(PROGRAM, [path, host, `${port}`], {
      env: {},
      execArgv: [],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      child.once("message", (message) => {
        if (message === "open") this.#open(path);
        else reject(new Error(typeof message === "string" ? message : "its process speaks nonsense"));
      });
      child.once("error", reject);
      child.once("exit", () => {
        this.#path = undefined;
        resolve();
      });
    });
  }

  #open(path: string): void {
    this.#path = path;
    this.#options.opened?.();
    for (let waiting = 0; waiting < WAITING_SOCKETS; waiting += 1) this.#await(path);
  }

  /** Waits at the gate for a peer that connects to us; then the next one does. */
  #await(path: string): void {
    const socket = connect({ path });
    hearGateAddress(socket, (from) => {
      if (from === undefined) socket.destroy();
      else this.#options.accept(socket, from);
      if (this.#path === path) this.#await(path);
    });
    socket.on("error", () => undefined);
    socket.write(encodeGateAddress(undefined));
  }
}
