import { useEffect } from "react";
import { type Command, commandOf, type KeyTarget } from "./keys.ts";

/** Hears the keys of the page. */
export function useKeyboard(run: (command: Command) => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented) return;
      const command = commandOf(event, targetOf(event.target));
      if (command === undefined) return;
      event.preventDefault();
      run(command);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [run]);
}

function targetOf(target: EventTarget | null): KeyTarget {
  if (!(target instanceof HTMLElement)) return "page";
  if (target.closest("[role=menu], [role=dialog]") !== null) return "menu";
  if (target instanceof HTMLInputElement && target.type === "range") return "slider";
  if (target.matches("input, textarea, select, [contenteditable]")) return "text";
  return target.closest("button, a") === null ? "page" : "button";
}
