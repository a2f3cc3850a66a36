import { RiptideError } from "@riptide/core";
import { InterfaceError, Network, openPeerServers } from "../network/index.ts";
import type { SessionSettings } from "../session/protocol.ts";

/** A session that cannot listen, or has no way out, would die at once, again and again: better not to start. */
export async function checkNetwork({ peerHost, network = {} }: SessionSettings): Promise<void> {
  // Through a proxy nobody connects to us, but what we bind to must be there all the same.
  const { bindInterface, proxy } = network;
  if (proxy !== undefined && bindInterface === undefined) return;
  try {
    const hosts = new Network({ bindInterface }).listenHosts(peerHost);
    const servers = await openPeerServers({ hosts, port: 0 }, (socket) => socket.destroy());
    servers.close();
  } catch (cause) {
    throw new RiptideError("engine_unavailable", adviceAbout(bindInterface, cause), { cause });
  }
}

function adviceAbout(bindInterface: string | undefined, cause: unknown): string {
  if (bindInterface === undefined) {
    return "Riptide cannot listen for peers at this address. Give --peer-host an address of this machine.";
  }
  const what = cause instanceof InterfaceError ? "has no interface" : "cannot use the address";
  return `This machine ${what} ${bindInterface}. Give --bind-interface the name or an address of an interface that is up.`;
}
