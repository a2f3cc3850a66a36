import { useMutation } from "@tanstack/react-query";
import { addTorrent } from "../api/client.ts";
import { useTexts } from "../i18n/language.tsx";
import { useMessages } from "../ui/messages.tsx";
import { libraryTexts } from "./texts.ts";

/** A magnet, an address or an info hash; or a .torrent file. */
export type Source = string | File;

/** What adds torrents one after the other, and says how that went. Resolves to whether all were added. */
export function useAddSources() {
  const texts = useTexts(libraryTexts);
  const { tell, complain } = useMessages();
  const { mutateAsync, isPending } = useMutation({
    mutationFn: async (sources: readonly Source[]): Promise<void> => {
      for (const source of sources) tell(texts.added((await addTorrent(source)).name));
    },
  });
  const add = async (sources: readonly Source[]): Promise<boolean> => {
    try {
      await mutateAsync(sources);
      return true;
    } catch (error) {
      complain(error);
      return false;
    }
  };
  return { add, isAdding: isPending };
}

/** The sources in something that was pasted or dropped anywhere: text that is nothing of the kind has none. */
export function sourcesIn(data: DataTransfer): readonly Source[] {
  if (data.files.length > 0) return [...data.files];
  return data.getData("text/plain").split(/\s+/).filter(isSource);
}

function isSource(text: string): boolean {
  return /^(magnet:\?|https?:\/\/|[0-9a-f]{40}$|[a-z2-7]{32}$)/i.test(text);
}
