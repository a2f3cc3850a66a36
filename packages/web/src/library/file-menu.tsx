import type { Torrent, TorrentFile, Viewing } from "@riptide/http";
import { useState } from "react";
import { directUrl, playlistUrl } from "../api/client.ts";
import { useLink } from "../api/use-link.ts";
import { useForgetViewing } from "../api/viewings.ts";
import { useTexts } from "../i18n/language.tsx";
import { useCopyText } from "../ui/copy-text.ts";
import { CloseIcon, CopyIcon, DownloadIcon, ExternalIcon, ListIcon } from "../ui/icons.tsx";
import { Menu, MenuAction, MenuLink } from "../ui/menu.tsx";
import { useMessages } from "../ui/messages.tsx";
import { libraryTexts } from "./texts.ts";

interface FileMenuProps {
  readonly torrent: Torrent;
  readonly file: TorrentFile;
  readonly label: string;
  readonly viewing: Viewing | undefined;
}

/** What can be done with a file besides playing it here. */
export function FileMenu({ torrent: { infoHash }, file: { index, path }, label, viewing }: FileMenuProps) {
  const texts = useTexts(libraryTexts);
  const copy = useCopyText();
  const { complain } = useMessages();
  const { mutate: forget } = useForgetViewing({ onError: complain });
  const [isOpen, setIsOpen] = useState(false);
  const url = useLink(infoHash, index, isOpen);
  return (
    <Menu label={texts.moreFor(label)} testId="file-menu" onOpenChange={setIsOpen}>
      <MenuAction icon={<CopyIcon />} testId="copy-url" onClick={() => void copy(url)}>
        {texts.copyUrl}
      </MenuAction>
      <MenuLink icon={<ExternalIcon />} testId="open-in-vlc" href={`vlc://${url}`}>
        {texts.openInVlc}
      </MenuLink>
      <MenuLink
        icon={<ExternalIcon />}
        testId="open-in-infuse"
        href={`infuse://x-callback-url/play?url=${encodeURIComponent(url)}`}
      >
        {texts.openInInfuse}
      </MenuLink>
      <MenuLink icon={<ListIcon />} testId="playlist" href={playlistUrl(infoHash, index)} download="">
        {texts.playlist}
      </MenuLink>
      <MenuLink
        icon={<DownloadIcon />}
        testId="download"
        href={directUrl(infoHash, index)}
        download={path.slice(path.lastIndexOf("/") + 1)}
      >
        {texts.download}
      </MenuLink>
      {viewing !== undefined && (
        <MenuAction icon={<CloseIcon />} testId="forget-watched" onClick={() => forget({ infoHash, index })}>
          {texts.forgetWatched}
        </MenuAction>
      )}
    </Menu>
  );
}
