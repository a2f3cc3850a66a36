import { describe, expect, it } from "vitest";
import { AddressBook, addressKey, type ConnectionEnd } from "../../src/session/address-book.ts";
import type { PeerAddress } from "../../src/types.ts";
import { fakeAddress } from "./fake-peer.ts";

const PEER = fakeAddress(1);
const FAILED: ConnectionEnd = {
  wasUseful: false,
  wasRefusedSilently: false,
  mayTryUtp: false,
  wasOurChoice: false,
  didMindFirstWords: false,
};
const SILENT: ConnectionEnd = { ...FAILED, wasRefusedSilently: true };
const USEFUL: ConnectionEnd = { ...FAILED, wasUseful: true };
const NOT_NEEDED: ConnectionEnd = { ...FAILED, wasOurChoice: true };

/** A book with one address. */
function bookOf(address: PeerAddress = PEER, origin: "given" | "found" = "found"): AddressBook {
  const book = new AddressBook();
  book.add(address, origin, 0);
  return book;
}

/** Dials as soon as the book allows, and ends each attempt at once; returns when each was made, and how. */
function dialUntilForgotten(book: AddressBook, ends: readonly ConnectionEnd[]): [atMs: number, mode: string][] {
  const attempts: [number, string][] = [];
  let nowMs = 0;
  for (const end of ends) {
    const limitMs = nowMs + 200_000;
    let due = book.takeDue(nowMs, 1);
    for (; due.length === 0 && nowMs < limitMs && book.size > 0; nowMs += 1) due = book.takeDue(nowMs + 1, 1);
    if (due.length === 0) return attempts;
    attempts.push([nowMs, due[0]!.mode]);
    book.ended(due[0]!.address, end, nowMs);
  }
  return attempts;
}

/** How an address is dialled when the attempts end like this. */
function waysOf(ends: readonly ConnectionEnd[]): string[] {
  const book = bookOf();
  return ends.map((end) => {
    const { transport, mode } = book.takeDue(1_000_000, 1)[0]!;
    book.ended(PEER, end, 0);
    return `${transport} ${mode}`;
  });
}

