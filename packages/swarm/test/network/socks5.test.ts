import { array, assert, boolean, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeUdpHeader, ProxyError, parseUdpDatagram, Socks5Greeting } from "../../src/network/socks5.ts";

const PROXY = { host: "127.0.0.1", port: 1080, login: undefined };
const LOGIN = { username: "user", password: "secret" };

interface TalkOptions {
  readonly host?: string;
  readonly port?: number;
  readonly login?: typeof LOGIN | undefined;
  readonly stepBytes?: number;
  readonly command?: "connect" | "udp";
}

/** Talks to a proxy that says `script`, cut into pieces of `stepBytes`. */
function talk(
  script: readonly number[],
  { host = "192.0.2.1", port = 6881, login, stepBytes = 1, command = "connect" }: TalkOptions = {},
) {
  const said: number[] = [];
  const greeting = new Socks5Greeting({ ...PROXY, login }, { command, target: { host, port } }, (bytes) =>
    said.push(...bytes),
  );
  greeting.start();
  let rest: Uint8Array | undefined;
  let heardBytes = 0;
  while (rest === undefined && heardBytes < script.length) {
    rest = greeting.hear(Uint8Array.from(script.slice(heardBytes, heardBytes + stepBytes)));
    heardBytes += stepBytes;
  }
  return { said, boundTo: greeting.boundTo, rest: rest && [...rest, ...script.slice(heardBytes)] };
}

/** The error that a talk ends with, if any. */
function errorOf(script: readonly number[]): unknown {
  try {
    talk(script, { login: LOGIN, stepBytes: 3 });
    return undefined;
  } catch (error) {
    return error;
  }
}

const BOUND_TO_IPV4 = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

describe("Socks5Greeting", () => {
  it.each([
    ["192.0.2.1", [1, 192, 0, 2, 1]],
    ["2001:db8::1", [4, 0x20, 1, 0x0d, 0xb8, ...Array<number>(11).fill(0), 1]],
    ["a.example", [3, 9, ...Buffer.from("a.example")]],
  ])("asks for %s, as RFC 1928 says", (host, destination) => {
    const { said, rest } = talk([5, 0, ...BOUND_TO_IPV4, 77], { host });
    expect(said).toEqual([5, 1, 0, 5, 1, 0, ...destination, 6881 >> 8, 6881 & 255]);
    expect(rest).toEqual([77]);
  });

  it("logs in, as RFC 1929 says, where that is wanted", () => {
    const { said, rest } = talk([5, 2, 1, 0, ...BOUND_TO_IPV4], { login: LOGIN });
    expect(said.slice(0, 4)).toEqual([5, 2, 0, 2]);
    expect(said.slice(4, 17)).toEqual([1, 4, ...Buffer.from("user"), 6, ...Buffer.from("secret")]);
    expect(rest).toEqual([]);
  });

  it("does not tell its password where it is not wanted", () => {
    const { said } = talk([5, 0, ...BOUND_TO_IPV4], { login: LOGIN });
    expect(Buffer.from(said).toString("latin1")).not.toContain("secret");
  });

  it.each([
    ["IPv6", [5, 0, 0, 4, ...Array<number>(18).fill(1)]],
    ["a name", [5, 0, 0, 3, 2, 97, 98, 0, 80]],
    ["an empty name", [5, 0, 0, 3, 0, 0, 80]],
  ])("passes over where the proxy dialled from, if that is %s", (_what, reply) => {
    for (const stepBytes of [1, 2, 1_000])
      expect(talk([5, 0, ...reply, 1, 2, 3], { stepBytes }).rest).toEqual([1, 2, 3]);
  });

  it.each<[string, number[], typeof LOGIN?]>([
    ["speaks SOCKS4", [0, 90]],
    ["is a web server", [...Buffer.from("HTTP/1.1 400")]],
    ["wants a login that there is not", [5, 2]],
    ["takes no way of ours", [5, 255], LOGIN],
    ["refuses the login", [5, 2, 1, 1], LOGIN],
    ["does not reach the host", [5, 0, 5, 4, 0, 1]],
    ["fails in an unknown way", [5, 0, 5, 99, 0, 1]],
    ["has an address of an unknown kind", [5, 0, 5, 0, 0, 9]],
    ["changes its mind about the version", [5, 0, 4, 0, 0, 1]],
  ])("fails when the proxy %s", (_what, script, login) => {
    expect(() => talk(script, { login })).toThrow(ProxyError);
  });

  it("fails for a name that no proxy can be told", () => {
    expect(() => talk([], { host: "a".repeat(256) })).toThrow(ProxyError);
  });

  it("ends or fails cleanly, whatever a proxy says, and never says a password in an error", () => {
    assert(
      property(array(integer({ min: 0, max: 255 })), boolean(), (noise, isVersioned) => {
        const error = errorOf(isVersioned ? [5, 2, 1, 0, 5, 0, 0, ...noise] : noise);
        expect(error === undefined || error instanceof ProxyError).toBe(true);
        expect(String(error)).not.toContain("secret");
      }),
    );
  });
});

describe("a datagram of a relay", () => {
  it.each([
    ["192.0.2.1", 4],
    ["2001:db8::1", 6],
    ["a.example", 4],
  ] as const)("carries a packet to and from %s", (host, family) => {
    const header = encodeUdpHeader({ host, port: 6_969 });
    const parsed = parseUdpDatagram(Buffer.concat([header, Uint8Array.of(1, 2, 3)]));
    expect(parsed).toEqual({ packet: Buffer.from([1, 2, 3]), family });
    for (let length = 0; length < header.length; length++) {
      expect(parseUdpDatagram(header.subarray(0, length))).toBeUndefined();
    }
  });

  it("is dropped when it is a fragment or of an unknown kind", () => {
    const header = encodeUdpHeader({ host: "192.0.2.1", port: 1 });
    expect(parseUdpDatagram(header.with(2, 1))).toBeUndefined();
    expect(parseUdpDatagram(header.with(3, 9))).toBeUndefined();
  });
});
