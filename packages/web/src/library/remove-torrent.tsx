import type { Torrent } from "@riptide/http";
import { useRef, useState } from "react";
import { removeTorrent } from "../api/client.ts";
import { useFormat, useTexts } from "../i18n/language.tsx";
import controls from "../ui/controls.module.css";
import { TrashIcon } from "../ui/icons.tsx";
import { useMessages } from "../ui/messages.tsx";
import { Question } from "../ui/question.tsx";
import { libraryTexts } from "./texts.ts";
import { libraryHeading } from "./torrent-list.tsx";

/** Removes a torrent, after a question, because its bytes may have taken hours. */
export function RemoveTorrent({ torrent: { infoHash, name, verifiedBytes } }: { readonly torrent: Torrent }) {
  const texts = useTexts(libraryTexts);
  const format = useFormat();
  const { complain } = useMessages();
  const [isAsking, setIsAsking] = useState(false);
  const isRemoved = useRef(false);
  const remove = (deleteData: boolean): void => {
    isRemoved.current = true;
    setIsAsking(false);
    removeTorrent(infoHash, deleteData).catch((error: unknown) => {
      isRemoved.current = false;
      complain(error);
    });
  };
  return (
    <>
      <button
        type="button"
        className={controls["icon"]}
        aria-label={texts.remove(name)}
        data-testid="remove"
        onClick={() => setIsAsking(true)}
      >
        <TrashIcon />
      </button>
      <Question
        isOpen={isAsking}
        title={texts.removeQuestion(name)}
        hint={texts.removeHint(format.bytes(verifiedBytes))}
        onClose={() => setIsAsking(false)}
        focusAfter={() => (isRemoved.current ? libraryHeading() : true)}
      >
        <button type="button" className={controls["button"]} onClick={() => setIsAsking(false)}>
          {texts.cancel}
        </button>
        <button
          type="button"
          className={controls["danger"]}
          data-testid="remove-with-data"
          onClick={() => remove(true)}
        >
          {texts.deleteData}
        </button>
        <button
          type="button"
          className={controls["primary"]}
          data-testid="remove-keep-data"
          onClick={() => remove(false)}
        >
          {texts.keepData}
        </button>
      </Question>
    </>
  );
}
