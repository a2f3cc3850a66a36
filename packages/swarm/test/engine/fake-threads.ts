import type { SessionThreadListener, StartSessionThread } from "../../src/engine/session-thread.ts";
import type { SessionCommand, SessionEvent, SessionSettings } from "../../src/session/protocol.ts";

/** A session that writes down what it is told, and says and does what a test wants. */
export interface FakeThread {
  readonly settings: SessionSettings;
  readonly commands: SessionCommand[];
  isTerminated: boolean;
  say(event: SessionEvent): void;
  die(cause?: Error): void;
}

/** Starts fake sessions; `threads` holds all that were started. By itself one answers `remove`, `check` and `close`, as it should. */
export function fakeThreads(options: { isDeaf?: () => boolean } = {}): {
  threads: FakeThread[];
  startThread: StartSessionThread;
} {
  const threads: FakeThread[] = [];
  const startThread: StartSessionThread = (settings, listener) => {
    const thread = createThread(settings, listener);
    threads.push(thread);
    return {
      send: (command) => {
        thread.commands.push(structuredClone(command));
        if (options.isDeaf?.() === true) return;
        if (command.type === "remove") queueMicrotask(() => thread.say({ ...command, type: "removed" }));
        if (command.type === "check") queueMicrotask(() => thread.say({ ...command, type: "checked", isRight: true }));
        if (command.type === "close") queueMicrotask(() => thread.say({ type: "closed" }));
      },
      terminate: async () => {
        thread.isTerminated = true;
        thread.die();
      },
    };
  };
  return { threads, startThread };
}

function createThread(settings: SessionSettings, listener: SessionThreadListener): FakeThread {
  let isAlive = true;
  return {
    settings,
    commands: [],
    isTerminated: false,
    say: (event) => {
      if (isAlive) listener.event(event);
    },
    die: (cause) => {
      if (isAlive) listener.exited(cause);
      isAlive = false;
    },
  };
}
