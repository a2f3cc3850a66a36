import { RiptideError } from "@riptide/core";
import { openPeerServers } from "../network/peer-servers.ts";

/** A session that cannot listen would die at once, again and again: better not to start. */
export async function checkPeerHost(host: string): Promise<void> {
  try {
    const servers = await openPeerServers({ hosts: [host], port: 0 }, (socket) => socket.destroy());
    servers.close();
  } catch (cause) {
    throw new RiptideError(
      "engine_unavailable",
      "Riptide cannot listen for peers at this address. Give --peer-host an address of this machine.",
      { cause },
    );
  }
}
