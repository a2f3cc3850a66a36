import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sanitizeDhtMessage } from "../../src/discovery/dht-message.ts";
import { type BencodeInput, encodeBencode } from "../../src/metainfo/bencode.ts";

type Fields = Record<string, BencodeInput>;

const id = "i".repeat(20);
const hash = "h".repeat(20);

const query = (q: BencodeInput, a: BencodeInput, more: Fields = {}): Fields => ({ t: "aa", y: "q", q, a, ...more });
const response = (r: BencodeInput, more: Fields = {}): Fields => ({ t: "aa", y: "r", r, ...more });

describe("sanitizeDhtMessage", () => {
  it.each<[string, Fields]>([
    ["ping", query("ping", { id })],
    ["find_node", query("find_node", { id, target: hash })],
    ["get_peers", query("get_peers", { id, info_hash: hash })],
    ["announce_peer", query("announce_peer", { id, info_hash: hash, port: 6_881, implied_port: 1, token: "secret" })],
    ["a query that lacks arguments, to be refused by its reader", query("get_peers", { id })],
    ["an answer with nodes", response({ id, nodes: "n".repeat(52) })],
    ["an answer with peers", response({ id, token: "t", values: ["p".repeat(6), "q".repeat(6)] })],
  ])("passes %s as it is", (_title, message) => {
    expect(text(sanitizeDhtMessage(encodeBencode(message)))).toBe(text(encodeBencode(message)));
  });

  it.each<[string, Fields, Fields]>([
    ["unknown fields", query("ping", { id, x: 1 }, { v: "LT", ro: 1 }), query("ping", { id })],
    ["what an error says", { t: "aa", y: "e", e: [[["deep"]], {}] }, { t: "aa", y: "e", e: [201, "error"] }],
    ["stored items of BEP 44", response({ id, v: "item", k: 5, sig: [] }), response({ id })],
  ])("leaves out %s", (_title, message, rest) => {
    expect(text(sanitizeDhtMessage(encodeBencode(message)))).toBe(text(encodeBencode(rest)));
  });

  it.each<[string, BencodeInput]>([
    ["a number for an info hash", query("get_peers", { id, info_hash: 5 })],
    ["a short info hash", query("get_peers", { id, info_hash: "short" })],
    ["a number for a target", query("find_node", { id, target: 7 })],
    ["a number for a token", query("announce_peer", { id, info_hash: hash, port: 1, token: 7 })],
    ["a token of a kilobyte", query("announce_peer", { id, info_hash: hash, port: 1, token: "t".repeat(1_000) })],
    ["text for a port", query("announce_peer", { id, info_hash: hash, port: "1", token: "t" })],
    ["a dictionary with a toString for a query", query({ toString: "x" }, { id })],
    ["a dictionary with a toString for a type", { t: "aa", y: { toString: "x" }, r: { id } }],
    ["no id", query("ping", {})],
    ["a number for an id", query("ping", { id: 5 })],
    ["a list for arguments", query("ping", [])],
    ["a query of BEP 44", query("put", { id, v: "x", token: "t", k: 5 })],
    ["an unknown query", query("vote", { id })],
    ["a number for a response", response(5)],
    ["a number for the id of a response", response({ id: 5 })],
    ["text for peers", response({ id, values: "peers" })],
    ["numbers for peers", response({ id, values: [1, 2] })],
    ["a number for nodes", response({ id, nodes: 7 })],
    ["no transaction", { y: "q", q: "ping", a: { id } }],
    ["a number for a transaction", query("ping", { id }, { t: 5 })],
    ["an unknown type", { t: "aa", y: "z" }],
    ["a list", []],
    ["a number", 7],
    ["10,000 peers", response({ id, values: Array.from({ length: 10_000 }, () => "p".repeat(6)) })],
  ])("drops %s", (_title, message) => {
    expect(sanitizeDhtMessage(encodeBencode(message))).toBeUndefined();
  });

  it.each([
    ["nothing", ""],
    ["noise", "\u0000\u00ff\u0001"],
    ["lists in lists", "l".repeat(60_000)],
    ["a message cut short", "d1:ad2:id20:iiii"],
    ["a message and more", `${text(encodeBencode(query("ping", { id })))}x`],
  ])("drops %s", (_title, datagram) => {
    expect(sanitizeDhtMessage(Buffer.from(datagram, "latin1"))).toBeUndefined();
  });

  it("never throws, whatever the bytes", () => {
    const base = Buffer.from(encodeBencode(query("get_peers", { id, info_hash: hash })));
    const change = fc.tuple(fc.nat(base.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), (changes) => {
        const datagram = Buffer.from(base);
        for (const [index, byte] of changes) datagram[index] = byte;
        const message = sanitizeDhtMessage(datagram);
        expect(message === undefined || sanitizeDhtMessage(message)?.length === message.length).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString("latin1");
}
