import { fileURLToPath } from "node:url";

/** A peer to be measured against, never a dependency: `scripts/lib/install.mjs` puts it into a folder of its own. */
const FOLDER = fileURLToPath(new URL("../.cache/webtorrent/", import.meta.url));

/** WebTorrent as it comes, but for all that looks for peers, and for encryption, which it would insist on. */
export async function createWebtorrent() {
  const { default: WebTorrent } = await import(`${FOLDER}node_modules/webtorrent/index.js`);
  return new WebTorrent({
    dht: false,
    lsd: false,
    tracker: false,
    utPex: false,
    utp: false,
    natUpnp: false,
    natPmp: false,
    webSeeds: false,
    secure: 0,
  });
}
