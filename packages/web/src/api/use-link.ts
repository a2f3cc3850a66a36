import { useQuery } from "@tanstack/react-query";
import { directUrl } from "./client.ts";
import { linkToFile } from "./watching.ts";

/** Signed links end after a day; until then a menu that is opened again need not ask again. */
const LINK_FRESH_MS = 60 * 60 * 1000;

/**
 * The address of a file for another player. Ask for it before it is wanted: browsers let a page copy only right after a press, and not
 * when an answer has come. Whoever is faster gets the address with the page's own token.
 */
export function useLink(infoHash: string, index: number, isWanted: boolean): string {
  const { data } = useQuery({
    queryKey: ["link", infoHash, index],
    queryFn: ({ signal }) => linkToFile(infoHash, index, signal),
    enabled: isWanted,
    staleTime: LINK_FRESH_MS,
  });
  return data ?? directUrl(infoHash, index);
}
