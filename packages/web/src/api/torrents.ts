import type { Torrent } from "@riptide/http";
import { type QueryClient, skipToken, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { follow } from "./live.ts";
import { dropViewing, keepViewing, refreshViewings } from "./viewings.ts";

const TORRENTS = ["torrents"];

/** How the server is. */
export interface ServerState {
  /** It answers. */
  readonly isConnected: boolean;
  /** What it fetches now is lost: its data folder is gone. */
  readonly hasLostFolder: boolean;
}

/** Keeps the torrents and viewings of the query cache as the server tells them, for as long as the caller is shown. */
export function useLiveTorrents(): ServerState {
  const client = useQueryClient();
  const [isConnected, setIsConnected] = useState(true);
  const [hasLostFolder, setHasLostFolder] = useState(false);
  useEffect(() => {
    const ended = new AbortController();
    follow({
      signal: ended.signal,
      onSnapshot: (torrents) => {
        client.setQueryData(TORRENTS, torrents);
        refreshViewings(client);
      },
      onTorrent: (torrent) => change(client, (known) => replaced(known, torrent)),
      onRemoved: (infoHash) => change(client, (known) => known.filter((each) => each.infoHash !== infoHash)),
      onViewing: (viewing) => keepViewing(client, viewing),
      onViewingRemoved: (file) => dropViewing(client, file),
      onEngine: ({ problem }) => setHasLostFolder(problem !== undefined),
      onConnected: setIsConnected,
    });
    return () => ended.abort();
  }, [client]);
  return { isConnected, hasLostFolder };
}

/** All torrents, the newest last; undefined until the server has told them. */
export function useTorrents(): readonly Torrent[] | undefined {
  return useQuery<readonly Torrent[]>({ queryKey: TORRENTS, queryFn: skipToken }).data;
}

/** Undefined while the server has not told of it, or when it is gone. */
export function useTorrent(infoHash: string): Torrent | undefined {
  return useTorrents()?.find((torrent) => torrent.infoHash === infoHash);
}

function change(client: QueryClient, next: (known: readonly Torrent[]) => readonly Torrent[]): void {
  client.setQueryData<readonly Torrent[]>(TORRENTS, (known = []) => next(known));
}

function replaced(known: readonly Torrent[], torrent: Torrent): readonly Torrent[] {
  const isKnown = known.some(({ infoHash }) => infoHash === torrent.infoHash);
  return isKnown ? known.map((each) => (each.infoHash === torrent.infoHash ? torrent : each)) : [...known, torrent];
}
