import { type FormEvent, useId, useState } from "react";
import { useTexts } from "../i18n/language.tsx";
import controls from "../ui/controls.module.css";
import { FileIcon, PlusIcon } from "../ui/icons.tsx";
import { useMessages } from "../ui/messages.tsx";
import styles from "./add-form.module.css";
import { useAddSources } from "./add-sources.ts";
import { MagnetHandler } from "./magnet-handler.tsx";
import { libraryTexts } from "./texts.ts";

/** Takes a torrent that is typed, pasted or chosen. What is not taken stays in the field, to be put right. */
export function AddForm() {
  const texts = useTexts(libraryTexts);
  const { complain } = useMessages();
  const { add, isAdding } = useAddSources();
  const [typed, setTyped] = useState("");
  const inputId = useId();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const sources = typed.split(/\s+/).filter(Boolean);
    if (sources.length === 0) complain(texts.sourceMissing);
    // Meanwhile the next one may have been typed.
    else void add(sources).then((isAdded) => isAdded && setTyped((now) => (now === typed ? "" : now)));
  };
  return (
    <form className={styles["form"]} onSubmit={submit}>
      <label className={styles["label"]} htmlFor={inputId}>
        {texts.addLabel}
      </label>
      <div className={styles["row"]}>
        <input
          id={inputId}
          className={controls["field"]}
          type="text"
          name="source"
          value={typed}
          placeholder={texts.addPlaceholder}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          data-testid="source-input"
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <button type="submit" className={controls["primary"]} disabled={isAdding} data-testid="add-button">
          <PlusIcon />
          {texts.add}
        </button>
        <label className={`${controls["button"]} ${styles["file"]}`}>
          <span className={styles["fileIcon"]}>
            <FileIcon />
          </span>
          {texts.chooseFile}
          <input
            className="visually-hidden"
            type="file"
            accept=".torrent,application/x-bittorrent"
            multiple
            data-testid="torrent-file-input"
            onChange={({ currentTarget }) => {
              void add([...(currentTarget.files ?? [])]);
              currentTarget.value = "";
            }}
          />
        </label>
      </div>
      <p className={styles["hint"]}>
        {texts.addHint} <MagnetHandler />
      </p>
    </form>
  );
}
