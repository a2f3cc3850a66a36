import { useCallback, useState } from "react";
import { Icon } from "./icons.tsx";
import type { Feedback } from "./use-commands.ts";
import styles from "./watch-page.module.css";

interface Told extends Feedback {
  readonly number: number;
}

/** What the last command did. */
export function useFeedback() {
  const [feedback, setFeedback] = useState<Told>();
  const tell = useCallback((given: Feedback | undefined) => {
    if (given !== undefined) setFeedback((before) => ({ ...given, number: (before?.number ?? 0) + 1 }));
  }, []);
  return { feedback, tell };
}

/** Shows for a moment what a key has done: it fades by itself. */
export function FeedbackBubble({ feedback }: { readonly feedback: Told | undefined }) {
  if (feedback === undefined) return null;
  const { number, icon, text } = feedback;
  return (
    <div key={number} className={styles["feedback"]} data-testid="feedback" aria-hidden="true">
      {icon !== undefined && <Icon name={icon} />}
      {text !== "" && <span>{text}</span>}
    </div>
  );
}
