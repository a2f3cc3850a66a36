export type { SparePolicy } from "./download/index.ts";
export { checkNetwork } from "./engine/check-network.ts";
export { checkUtp } from "./engine/check-utp.ts";
export { openTorrentEngine } from "./engine/open-torrent-engine.ts";
export { canReachDht, type ReachDhtOptions } from "./engine/reach-dht.ts";
export type { RiptideTorrentEngine, TorrentEngineOptions } from "./engine/riptide-torrent-engine.ts";
export {
  createTorrentFile,
  formatMagnet,
  type Magnet,
  type Metainfo,
  parseMagnet,
  parseSource,
  parseTorrentFile,
} from "./metainfo/index.ts";
export type { NetworkSettings, Socks5Proxy } from "./network/network.ts";
export type { PortMappingSettings } from "./port-mapping/index.ts";
export type { SessionSettings } from "./session/protocol.ts";
export { checkHolePunching, freeSpaceBytes } from "./storage/index.ts";
export { openViewingFile, type ViewingFile } from "./storage/viewing-file.ts";
export type { PeerAddress } from "./types.ts";
