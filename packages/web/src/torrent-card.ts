import type { Torrent } from "@riptide/http";
import { removeTorrent } from "./api.ts";
import { element, setText } from "./element.ts";
import { FileList, type Play } from "./file-list.ts";
import { formatBytes, formatCount, formatRate, formatShare } from "./format.ts";
import { complain } from "./message.ts";

/** One torrent of the list. Updated in place, so that focus and scroll position stay. */
export class TorrentCard {
  readonly root: HTMLLIElement;
  readonly #infoHash: string;
  readonly #name = element("h3", { dir: "auto", testId: "torrent-name" });
  readonly #state = element("p", { className: "facts", testId: "torrent-state" });
  readonly #progress = element("progress", { max: 1, ariaLabel: "Downloaded" });
  readonly #files: FileList;

  constructor(torrent: Torrent, play: Play) {
    this.#infoHash = torrent.infoHash;
    this.#files = new FileList(play);
    this.root = element(
      "li",
      { className: "torrent", testId: "torrent" },
      element("div", { className: "torrent-head" }, this.#name, this.#removal()),
      this.#progress,
      this.#state,
      this.#files.root,
    );
    this.update(torrent);
  }

  update(torrent: Torrent): void {
    setText(this.#name, torrent.name);
    setText(this.#state, describe(torrent));
    this.#state.classList.toggle("error", torrent.error !== undefined);
    this.root.dataset["state"] = torrent.state;
    this.root.dataset["infoHash"] = torrent.infoHash;
    if (torrent.state === "metadata") this.#progress.removeAttribute("value");
    else this.#progress.value = torrent.progress;
    this.#files.update(torrent);
  }

  /** Asks once more, in place, because the bytes may have taken hours. */
  #removal(): HTMLElement {
    const start = element("button", { type: "button", testId: "remove" }, "Remove");
    const keep = element("button", { type: "button", testId: "remove-keep-data" }, "Keep data");
    const drop = element("button", { type: "button", className: "danger", testId: "remove-with-data" }, "Delete data");
    const cancel = element("button", { type: "button" }, "Cancel");
    const question = element("span", { className: "question", hidden: true }, "Remove:", keep, drop, cancel);
    const ask = (isAsking: boolean): void => {
      start.hidden = isAsking;
      question.hidden = !isAsking;
      (isAsking ? keep : start).focus();
    };
    start.addEventListener("click", () => ask(true));
    cancel.addEventListener("click", () => ask(false));
    keep.addEventListener("click", () => void removeTorrent(this.#infoHash, false).catch(complain));
    drop.addEventListener("click", () => void removeTorrent(this.#infoHash, true).catch(complain));
    return element("div", { className: "actions" }, start, question);
  }
}

function describe(torrent: Torrent): string {
  if (torrent.error !== undefined) return torrent.error.message;
  const peers = `${torrent.connectedPeers} of ${formatCount(torrent.knownPeers, "peer")}`;
  if (torrent.state === "metadata") return `Waiting for metadata · ${peers}`;
  return [
    `${formatShare(torrent.verifiedBytes, torrent.sizeBytes)} of ${formatBytes(torrent.sizeBytes)}`,
    `↓ ${formatRate(torrent.downloadBytesPerSecond)}`,
    `↑ ${formatRate(torrent.uploadBytesPerSecond)}`,
    peers,
  ].join(" · ");
}
