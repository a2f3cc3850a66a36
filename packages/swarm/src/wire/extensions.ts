import { encodeBencode } from "../metainfo/bencode.ts";
import { bytesField, decodeDictionary, integerField } from "./extension-fields.ts";

/** BEP 10: the id of the extension handshake itself, in both directions. */
export const EXTENSION_HANDSHAKE_ID = 0;
/** The ids under which peers send us these extensions. */
export const UT_METADATA_ID = 1;
export const UT_PEX_ID = 2;

/** What a peer takes that says nothing: libtorrent's default. */
const DEFAULT_REQUEST_QUEUE_DEPTH = 250;
/** Client names are shown and logged. */
const MAX_CLIENT_NAME_LENGTH = 64;

/** What a peer can do (BEP 10). An id is what a message *to it* must carry; undefined = it does not know the extension. */
export interface ExtensionHandshake {
  readonly utMetadataId: number | undefined;
  readonly utPexId: number | undefined;
  /** Name and version of the program: free text, without control characters. */
  readonly client: string | undefined;
  /** Requests that may be outstanding before the peer drops some. */
  readonly requestQueueDepth: number;
  /** Length of the info dictionary (BEP 9), as claimed: `MetadataAssembler.create` judges it. */
  readonly metadataSizeBytes: number | undefined;
  /** Where the peer listens. */
  readonly listenPort: number | undefined;
}

export interface OwnExtensions {
  readonly client: string;
  readonly requestQueueDepth: number;
  readonly metadataSizeBytes?: number | undefined;
  readonly listenPort?: number | undefined;
  /** Whether it takes ut_pex: unless it says no. */
  readonly exchangesPeers?: boolean;
}

/** Our own extension handshake. */
export function encodeExtensionHandshake(own: OwnExtensions): Uint8Array {
  const ids = new Map([["ut_metadata", UT_METADATA_ID]]);
  if (own.exchangesPeers !== false) ids.set("ut_pex", UT_PEX_ID);
  const fields = new Map<string, string | number | Map<string, number>>([
    ["m", ids],
    ["v", own.client],
    ["reqq", own.requestQueueDepth],
  ]);
  if (own.metadataSizeBytes !== undefined) fields.set("metadata_size", own.metadataSizeBytes);
  if (own.listenPort !== undefined) fields.set("p", own.listenPort);
  return encodeBencode(fields);
}

/** Null if it is no dictionary. BEP 10: "the receiver MUST ignore" what it does not understand, so wrong fields count as absent. */
export function parseExtensionHandshake(payload: Uint8Array): ExtensionHandshake | null {
  const fields = decodeDictionary(payload)?.fields;
  if (fields === undefined) return null;
  const value = fields.get("m");
  const ids = value instanceof Map ? value : new Map();
  return {
    // BEP 10: id 0 switches an extension off.
    utMetadataId: integerField(ids, "ut_metadata", 1, 255),
    utPexId: integerField(ids, "ut_pex", 1, 255),
    client: clientName(bytesField(fields, "v")),
    requestQueueDepth: integerField(fields, "reqq", 1, Number.MAX_SAFE_INTEGER) ?? DEFAULT_REQUEST_QUEUE_DEPTH,
    metadataSizeBytes: integerField(fields, "metadata_size", 1, Number.MAX_SAFE_INTEGER),
    listenPort: integerField(fields, "p", 1, 65_535),
  };
}

function clientName(bytes: Uint8Array): string | undefined {
  const name = new TextDecoder()
    .decode(bytes.subarray(0, 4 * MAX_CLIENT_NAME_LENGTH))
    .replace(/\p{C}/gu, "")
    .trim()
    .slice(0, MAX_CLIENT_NAME_LENGTH);
  return name === "" ? undefined : name;
}
