import { useEffect } from "react";

/** Names the tab, while it is shown: what is in it, and then whose it is. */
export function useTitle(title?: string): void {
  useEffect(() => {
    document.title = title === undefined || title === "" ? "Riptide" : `${title} – Riptide`;
  }, [title]);
}
