import { shownHash } from "@riptide/core";
import type { SessionEvent } from "../session/protocol.ts";

/** What the log is told of an event of the session, and with which detail; undefined: nothing. */
export function logLineOf(event: SessionEvent): readonly [what: string, detail: string] | undefined {
  switch (event.type) {
    case "checked":
      return event.isRight ? undefined : ["A piece is not on the disk as it was written", shownHash(event.infoHash)];
    case "storage":
      return event.problem && ["A piece could not be stored", event.problem.detail];
    case "portMapping":
      return event.problem === undefined ? undefined : ["The router opens no port for Riptide", event.problem];
    case "noUtp":
      return ["Peers are not reached over uTP here", event.why];
    case "failed":
      return ["A torrent could not be opened", event.failure.detail];
    case "listening":
    case "ready":
    case "verified":
    case "evicted":
    case "figures":
    case "provenPeers":
    case "removed":
    case "closed":
      return undefined;
  }
}
