import type { Torrent, TorrentFile } from "@riptide/http";
import { playerUrl, whyNotPlayable } from "./api.ts";
import { byId, element } from "./element.ts";
import { StartTrace } from "./start-trace.ts";

/** The one player of the page: plays a file until it is closed or another one is played. */
export class Player {
  readonly #root = byId("player", HTMLElement);
  #infoHash: string | undefined;
  #trace: StartTrace | undefined;
  #playing = new AbortController();

  play(torrent: Torrent, file: TorrentFile): void {
    this.close();
    const video = element("video", { controls: true, playsInline: true, testId: "player", ariaLabel: file.path });
    const line = element("p", { className: "trace", testId: "trace", role: "status" });
    const close = element("button", { type: "button", testId: "close-player" }, "Close");
    close.addEventListener("click", () => this.close());
    const title = element("h2", { dir: "auto" }, file.path.split("/").at(-1) ?? file.path);
    this.#root.replaceChildren(element("div", { className: "torrent-head" }, title, close), video, line);
    this.#root.hidden = false;
    this.#infoHash = torrent.infoHash;
    this.#trace = new StartTrace(video, line, torrent);
    this.#start(video, line, playerUrl(torrent.infoHash, file.index));
    this.#root.scrollIntoView({ block: "nearest" });
  }

  /** Newer numbers of a torrent, perhaps the one that is played. */
  update(torrent: Torrent): void {
    this.#trace?.update(torrent);
  }

  close(): void {
    this.#playing.abort();
    this.#trace?.stop();
    this.#trace = undefined;
    this.#infoHash = undefined;
    this.#root.hidden = true;
    this.#root.replaceChildren();
  }

  /** Closes if what it plays is of this torrent. */
  closeTorrent(infoHash: string): void {
    if (this.#infoHash === infoHash) this.close();
  }

  #start(video: HTMLVideoElement, line: HTMLElement, url: string): void {
    this.#playing = new AbortController();
    const { signal } = this.#playing;
    video.addEventListener("error", () => void this.#explain(video, line, url), { signal });
    signal.addEventListener("abort", () => {
      video.removeAttribute("src");
      video.load(); // closes the connection: the swarm stops caring
    });
    video.src = url;
    video.play().catch(() => {}); // a browser may want another click; failures come as `error`
  }

  async #explain(video: HTMLVideoElement, line: HTMLElement, url: string): Promise<void> {
    this.#trace?.stop();
    video.hidden = true;
    line.classList.add("error");
    line.textContent = (await whyNotPlayable(url)) ?? whatTheBrowserSays(video.error);
  }
}

function whatTheBrowserSays(error: MediaError | null): string {
  if (error?.code === MediaError.MEDIA_ERR_NETWORK) return "The stream broke off. Press Play to try again.";
  return "The browser cannot play this format. Copy its URL and open it in VLC.";
}
