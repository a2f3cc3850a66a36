export { acceptWire, connectWire } from "./connection.ts";
export {
  EXTENSION_HANDSHAKE_ID,
  type ExtensionHandshake,
  encodeExtensionHandshake,
  parseExtensionHandshake,
  UT_METADATA_ID,
  UT_PEX_ID,
} from "./extensions.ts";
export { HANDSHAKE_BYTES } from "./handshake.ts";
export {
  encodeMetadataAnswer,
  encodeMetadataReject,
  encodeMetadataRequest,
  MAX_METADATA_BYTES,
  MetadataAssembler,
  type MetadataPiece,
  parseMetadataMessage,
} from "./metadata-exchange.ts";
export { SENDS_KEEP_ALIVES } from "./parser.ts";
export {
  encodePeerExchange,
  MAX_PEX_PEERS,
  type PexPeer,
  parsePeerExchange,
} from "./peer-exchange.ts";
export type * from "./wire.ts";
