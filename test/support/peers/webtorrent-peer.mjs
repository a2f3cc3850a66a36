// One WebTorrent client with one torrent, for tests. Prints a JSON line with its port, then one for each change.
// usage: webtorrent-peer.mjs MODULE OPTIONS_JSON (see webtorrent.ts). Ends when its standard input ends.
import { once } from "node:events";

const [module, json] = process.argv.slice(2);
const { source, saveDirectory, secure, connectTo, tracker } = JSON.parse(json);
const { default: WebTorrent } = await import(module);
const client = new WebTorrent({
  dht: false,
  lsd: false,
  natPmp: false,
  natUpnp: false,
  secure,
  tracker: tracker === undefined ? false : {},
  utp: false,
});
client.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
process.stdin.on("end", () => process.exit(0)).resume();
const torrent = client.add(source, { path: saveDirectory, announce: tracker === undefined ? [] : [tracker] });
if (!client.listening) await once(client, "listening");
// What lies in the folder has been hashed by then; a magnet first needs somebody who has the metadata.
if (!source.startsWith("magnet:")) await once(torrent, "ready");
if (connectTo !== undefined) {
  const { host, port } = connectTo;
  torrent.addPeer(host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);
}

/** Of the connection (MSE): 1 and 2 are what its handshake agreed on. */
const ENCRYPTIONS = { 1: "plaintext", 2: "rc4" };
let previous = "";
setInterval(() => {
  const line = JSON.stringify({
    port: client.torrentPort,
    isDone: torrent.done,
    downloadedBytes: torrent.downloaded,
    uploadedBytes: torrent.uploaded,
    encryptions: torrent.wires.map((wire) => ENCRYPTIONS[wire._encryptionMethod] ?? "none"),
  });
  if (line !== previous) console.log(line);
  previous = line;
}, 50);
