import type { Torrent } from "@riptide/http";
import { startAddForm } from "./add-form.ts";
import { byId } from "./element.ts";
import { follow } from "./live.ts";
import { complain, tell } from "./message.ts";
import { Player } from "./player.ts";
import { TorrentCard } from "./torrent-card.ts";

const list = byId("torrents", HTMLUListElement);
const empty = byId("empty", HTMLParagraphElement);
const player = new Player();
const cards = new Map<string, TorrentCard>();
let wasLost = false;

startAddForm();
follow({
  onSnapshot(torrents) {
    const known = new Set(torrents.map(({ infoHash }) => infoHash));
    for (const infoHash of cards.keys()) if (!known.has(infoHash)) remove(infoHash);
    for (const torrent of torrents) upsert(torrent);
    empty.hidden = cards.size > 0;
  },
  onTorrent: upsert,
  onRemoved: remove,
  onConnected(isConnected) {
    if (!isConnected) complain("The connection to Riptide is lost. Trying again…");
    else if (wasLost) tell("");
    wasLost = !isConnected;
  },
});

function upsert(torrent: Torrent): void {
  player.update(torrent);
  const card = cards.get(torrent.infoHash);
  if (card !== undefined) return card.update(torrent);
  const added = new TorrentCard(torrent, (shown, file) => player.play(shown, file));
  cards.set(torrent.infoHash, added);
  list.prepend(added.root);
  empty.hidden = true;
}

function remove(infoHash: string): void {
  cards.get(infoHash)?.root.remove();
  cards.delete(infoHash);
  player.closeTorrent(infoHash);
  empty.hidden = cards.size > 0;
}
