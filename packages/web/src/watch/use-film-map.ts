import type { FileMap } from "@riptide/http";
import { useQuery } from "@tanstack/react-query";
import { showMap } from "../api/watching.ts";
import type { TimeRange } from "../playback/feed-plan.ts";
import { usePlayer } from "./player-context.ts";

export interface FilmMap {
  readonly available: readonly TimeRange[];
  readonly wanted: readonly TimeRange[];
  readonly reading: readonly TimeRange[];
}

const EVERY_MS = 1_000;
const NOTHING: FilmMap = { available: [], wanted: [], reading: [] };

/** What of the film is there, wanted and being read, in seconds; anew every second while somebody looks at it. */
export function useFilmMap(): FilmMap {
  const { infoHash, index, film, file, durationSeconds, areControlsShown } = usePlayer();
  const { data } = useQuery({
    queryKey: ["map", infoHash, index],
    enabled: film.info !== undefined && areControlsShown,
    refetchInterval: EVERY_MS,
    staleTime: 0,
    retry: false,
    queryFn: ({ signal }) => showMap(infoHash, index, signal),
  });
  if (data === undefined || file === undefined || durationSeconds === undefined) return NOTHING;
  return data.seconds ?? estimated(data, durationSeconds / Math.max(1, file.length));
}

/** Without an index, a film is taken to have as many bytes in each of its seconds. */
function estimated(map: FileMap, secondsPerByte: number): FilmMap {
  const inSeconds = (ranges: FileMap["available"]): TimeRange[] =>
    ranges.map(({ start, end }) => ({ startSeconds: start * secondsPerByte, endSeconds: end * secondsPerByte }));
  return { available: inSeconds(map.available), wanted: inSeconds(map.wanted), reading: inSeconds(map.reading) };
}
