import type { Torrent, TorrentFile } from "@riptide/http";
import { directUrl } from "./api.ts";
import { copyText } from "./copy-text.ts";
import { element, setText } from "./element.ts";
import { formatBytes, formatShare } from "./format.ts";

export type Play = (torrent: Torrent, file: TorrentFile) => void;

/** A torrent may hold 100 000 files; more than these are shown on demand. */
const FILES_SHOWN_AT_FIRST = 50;

/** The files of one torrent, each with what can be done with it. */
export class FileList {
  readonly root = element("ul", { className: "files" });
  readonly #play: Play;
  readonly #shares: HTMLElement[] = [];
  #torrent: Torrent | undefined;
  #shownMax = FILES_SHOWN_AT_FIRST;

  constructor(play: Play) {
    this.#play = play;
  }

  update(torrent: Torrent): void {
    const isOtherList = torrent.files.length !== this.#torrent?.files.length;
    this.#torrent = torrent;
    if (isOtherList) this.#build(torrent);
    torrent.files.slice(0, this.#shownMax).forEach((file, position) => {
      const share = this.#shares[position];
      if (share !== undefined) setText(share, describe(file));
    });
  }

  #build(torrent: Torrent): void {
    this.#shares.length = 0;
    this.root.replaceChildren(...torrent.files.slice(0, this.#shownMax).map((file) => this.#row(torrent, file)));
    if (torrent.files.length <= this.#shownMax) return;
    const all = element("button", { type: "button" }, `Show all ${torrent.files.length} files`);
    all.addEventListener("click", () => {
      this.#shownMax = Number.POSITIVE_INFINITY;
      this.#build(torrent);
    });
    this.root.append(element("li", {}, all));
  }

  #row(torrent: Torrent, file: TorrentFile): HTMLLIElement {
    const isMedia = /^(video|audio)\//.test(file.mediaType);
    const play = element(
      "button",
      { type: "button", testId: "play", className: isMedia ? "primary" : "", ariaLabel: `Play ${file.path}` },
      "Play",
    );
    play.addEventListener("click", () => this.#play(this.#torrent ?? torrent, file));
    const url = directUrl(torrent.infoHash, file.index);
    const copy = element(
      "button",
      { type: "button", testId: "copy-url", title: "For VLC, mpv and others" },
      "Copy URL",
    );
    copy.addEventListener("click", () => void copyText(url));
    const vlc = element(
      "a",
      { href: `vlc://${url}`, className: "button", title: "Where VLC takes vlc:// links" },
      "VLC",
    );
    const share = element("span", { className: "share" }, describe(file));
    this.#shares.push(share);
    return element(
      "li",
      { className: "file", testId: "file" },
      element("span", { className: "path", dir: "auto" }, file.path),
      share,
      element("span", { className: "actions" }, play, copy, vlc),
    );
  }
}

function describe(file: TorrentFile): string {
  return `${formatBytes(file.length)} · ${formatShare(file.verifiedBytes, file.length)}`;
}
