import { useLocation, useSearch } from "wouter";
import { useTexts } from "../i18n/language.tsx";
import controls from "../ui/controls.module.css";
import { Question } from "../ui/question.tsx";
import { useAddSources } from "./add-sources.ts";
import { libraryTexts } from "./texts.ts";

/** Asks whether what a link to `/?add=` names is to be added: anybody may set such a link. */
export function AddConfirmation() {
  const texts = useTexts(libraryTexts);
  const { add } = useAddSources();
  const [, navigate] = useLocation();
  const source = new URLSearchParams(useSearch()).get("add");
  const close = (): void => navigate("/", { replace: true });
  return (
    <Question
      isOpen={source !== null}
      title={texts.confirmAdd}
      hint={texts.confirmAddHint}
      details={nameOf(source ?? "")}
      onClose={close}
    >
      <button type="button" className={controls["button"]} onClick={close}>
        {texts.cancel}
      </button>
      <button
        type="button"
        className={controls["primary"]}
        data-testid="confirm-add"
        onClick={() => {
          close();
          if (source !== null) void add([source]);
        }}
      >
        {texts.add}
      </button>
    </Question>
  );
}

/** What a magnet calls itself, before whatever else it says. */
function nameOf(source: string): string {
  const name = URL.canParse(source) ? new URL(source).searchParams.get("dn") : null;
  return name === null ? source : `${name}\n${source}`;
}
