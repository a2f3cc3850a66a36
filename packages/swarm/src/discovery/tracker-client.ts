import type { Clock } from "@riptide/core";
import type { Network } from "../network/network.ts";
import { announceHttp } from "./http-tracker.ts";
import { type Announce, TrackerError } from "./tracker.ts";
import { UdpTrackerClient } from "./udp-tracker.ts";

/** One client for all torrents: announces to http, https and udp trackers. Holds nothing open between announces. */
export function createTrackerClient(clock: Clock, network: Network): Announce {
  const udp = new UdpTrackerClient(clock, network);
  return async (request) => {
    const protocol = URL.canParse(request.url) ? new URL(request.url).protocol : "";
    switch (protocol) {
      case "http:":
      case "https:":
        return await announceHttp(request, { clock, network });
      case "udp:":
        return await udp.announce(request);
      default:
        throw new TrackerError("invalid", "The tracker's address is no http, https or udp address");
    }
  };
}
