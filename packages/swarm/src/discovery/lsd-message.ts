/** BEP 14: "the packet must not exceed 1400 bytes": then it fits into one frame of any local network. */
const MAX_DATAGRAM_BYTES = 1_400;

/** What 1400 bytes hold beside the other lines: each line has 53 bytes. */
export const MAX_INFO_HASHES = 20;

/** Ours are shorter; more is not worth remembering. */
const MAX_COOKIE_CHARACTERS = 64;

const METHOD_LINE = "BT-SEARCH * HTTP/1.1";
const LINE_END = "\r\n";

/** Somebody in the local network has, or wants, these torrents. */
export interface LsdMessage {
  /** TCP port on which it takes connections. */
  readonly port: number;
  /** 40 lower-case hex digits each. */
  readonly infoHashes: readonly string[];
  /** By which senders know their own messages again. */
  readonly cookie: string | undefined;
}

/** BEP 14: the announcement of at most `MAX_INFO_HASHES` torrents. `group` is the multicast address and port it is sent to. */
export function encodeLsdMessage({ port, infoHashes, cookie }: LsdMessage, group: string): Uint8Array {
  const hashLines = infoHashes.map((infoHash) => `Infohash: ${infoHash}`);
  const cookieLines = cookie === undefined ? [] : [`cookie: ${cookie}`];
  const lines = [METHOD_LINE, `Host: ${group}`, `Port: ${port}`, ...hashLines, ...cookieLines, "", "", ""];
  return new TextEncoder().encode(lines.join(LINE_END));
}

/** Undefined for anything but an announcement of at least one torrent. Lines that are not known are passed over (BEP 14). */
export function parseLsdMessage(datagram: Uint8Array): LsdMessage | undefined {
  if (datagram.length > MAX_DATAGRAM_BYTES) return undefined;
  const [methodLine, ...lines] = new TextDecoder("latin1").decode(datagram).split(LINE_END);
  if (methodLine !== METHOD_LINE) return undefined;
  const fields = lines.flatMap((line) => {
    const match = /^([a-z-]+):[ \t]*([^ \t].*?)[ \t]*$/i.exec(line);
    return match === null ? [] : [{ name: match[1]?.toLowerCase(), value: match[2] ?? "" }];
  });
  const valuesOf = (wanted: string): string[] => fields.filter(({ name }) => name === wanted).map(({ value }) => value);
  const port = Number(valuesOf("port")[0]);
  const infoHashes = valuesOf("infohash").filter(isInfoHash).map(toLowerCase);
  if (!Number.isInteger(port) || port < 1 || port > 65_535 || infoHashes.length === 0) return undefined;
  const cookie = valuesOf("cookie")[0]?.slice(0, MAX_COOKIE_CHARACTERS);
  return { port, infoHashes: [...new Set(infoHashes)], cookie };
}

function isInfoHash(text: string): boolean {
  return /^[0-9a-f]{40}$/i.test(text);
}

function toLowerCase(text: string): string {
  return text.toLowerCase();
}
