import type { Torrent, TorrentFile } from "@riptide/http";
import { byId, element } from "./element.ts";
import { Film, sentencesOf } from "./film.ts";
import { SoundChoice } from "./sound-choice.ts";
import { StartTrace } from "./start-trace.ts";

/** The one player of the page: plays a file until it is closed or another one is played. */
export class Player {
  readonly #root = byId("player", HTMLElement);
  #infoHash: string | undefined;
  #trace: StartTrace | undefined;
  #film: Film | undefined;

  play(torrent: Torrent, file: TorrentFile): void {
    this.close();
    const video = element("video", { controls: true, playsInline: true, testId: "player", ariaLabel: file.path });
    const line = element("p", { className: "trace", testId: "trace", role: "status" });
    const reasons = element("p", { className: "reasons", testId: "reasons" });
    const close = element("button", { type: "button", testId: "close-player" }, "Close");
    close.addEventListener("click", () => this.close());
    const title = element("h2", { dir: "auto" }, file.path.split("/").at(-1) ?? file.path);
    const sounds = new SoundChoice((audio) => this.#film?.chooseSound(audio));
    const facts = element("div", { className: "player-facts" }, line, sounds.root, reasons);
    this.#root.replaceChildren(element("div", { className: "torrent-head" }, title, close), video, facts);
    this.#root.hidden = false;
    this.#infoHash = torrent.infoHash;
    const trace = new StartTrace(video, line, torrent);
    this.#trace = trace;
    this.#film = new Film({ infoHash: torrent.infoHash, index: file.index }, video, {
      onMedia: (info) => sounds.show(info),
      onChoice: (playback) => reasons.replaceChildren(sentencesOf(playback)),
      onFailure: (sentence) => {
        trace.stop();
        video.hidden = true;
        reasons.hidden = true;
        sounds.root.hidden = true;
        line.classList.add("error");
        line.textContent = sentence;
      },
    });
    this.#root.scrollIntoView({ block: "nearest" });
  }

  /** Newer numbers of a torrent, perhaps the one that is played. */
  update(torrent: Torrent): void {
    this.#trace?.update(torrent);
  }

  close(): void {
    this.#film?.stop();
    this.#film = undefined;
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
}
