// The global of that name is a getter, which costs something where it is asked for each block.
import { performance } from "node:perf_hooks";
import { parentPort, workerData } from "node:worker_threads";
import { assertInvariant, clockFrom } from "@riptide/core";
import type { SessionCommand, SessionEvent, SessionSettings } from "../session/protocol.ts";
import { openSession } from "../session/session.ts";

const port = parentPort;
assertInvariant(port !== null, "The session worker runs in a thread of its own");

const settings: SessionSettings = workerData;
const session = await openSession({
  settings,
  clock: clockFrom({
    nowMs: () => performance.now(),
    setTimeout,
    clearTimeout,
  }),
  emit: (event: SessionEvent) => {
    port.postMessage(event);
    if (event.type === "closed") port.close();
  },
});
port.on("message", (command: SessionCommand) => session.handle(command));
