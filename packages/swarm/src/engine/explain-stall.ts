import { StreamError } from "@riptide/core";
import type { Failure } from "../session/protocol.ts";

/** Why nothing comes, from what is known of a torrent: for the person who watches. */
export function explainStall(torrent: {
  readonly connectedPeers: number;
  readonly bannedHosts: number;
  readonly problem: Failure | undefined;
  /** What lies on the disk was looked at. */
  readonly isChecked: boolean;
}): StreamError {
  const { connectedPeers, bannedHosts, problem, isChecked } = torrent;
  if (problem !== undefined) return new StreamError(problem.code, problem.message);
  if (!isChecked) {
    return new StreamError(
      "storage_failed",
      "The disk does not answer while what is on it is checked. Try again later.",
    );
  }
  if (connectedPeers === 0 && bannedHosts > 0) {
    return new StreamError(
      "no_valid_source",
      "Every peer that answered sent damaged data and was banned. Add a tracker or a peer that has the real file.",
    );
  }
  if (connectedPeers === 0) {
    return new StreamError(
      "no_peers",
      "No peer answers for this torrent. Check the network connection, or try again later when somebody shares it.",
    );
  }
  return new StreamError(
    "no_peers",
    `None of the ${connectedPeers} connected peers has delivered this part. Try another position, or try again later.`,
  );
}
