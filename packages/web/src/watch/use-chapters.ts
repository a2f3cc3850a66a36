import { useQuery } from "@tanstack/react-query";
import { request } from "../api/client.ts";
import type { FilmChapter } from "./chapters.ts";
import { usePlayer } from "./player-context.ts";

const NO_CHAPTERS: readonly FilmChapter[] = [];

/** The chapters of the film that plays. Where their bytes are missing they are waited for, once its picture is there. */
export function useChapters(hasPicture: boolean): readonly FilmChapter[] {
  const { infoHash, index, film } = usePlayer();
  const known = film.info?.chapters;
  const { data } = useQuery({
    queryKey: ["chapters", infoHash, index],
    enabled: film.info !== undefined && known === undefined && hasPicture,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      const response = await request(`/api/torrents/${infoHash}/files/${index}/chapters`, { signal });
      const { chapters }: { readonly chapters: readonly FilmChapter[] } = await response.json();
      return chapters;
    },
  });
  return known ?? data ?? NO_CHAPTERS;
}
