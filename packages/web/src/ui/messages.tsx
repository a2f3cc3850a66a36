import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { useTexts } from "../i18n/language.tsx";
import controls from "./controls.module.css";
import { CloseIcon } from "./icons.tsx";
import styles from "./messages.module.css";
import { pageTexts } from "./texts.ts";

export interface Messages {
  /** Says something that went well, for a while. */
  readonly tell: (text: string) => void;
  /** Says what went wrong, as a sentence, until it is dismissed. */
  readonly complain: (error: unknown) => void;
}

interface Message {
  readonly text: string;
  readonly isError: boolean;
}

/** Long enough to be read twice. */
const TOLD_MS = 6_000;

const MessagesContext = createContext<Messages | undefined>(undefined);

export function useMessages(): Messages {
  const messages = useContext(MessagesContext);
  if (messages === undefined) throw new Error("There is no MessagesProvider above.");
  return messages;
}

/** Shows one message at a time, the newest, above everything else. */
export function MessagesProvider({ children }: { readonly children: ReactNode }) {
  const [message, setMessage] = useState<Message>();
  const messages = useMemo<Messages>(
    () => ({
      tell: (text) => setMessage({ text, isError: false }),
      complain: (error) => setMessage({ text: error instanceof Error ? error.message : String(error), isError: true }),
    }),
    [],
  );
  useEffect(() => {
    if (message === undefined || message.isError) return;
    const timer = setTimeout(() => setMessage(undefined), TOLD_MS);
    return () => clearTimeout(timer);
  }, [message]);
  return (
    <MessagesContext value={messages}>
      {children}
      <div className={styles["place"]}>
        <Region role="status" message={message?.isError === false ? message : undefined} onDismiss={setMessage} />
        <Region role="alert" message={message?.isError === true ? message : undefined} onDismiss={setMessage} />
      </div>
    </MessagesContext>
  );
}

/** Always there, because screen readers only hear of what changes in a region that they know. */
function Region({
  role,
  message,
  onDismiss,
}: {
  readonly role: "status" | "alert";
  readonly message: Message | undefined;
  readonly onDismiss: (message: undefined) => void;
}) {
  const texts = useTexts(pageTexts);
  if (message === undefined) return <div role={role} />;
  return (
    <div role={role} className={styles["message"]} data-testid="message">
      <p dir="auto">{message.text}</p>
      <button
        type="button"
        className={controls["icon"]}
        aria-label={texts.dismiss}
        onClick={() => onDismiss(undefined)}
      >
        <CloseIcon />
      </button>
    </div>
  );
}
