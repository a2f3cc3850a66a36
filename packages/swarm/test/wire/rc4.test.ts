import { describe, expect, it } from "vitest";
import { Rc4 } from "../../src/wire/rc4.ts";

describe("Rc4", () => {
  // RFC 6229 section 2, row "DEC 1024": the key stream behind what MSE discards.
  it.each([
    ["40 bits", "0102030405", "30abbcc7c20b01609f23ee2d5f6bb7df"],
    ["128 bits", "0102030405060708090a0b0c0d0e0f10", "bdf0324e6083dcc6d3cedd3ca8c53c16"],
  ])("gives the key stream of RFC 6229 from byte 1024 on, key of %s", (_, key, keyStream) => {
    const bytes = new Uint8Array(16);
    new Rc4(Buffer.from(key, "hex")).apply(bytes);
    expect(Buffer.from(bytes).toString("hex")).toBe(keyStream);
  });

  it("goes on where it stopped, however the bytes are cut", () => {
    const key = Buffer.from("a key of twenty bytes");
    const whole = new Uint8Array(1000);
    new Rc4(key).apply(whole);
    const cut = new Uint8Array(1000);
    const cipher = new Rc4(key);
    for (const [start, end] of [
      [0, 1],
      [1, 1],
      [1, 300],
      [300, 1000],
    ]) {
      cipher.apply(cut.subarray(start, end));
    }
    expect(cut).toEqual(whole);
  });

  it("leaves the original of an encrypted copy alone", () => {
    const clear = new Uint8Array([1, 2, 3]);
    const secret = new Rc4(Buffer.from("key")).applied(clear);
    expect(clear).toEqual(new Uint8Array([1, 2, 3]));
    expect(new Rc4(Buffer.from("key")).applied(secret)).toEqual(clear);
  });
});
