import crypto from "node:crypto";
import { describe, expect, it } from "vitest";
import { createDiffieHellman, DH_KEY_BYTES } from "../../src/wire/diffie-hellman.ts";

const PRIME =
  "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A63A36210000000000090563";

describe("createDiffieHellman", () => {
  it("agrees with OpenSSL on the secret", () => {
    const other = crypto.createDiffieHellman(PRIME, "hex", 2);
    const otherPublicKey = other.generateKeys();
    const own = createDiffieHellman();
    const paddedPublicKey = Buffer.concat([Buffer.alloc(DH_KEY_BYTES - otherPublicKey.length), otherPublicKey]);
    const otherSecret = other.computeSecret(own.publicKey);
    const paddedSecret = Buffer.concat([Buffer.alloc(DH_KEY_BYTES - otherSecret.length), otherSecret]);
    expect(Buffer.from(own.secretWith(paddedPublicKey)).equals(paddedSecret)).toBe(true);
  });

  it.each([
    ["0", new Uint8Array(DH_KEY_BYTES), "00".repeat(96)],
    ["1", Buffer.concat([Buffer.alloc(95), Buffer.of(1)]), `${"00".repeat(95)}01`],
    ["the prime itself", Buffer.from(PRIME, "hex"), "00".repeat(96)],
  ])("takes the degenerate public key %s and pads the secret to 96 bytes", (_, publicKey, secret) => {
    expect(Buffer.from(createDiffieHellman().secretWith(publicKey)).toString("hex")).toBe(secret);
  });

  it("takes a public key larger than the prime", () => {
    expect(createDiffieHellman().secretWith(Buffer.alloc(DH_KEY_BYTES, 0xff))).toHaveLength(DH_KEY_BYTES);
  });

  it("makes a new key of 96 bytes each time", () => {
    const keys = Array.from({ length: 20 }, () => Buffer.from(createDiffieHellman().publicKey).toString("hex"));
    expect(new Set(keys).size).toBe(20);
    expect(keys.every((key) => key.length === 2 * DH_KEY_BYTES)).toBe(true);
  });
});
