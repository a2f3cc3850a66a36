import {
  BencodeError,
  type BencodeInput,
  type BencodeValue,
  decodeBencode,
  encodeBencode,
} from "../metainfo/bencode.ts";

/** One datagram; more levels or tokens than any KRPC message (BEP 5) needs with 100 peers and 8 nodes in it. */
const MESSAGE_LIMITS = { maxInputBytes: 65_507, maxDepth: 5, maxTokens: 500 };

/** Node ids and info hashes (BEP 5). */
const ID_BYTES = 20;

/** A transaction id is echoed, a token stored and echoed: both "a short string". */
const MAX_SHORT_STRING_BYTES = 64;

/** Storing arbitrary items for strangers (BEP 44) is no business of a player; nor is anything newer. */
const KNOWN_QUERIES = ["ping", "find_node", "get_peers", "announce_peer"];

type Fields = Record<string, (value: BencodeValue) => value is Uint8Array | number | Uint8Array[]>;

const QUERY_ARGUMENTS: Fields = {
  id: isId,
  target: isId,
  info_hash: isId,
  token: isShortString,
  port: isNumber,
  implied_port: isNumber,
};

const RESPONSE_VALUES: Fields = {
  id: isId,
  nodes: isBytes,
  token: isShortString,
  values: isBytesList,
};

/**
 * Checks one datagram of the DHT and returns it with nothing in it but the fields of BEP 5, each of the right type, or `undefined` when it must be
 * dropped. bittorrent-dht trusts types (`info_hash.toString('hex')`, `token.equals(…)`): a number in the wrong place would end the process.
 */
export function sanitizeDhtMessage(datagram: Uint8Array): Uint8Array | undefined {
  const message = decodeMessage(datagram);
  const transaction = message?.get("t");
  if (message === undefined || transaction === undefined || !isShortString(transaction)) return undefined;
  const body = sanitizeBody(message);
  return body && encodeBencode({ t: transaction, ...body });
}

function decodeMessage(datagram: Uint8Array): ReadonlyMap<string, BencodeValue> | undefined {
  try {
    const value = decodeBencode(datagram, MESSAGE_LIMITS);
    return value instanceof Map ? value : undefined;
  } catch (error) {
    if (error instanceof BencodeError) return undefined;
    throw error;
  }
}

function sanitizeBody(message: ReadonlyMap<string, BencodeValue>): Record<string, BencodeInput> | undefined {
  switch (textOf(message.get("y")) ?? "") {
    case "q": {
      const query = textOf(message.get("q"));
      const a = pickFields(message.get("a"), QUERY_ARGUMENTS);
      return a && query !== undefined && KNOWN_QUERIES.includes(query) ? { y: "q", q: query, a } : undefined;
    }
    case "r": {
      const r = pickFields(message.get("r"), RESPONSE_VALUES);
      return r && { y: "r", r };
    }
    case "e":
      // What it says is only ever logged.
      return { y: "e", e: [201, "error"] };
    default:
      return undefined;
  }
}

/** The known fields of a dictionary that has an `id`; `undefined` when one has the wrong type. */
function pickFields(value: BencodeValue | undefined, fields: Fields): Record<string, BencodeInput> | undefined {
  if (!(value instanceof Map) || !value.has("id")) return undefined;
  const picked: Record<string, BencodeInput> = {};
  for (const [name, isValid] of Object.entries(fields)) {
    const field = value.get(name);
    if (field === undefined) continue;
    if (!isValid(field)) return undefined;
    picked[name] = field;
  }
  return picked;
}

function textOf(value: BencodeValue | undefined): string | undefined {
  return value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : undefined;
}

function isBytes(value: BencodeValue): value is Uint8Array {
  return value instanceof Uint8Array;
}

function isBytesList(value: BencodeValue): value is Uint8Array[] {
  return Array.isArray(value) && value.every(isBytes);
}

function isNumber(value: BencodeValue): value is number {
  return typeof value === "number";
}

function isId(value: BencodeValue): value is Uint8Array {
  return isBytes(value) && value.length === ID_BYTES;
}

function isShortString(value: BencodeValue): value is Uint8Array {
  return isBytes(value) && value.length <= MAX_SHORT_STRING_BYTES;
}
