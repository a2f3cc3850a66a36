import { assert, nat, oneof, property, tuple, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeLsdMessage, MAX_INFO_HASHES, parseLsdMessage } from "../../src/discovery/lsd-message.ts";

const INFO_HASH = "ab".repeat(20);
const GROUP = "239.192.152.143:6771";

function datagram(...lines: readonly string[]): Uint8Array {
  return Buffer.from([...lines, "", ""].join("\r\n"), "latin1");
}

describe("an announcement to the local network", () => {
  it("is spelled as in BEP 14", () => {
    const message = encodeLsdMessage({ port: 6881, infoHashes: [INFO_HASH], cookie: "us" }, GROUP);
    const lines = ["BT-SEARCH * HTTP/1.1", `Host: ${GROUP}`, "Port: 6881", `Infohash: ${INFO_HASH}`, "cookie: us"];
    expect(Buffer.from(message).toString("latin1")).toBe([...lines, "", "", ""].join("\r\n"));
  });

  it("fits into 1400 bytes, full as it may be, and is read as it was written", () => {
    const infoHashes = Array.from({ length: MAX_INFO_HASHES }, (_, index) => index.toString(16).padStart(40, "f"));
    const message = { port: 65_535, infoHashes, cookie: "c".repeat(64) };
    const bytes = encodeLsdMessage(message, GROUP);
    expect(bytes.length).toBeLessThanOrEqual(1_400);
    expect(parseLsdMessage(bytes)).toEqual(message);
  });

  it("is read however others write it", () => {
    const libtorrent = datagram(
      "BT-SEARCH * HTTP/1.1",
      `Host: ${GROUP}`,
      "Port: 51413",
      `Infohash: ${INFO_HASH.toUpperCase()}`,
      "cookie: 1f2e",
      "",
    );
    expect(parseLsdMessage(libtorrent)).toEqual({ port: 51_413, infoHashes: [INFO_HASH], cookie: "1f2e" });
    const other = datagram(
      "BT-SEARCH * HTTP/1.1",
      `INFOHASH:${INFO_HASH}`,
      `Infohash: \t${INFO_HASH}  `,
      "port:\t1",
      "X-New: 1",
    );
    expect(parseLsdMessage(other)).toEqual({ port: 1, infoHashes: [INFO_HASH], cookie: undefined });
  });

  it.each([
    ["another method", ["NOTIFY * HTTP/1.1", "Port: 1", `Infohash: ${INFO_HASH}`]],
    ["no port", ["BT-SEARCH * HTTP/1.1", `Infohash: ${INFO_HASH}`]],
    ["port 0", ["BT-SEARCH * HTTP/1.1", "Port: 0", `Infohash: ${INFO_HASH}`]],
    ["a port that is none", ["BT-SEARCH * HTTP/1.1", "Port: 65536", `Infohash: ${INFO_HASH}`]],
    ["a port that is a word", ["BT-SEARCH * HTTP/1.1", "Port: http", `Infohash: ${INFO_HASH}`]],
    ["no info hash", ["BT-SEARCH * HTTP/1.1", "Port: 1"]],
    ["a short info hash", ["BT-SEARCH * HTTP/1.1", "Port: 1", `Infohash: ${INFO_HASH.slice(1)}`]],
    ["an info hash that is none", ["BT-SEARCH * HTTP/1.1", "Port: 1", `Infohash: ${"z".repeat(40)}`]],
    ["nothing", []],
  ])("is none with %s", (_what, lines) => {
    expect(parseLsdMessage(datagram(...lines))).toBeUndefined();
  });

  it("is none if it is longer than any may be", () => {
    const long = datagram("BT-SEARCH * HTTP/1.1", "Port: 1", `Infohash: ${INFO_HASH}`, `X: ${"x".repeat(1_400)}`);
    expect(parseLsdMessage(long)).toBeUndefined();
  });

  it("survives any bytes, and gives nothing but good ports and info hashes", () => {
    const good = encodeLsdMessage({ port: 6881, infoHashes: [INFO_HASH, "cd".repeat(20)], cookie: "us" }, GROUP);
    const changed = tuple(nat(good.length - 1), nat(255), nat(good.length)).map(([at, byte, length]) => {
      const copy = good.slice();
      copy[at] = byte;
      return copy.subarray(0, length);
    });
    assert(
      property(oneof(changed, uint8Array({ maxLength: 1_500 })), (bytes) => {
        const message = parseLsdMessage(bytes);
        if (message === undefined) return;
        expect(message.port > 0 && message.port < 65_536).toBe(true);
        for (const infoHash of message.infoHashes) expect(infoHash).toMatch(/^[0-9a-f]{40}$/);
      }),
    );
  });
});
