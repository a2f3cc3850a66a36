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
export const startSessionThread = sessionThreadFrom(new URL("./session-worker.mjs", import.meta.url));

/** Of a file that runs the session: from source, or bundled. */
export function sessionThreadFrom(file: URL): StartSessionThread {
  return (settings, listener) => startThread(new Worker(file, { workerData: settings }), listener);
}

function startThread(worker: Worker, listener: SessionThreadListener): SessionThread {
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
}
