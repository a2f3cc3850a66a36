import { addTorrent } from "./api.ts";
import { byId } from "./element.ts";
import { complain, tell } from "./message.ts";

/** Paste, choose or drop: three ways to add a torrent. */
export function startAddForm(): void {
  const form = byId("add-form", HTMLFormElement);
  const input = byId("source", HTMLInputElement);
  const fileInput = byId("torrent-file", HTMLInputElement);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void addTyped(input);
  });
  fileInput.addEventListener("change", () => {
    const [file] = fileInput.files ?? [];
    if (file !== undefined) void add(file);
    fileInput.value = "";
  });
  acceptDrops();
}

async function addTyped(input: HTMLInputElement): Promise<void> {
  const source = input.value.trim();
  if (source === "") complain("Paste a magnet link, an address or an info hash first.");
  else if (await add(source)) input.value = "";
}

function acceptDrops(): void {
  const { classList } = document.documentElement;
  addEventListener("dragover", (event) => {
    event.preventDefault();
    classList.add("dropping");
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) classList.remove("dropping");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    classList.remove("dropping");
    const [file] = event.dataTransfer?.files ?? [];
    const source = file ?? event.dataTransfer?.getData("text/plain").trim();
    if (source !== undefined && source !== "") void add(source);
  });
}

async function add(source: string | File): Promise<boolean> {
  try {
    const torrent = await addTorrent(source);
    tell(`Added ${torrent.name}`);
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}
