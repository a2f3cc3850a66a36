import { Worker } from "node:worker_threads";
import type { SessionCommand, SessionEvent, SessionSettings } from "../session/protocol.ts";

/** A session that runs somewhere else: it can die without taking anybody with it. */
export interface SessionThread {
  send(command: SessionCommand): void;
  /** Ends the thread at once, without letting the session close. */
  terminate(): Promise<void>;
}

export interface SessionThreadListener {
  event(event: SessionEvent): void;
  /** The thread is gone: exactly once, for whatever reason. */
  exited(cause: Error | undefined): void;
}

export type StartSessionThread = (settings: SessionSettings, listener: SessionThreadListener) => SessionThread;

/** Runs the torrent session in a worker thread, so that hashing and sockets never delay an HTTP response. */
export const startSessionThread: StartSessionThread = (settings, listener) => {
  const worker = new Worker(new URL("./session-worker.mjs", import.meta.url), { workerData: settings });
  let cause: Error | undefined;
  worker.on("message", (event: SessionEvent) => listener.event(event));
  worker.on("error", (error) => {
    cause = error instanceof Error ? error : new Error("The torrent session failed", { cause: error });
  });
  worker.once("exit", () => listener.exited(cause));
  return {
    send: (command) => worker.postMessage(command),
    terminate: async () => {
      await worker.terminate();
    },
  };
};
