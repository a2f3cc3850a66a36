import type { FileReference, Viewing } from "@riptide/http";
import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { forgetViewing, listViewings } from "./watching.ts";

const VIEWINGS = ["viewings"];

/** Where somebody stopped watching, the newest first. None until the server has told them. */
export function useViewings(): readonly Viewing[] {
  return useQuery({ queryKey: VIEWINGS, queryFn: ({ signal }) => listViewings(signal) }).data ?? NO_VIEWINGS;
}

/** Forgets that a file was watched: at once on the page, then on the server. */
export function useForgetViewing(options: { onError(error: Error): void }) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ infoHash, index }: FileReference) => forgetViewing(infoHash, index),
    onMutate: (file) => dropViewing(client, file),
    onError: (error) => {
      options.onError(error);
      refreshViewings(client);
    },
  });
}

/** Keeps a viewing that the server told of: it is the newest. */
export function keepViewing(client: QueryClient, viewing: Viewing): void {
  change(client, (known) => [viewing, ...known.filter((each) => !isOf(each, viewing))]);
}

export function dropViewing(client: QueryClient, file: FileReference): void {
  change(client, (known) => known.filter((each) => !isOf(each, file)));
}

/** Asks the server for all of them anew: events may have been missed. */
export function refreshViewings(client: QueryClient): void {
  void client.invalidateQueries({ queryKey: VIEWINGS });
}

/** Before they are listed there is nothing to change: the list will hold it. */
function change(client: QueryClient, next: (known: readonly Viewing[]) => readonly Viewing[]): void {
  client.setQueryData<readonly Viewing[]>(VIEWINGS, (known) => known && next(known));
}

function isOf(viewing: FileReference, { infoHash, index }: FileReference): boolean {
  return viewing.infoHash === infoHash && viewing.index === index;
}

const NO_VIEWINGS: readonly Viewing[] = [];
