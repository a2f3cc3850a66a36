import type { EngineHealth } from "@riptide/core";

/** How the engine is, as a sentence. */
export function healthLine({ state, problem }: EngineHealth): string {
  return state === "running" && problem !== undefined ? problem : `The torrent session is ${state}.`;
}

/** Whether that is worth a word to somebody who did not ask. */
export function isWell({ state, problem }: EngineHealth): boolean {
  return state === "running" && problem === undefined;
}
