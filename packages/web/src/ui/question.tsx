import { AlertDialog } from "@base-ui/react/alert-dialog";
import type { ReactNode } from "react";
import styles from "./question.module.css";

/** Asks something that must be answered first. `children` are the answers; Escape is the answer "no". */
export function Question({
  isOpen,
  title,
  hint,
  details,
  onClose,
  focusAfter,
  children,
}: {
  readonly isOpen: boolean;
  readonly title: string;
  readonly hint: string;
  /** Text of others, shown as it is. */
  readonly details?: string;
  readonly onClose: () => void;
  /** What has the focus afterwards; else what had it before. */
  readonly focusAfter?: () => HTMLElement | true;
  readonly children: ReactNode;
}) {
  return (
    <AlertDialog.Root open={isOpen} onOpenChange={(open) => open || onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={styles["backdrop"]} />
        <AlertDialog.Popup className={styles["question"]} finalFocus={focusAfter ?? true}>
          <AlertDialog.Title className={styles["title"]} dir="auto">
            {title}
          </AlertDialog.Title>
          <AlertDialog.Description className={styles["hint"]}>{hint}</AlertDialog.Description>
          {details !== undefined && (
            <p className={styles["details"]} dir="auto">
              {details}
            </p>
          )}
          <div className={styles["answers"]}>{children}</div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
