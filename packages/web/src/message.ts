import { byId } from "./element.ts";

const message = byId("message", HTMLParagraphElement);

/** Says something that went well, or shows nothing for an empty text. */
export function tell(text: string): void {
  show(text, false);
}

/** Says what went wrong, as a sentence. */
export function complain(error: unknown): void {
  show(error instanceof Error ? error.message : String(error), true);
}

function show(text: string, isError: boolean): void {
  message.textContent = text;
  message.hidden = text === "";
  message.classList.toggle("error", isError);
  message.role = isError ? "alert" : "status";
}