describe("AddressBook", () => {
  it("knows a peer again however it is spelled", () => {
    const book = bookOf({ host: "::ffff:10.0.0.1", port: 1 });
    expect(book.add({ host: "10.0.0.1", port: 1 }, "found", 0)).toBe(false);
    expect(book.add({ host: "2001:DB8:0::1", port: 1 }, "given", 0)).toBe(true);
    expect(book.add({ host: "2001:db8::1", port: 1 }, "found", 0)).toBe(false);
    expect(book.takeDue(0, 9).map(({ address }) => address.host)).toEqual(["10.0.0.1", "2001:db8::1"]);
    book.ban("10.0.0.1");
    expect([book.size, book.add({ host: "::ffff:a00:1", port: 2 }, "found", 0)]).toEqual([1, false]);
  });

  it.each<{ what: string; ends: ConnectionEnd[]; attempts: [number, string][] }>([
    {
      what: "waits twice as long after each failure",
      ends: [FAILED, FAILED, FAILED, FAILED],
      attempts: [
        [0, "plaintext"],
        [500, "plaintext"],
        [1_500, "plaintext"],
        [3_500, "plaintext"],
      ],
    },
    {
      what: "tries encryption at once when plaintext is refused in silence, and only once",
      ends: [SILENT, SILENT, SILENT, SILENT],
      attempts: [
        [0, "plaintext"],
        [0, "encrypted"],
        [500, "plaintext"],
        [500, "encrypted"],
      ],
    },
    {
      what: "forgets its failures with a useful peer, which is dialled soon again",
      ends: [FAILED, FAILED, FAILED, USEFUL, USEFUL],
      attempts: [
        [0, "plaintext"],
        [500, "plaintext"],
        [1_500, "plaintext"],
        [3_500, "plaintext"],
        [4_000, "plaintext"],
      ],
    },
    {
      what: "takes no offence at a peer that we closed for reasons of our own",
      ends: [NOT_NEEDED, NOT_NEEDED, FAILED, FAILED],
      attempts: [
        [0, "plaintext"],
        [15_000, "plaintext"],
        [30_000, "plaintext"],
        [30_500, "plaintext"],
      ],
    },
  ])("$what", ({ ends, attempts }) => {
    expect(dialUntilForgotten(bookOf(), ends)).toEqual(attempts);
  });

  it("tries uTP at once where TCP gets no answer, and the other mode of both", () => {
    const unanswered: ConnectionEnd = { ...FAILED, mayTryUtp: true };
    const silent: ConnectionEnd = { ...SILENT, mayTryUtp: true };
    // Nobody there.
    expect(waysOf([unanswered, unanswered, unanswered])).toEqual(["tcp plaintext", "utp plaintext", "tcp plaintext"]);
    // The connection stands, and is closed: by who wants encryption, and by who wants no TCP.
    expect(waysOf([silent, silent, silent, silent, silent])).toEqual([
      "tcp plaintext",
      "tcp encrypted",
      "utp plaintext",
      "utp encrypted",
      "tcp plaintext",
    ]);
    expect(waysOf([silent, unanswered, silent, FAILED, unanswered])).toEqual([
      "tcp plaintext",
      "tcp encrypted",
      "utp plaintext",
      "utp encrypted",
      "tcp plaintext",
    ]);
    // Without uTP here, and after an answer.
    expect(waysOf([FAILED, FAILED])).toEqual(["tcp plaintext", "tcp plaintext"]);
  });

  it("stays with uTP once it worked, and tries addresses first that were not tried at all", () => {
    const book = bookOf();
    book.add(fakeAddress(2), "found", 0);
    book.takeDue(0, 1);
    book.ended(PEER, { ...FAILED, mayTryUtp: true }, 0);
    const due = book.takeDue(0, 2);
    expect(due.map(({ address, transport }) => [address, transport])).toEqual([
      [fakeAddress(2), "tcp"],
      [PEER, "utp"],
    ]);
    book.succeeded(PEER);
    book.ended(PEER, USEFUL, 10);
    expect(book.takeDue(510, 1)[0]?.transport).toBe("utp");
    book.ended(PEER, { ...FAILED, mayTryUtp: true }, 520);
    expect(book.takeDue(520, 1)).toEqual([]);
    expect(book.takeDue(2_000, 1)[0]?.transport).toBe("utp");
  });

  it("dials once more at once whom first words may have offended, and says none to it any more", () => {
    const book = bookOf();
    const [first] = book.takeDue(0, 1);
    book.succeeded(PEER);
    book.ended(PEER, { ...FAILED, didMindFirstWords: true }, 10);
    const [second] = book.takeDue(10, 1);
    expect([first?.takesFirstWords, second?.takesFirstWords]).toEqual([true, false]);
    book.ended(PEER, FAILED, 20);
    expect(book.takeDue(519, 1)).toEqual([]);
    expect(book.takeDue(520, 1)[0]?.takesFirstWords).toBe(false);
  });

  it("says nothing first where encryption has to be agreed on before", () => {
    const book = bookOf();
    const dial = (end: ConnectionEnd): boolean | undefined => {
      const [attempt] = book.takeDue(1_000_000, 1);
      book.ended(PEER, end, 0);
      return attempt?.takesFirstWords;
    };
    expect([dial(SILENT), dial(SILENT), dial(SILENT)]).toEqual([true, false, true]);
  });

  it("tries encryption first with whom first words silenced, and then says none", () => {
    const book = bookOf();
    const ways = [SILENT, SILENT, FAILED].map((end) => {
      const [attempt] = book.takeDue(1_000_000, 1);
      book.ended(PEER, { ...end, didMindFirstWords: attempt?.takesFirstWords === true }, 0);
      return [attempt?.mode, attempt?.takesFirstWords];
    });
    expect(ways).toEqual([
      ["plaintext", true],
      ["encrypted", false],
      ["plaintext", false],
    ]);
  });

  it("stays with the mode that worked", () => {
    const book = bookOf();
    expect(book.takeDue(0, 1)[0]?.mode).toBe("plaintext");
    book.ended(PEER, SILENT, 0);
    expect(book.takeDue(0, 1)[0]?.mode).toBe("encrypted");
    book.succeeded(PEER);
    book.ended(PEER, USEFUL, 10);
    expect(book.takeDue(510, 1)[0]?.mode).toBe("encrypted");
    book.ended(PEER, SILENT, 520);
    expect(book.takeDue(520, 1)).toEqual([]);
    expect(book.takeDue(2_000, 1)[0]?.mode).toBe("encrypted");
  });

  it("forgets a found address after seven failures, and never one that the user named", () => {
    const failures = Array.from({ length: 12 }, () => FAILED);
    expect(dialUntilForgotten(bookOf(PEER, "found"), failures)).toHaveLength(7);
    const named = bookOf(PEER, "given");
    const attempts = dialUntilForgotten(named, failures).map(([atMs]) => atMs);
    expect(attempts).toHaveLength(12);
    expect(attempts.at(-1)! - attempts.at(-2)!).toBe(60_000);
    const promoted = bookOf(PEER, "found");
    expect(promoted.add(PEER, "given", 0)).toBe(false);
    expect(dialUntilForgotten(promoted, failures)).toHaveLength(12);
  });

  it("gives an address out once at a time, and those that failed least first", () => {
    const book = new AddressBook();
    for (let number = 0; number < 5; number += 1) book.add(fakeAddress(number), "found", 0);
    const first = book.takeDue(0, 2).map(({ address }) => address);
    expect(first).toEqual([fakeAddress(0), fakeAddress(1)]);
    for (const address of first) book.ended(address, FAILED, 0);
    const second = book.takeDue(10_000, 4).map(({ address }) => address);
    expect(second).toEqual([fakeAddress(2), fakeAddress(3), fakeAddress(4), fakeAddress(0)]);
    expect(book.takeDue(10_000, 4).map(({ address }) => address)).toEqual([fakeAddress(1)]);
    expect(book.takeDue(10_000, 4)).toEqual([]);
  });

  it.each<[string, PeerAddress]>([
    ["port 0", { host: "10.0.0.1", port: 0 }],
    ["port 65536", { host: "10.0.0.1", port: 65_536 }],
  ])("does not take %s", (_what, address) => {
    expect(new AddressBook().add(address, "given", 0)).toBe(false);
  });

  it("takes an address once, IPv6 too", () => {
    const book = new AddressBook();
    const address = { host: "2001:db8::1", port: 6881 };
    expect([book.add(address, "found", 0), book.add({ ...address }, "found", 0), book.size]).toEqual([true, false, 1]);
    expect(addressKey(address)).toBe("[2001:db8::1]:6881");
    expect(addressKey(PEER)).toBe("10.0.0.1:6881");
  });

  it("bans a host with all its ports, now and later", () => {
    const book = bookOf();
    book.add({ ...PEER, port: 7000 }, "given", 0);
    book.add(fakeAddress(2), "found", 0);
    book.ban(PEER.host);
    expect([book.isBanned(PEER.host), book.isBanned(fakeAddress(2).host)]).toEqual([true, false]);
    expect([book.size, book.bannedHostCount]).toEqual([1, 1]);
    expect(book.add({ ...PEER, port: 7001 }, "given", 0)).toBe(false);
    // The connection that lied ends after the ban: that must not bring the address back.
    book.ended(PEER, FAILED, 0);
    expect(book.size).toBe(1);
  });

  it("does not dial itself twice", () => {
    const book = bookOf(PEER, "given");
    book.excludeOwn(PEER);
    expect([book.size, book.add(PEER, "given", 0)]).toEqual([0, false]);
  });

  it("remembers 2,000 addresses, and then only instead of ones that failed", () => {
    const book = new AddressBook();
    for (let number = 0; number < 2_000; number += 1) book.add(fakeAddress(number), "found", 0);
    expect([book.size, book.add(fakeAddress(2_000), "found", 0)]).toEqual([2_000, false]);
    for (const { address } of book.takeDue(0, 3)) book.ended(address, FAILED, 0);
    const [again] = book.takeDue(600, 2_000).slice(-1);
    book.ended(again!.address, FAILED, 600);
    expect([book.add(fakeAddress(2_001), "found", 0), book.size]).toEqual([true, 2_000]);
    // All that are left are being dialled.
    expect(book.add(again!.address, "found", 0)).toBe(false);
  });

  it("knows which addresses answered", () => {
    const book = new AddressBook();
    for (let number = 0; number < 5; number += 1) book.add(fakeAddress(number), "found", 0);
    for (const number of [1, 3, 4]) book.succeeded(fakeAddress(number));
    expect(book.proven(2)).toEqual([fakeAddress(1), fakeAddress(3)]);
  });
});
