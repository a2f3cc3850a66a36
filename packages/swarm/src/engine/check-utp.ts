import type { Clock } from "@riptide/core";
import { startUtp } from "../utp/index.ts";
import { Deferred } from "./deferred.ts";

/** A process that starts takes a fraction of a second. */
const START_LIMIT_MS = 10_000;

/** Why uTP cannot be used on this machine; undefined: it can. Rejects with the signal's reason. */
export async function checkUtp(clock: Clock, signal: AbortSignal): Promise<string | undefined> {
  const answer = new Deferred<string | undefined>();
  const utp = startUtp({
    host: "127.0.0.1",
    port: 0,
    clock,
    accept: (socket) => void socket.destroy(),
    unavailable: (why) => answer.resolve(why),
    opened: () => answer.resolve(undefined),
  });
  using _limit = clock.setTimer(START_LIMIT_MS, () => answer.resolve("its process does not start"));
  try {
    return await answer.wait(signal);
  } finally {
    await utp.close();
  }
}
