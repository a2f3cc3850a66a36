import type { Clock, EngineHealth } from "@riptide/core";
import { RestartDelays } from "../restart-delays.ts";
import type { SessionCommand, SessionEvent, SessionSettings } from "../session/protocol.ts";
import { Deferred } from "./deferred.ts";
import { type SessionThread, type StartSessionThread, startSessionThread } from "./session-thread.ts";

/** How long `close` waits for the session to write down what it has. */
const CLOSE_LIMIT_MS = 5_000;
const FIRST_RESTART_DELAY_MS = 100;
const LAST_RESTART_DELAY_MS = 10_000;

export interface SessionSupervisorOptions {
  readonly settings: SessionSettings;
  readonly clock: Clock;
  readonly startThread?: StartSessionThread | undefined;
  /** What a session is told when it starts. */
  readonly briefing: () => Iterable<SessionCommand>;
  readonly event: (event: SessionEvent) => void;
  /** A session died; `cause` is undefined if the thread ended without an error. Another one follows. */
  readonly died: (cause: Error | undefined) => void;
  readonly healthChanged: (health: EngineHealth) => void;
}

/** Keeps a session running: one that dies is started again, later and later while it keeps dying. */
export class SessionSupervisor {
  readonly #options: SessionSupervisorOptions;
  readonly #releases = new Map<string, Deferred<void>>();
  #thread: SessionThread | undefined;
  #peerPort = new Deferred<number>();
  /** Peers know us by it, so the next session takes the same one, even if it was any free one at first. */
  #lastPort: number | undefined;
  #ended = new Deferred<void>();
  #health: EngineHealth = { state: "running", restarts: 0 };
  #startedMs = 0;
  readonly #restartDelays = new RestartDelays({ firstMs: FIRST_RESTART_DELAY_MS, lastMs: LAST_RESTART_DELAY_MS });
  #restartTimer: Disposable | undefined;

  constructor(options: SessionSupervisorOptions) {
    this.#options = options;
  }

  start(): void {
    const { settings, clock, briefing, startThread = startSessionThread } = this.#options;
    this.#startedMs = clock.nowMs();
    this.#ended = new Deferred();
    this.#thread = startThread(
      { ...settings, peerPort: this.#lastPort ?? settings.peerPort },
      {
        event: (event) => this.#handle(event),
        exited: (cause) => this.#exited(cause),
      },
    );
    for (const command of briefing()) this.#thread.send(command);
  }

  /** Does nothing while no session runs: the next one is briefed. */
  send(command: SessionCommand): void {
    this.#thread?.send(command);
  }

  /** Makes the session let go of a torrent; resolves when none has it open. The next briefing must not name it. */
  async release(infoHash: string): Promise<void> {
    if (this.#thread === undefined) return;
    const released = new Deferred<void>();
    this.#releases.set(infoHash, released);
    this.#thread.send({ type: "remove", infoHash });
    await released.wait();
  }

  health(): EngineHealth {
    return this.#health;
  }

  /** The port that peers can connect to, once a session listens. */
  peerPort(signal: AbortSignal): Promise<number> {
    return this.#peerPort.wait(signal);
  }

  /** Lets the session write down what it has, for a while, and ends it for good. */
  async close(): Promise<void> {
    this.#restartTimer?.[Symbol.dispose]();
    this.#setHealth({ state: "closed" });
    if (this.#thread === undefined) return;
    const limit = this.#options.clock.setTimer(CLOSE_LIMIT_MS, () => this.#ended.resolve());
    this.#thread.send({ type: "close" });
    await this.#ended.wait();
    limit[Symbol.dispose]();
    await this.#thread?.terminate();
  }

  #handle(event: SessionEvent): void {
    if (event.type === "closed") return this.#ended.resolve();
    if (event.type === "removed") return this.#released(event.infoHash);
    if (event.type === "listening") {
      this.#peerPort.resolve(event.port);
      this.#lastPort = event.port;
      if (this.#health.state === "restarting") this.#setHealth({ state: "running" });
      return;
    }
    this.#options.event(event);
  }

  #exited(cause: Error | undefined): void {
    this.#thread = undefined;
    this.#ended.resolve();
    for (const infoHash of this.#releases.keys()) this.#released(infoHash);
    if (this.#health.state === "closed") return;
    if (this.#peerPort.isResolved) this.#peerPort = new Deferred();
    const { clock, died } = this.#options;
    const delayMs = this.#restartDelays.afterRun(clock.nowMs() - this.#startedMs);
    this.#restartTimer = clock.setTimer(delayMs, () => this.start());
    died(cause);
    this.#setHealth({ state: "restarting", restarts: this.#health.restarts + 1 });
  }

  #released(infoHash: string): void {
    this.#releases.get(infoHash)?.resolve();
    this.#releases.delete(infoHash);
  }

  #setHealth(change: Partial<EngineHealth>): void {
    this.#health = { ...this.#health, ...change };
    this.#options.healthChanged(this.#health);
  }
}
