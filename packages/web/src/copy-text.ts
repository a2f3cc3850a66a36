import { element } from "./element.ts";
import { complain, tell } from "./message.ts";

/** Copies a text, also on a page served over plain HTTP in the LAN, where browsers have no clipboard. */
export async function copyText(text: string): Promise<void> {
  try {
    if (isSecureContext) await navigator.clipboard.writeText(text);
    else copySelected(text);
    tell("Copied. Paste it into VLC, mpv or another player.");
  } catch {
    complain(`Copying is not allowed here. The address is ${text}`);
  }
}

function copySelected(text: string): void {
  const field = element("textarea", { value: text, className: "visually-hidden", readOnly: true });
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  if (!isCopied) throw new Error("The browser refused to copy.");
}
