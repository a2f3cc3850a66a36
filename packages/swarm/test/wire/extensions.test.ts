import { array, assert, property, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeBencode } from "../../src/metainfo/bencode.ts";
import { encodeExtensionHandshake, parseExtensionHandshake } from "../../src/wire/index.ts";

const NOTHING = {
  utMetadataId: undefined,
  utPexId: undefined,
  client: undefined,
  requestQueueDepth: 250,
  metadataSizeBytes: undefined,
  listenPort: undefined,
};

describe("encodeExtensionHandshake", () => {
  it("spells what BEP 10 says, with sorted keys", () => {
    const own = { client: "Riptide 0.1.0", requestQueueDepth: 500, metadataSizeBytes: 31_235, listenPort: 6881 };
    expect(Buffer.from(encodeExtensionHandshake(own)).toString("latin1")).toBe(
      "d1:md11:ut_metadatai1e6:ut_pexi2ee13:metadata_sizei31235e1:pi6881e4:reqqi500e1:v13:Riptide 0.1.0e",
    );
  });

  it("leaves out what is not known yet", () => {
    const bytes = encodeExtensionHandshake({ client: "R", requestQueueDepth: 1, metadataSizeBytes: undefined });
    expect(Buffer.from(bytes).toString("latin1")).toBe("d1:md11:ut_metadatai1e6:ut_pexi2ee4:reqqi1e1:v1:Re");
  });

  it("is understood by ourselves", () => {
    const own = { client: "Riptide 0.1.0", requestQueueDepth: 500, metadataSizeBytes: 31_235, listenPort: 6881 };
    expect(parseExtensionHandshake(encodeExtensionHandshake(own))).toEqual({ ...own, utMetadataId: 1, utPexId: 2 });
  });
});

describe("parseExtensionHandshake", () => {
  it("reads the handshake of libtorrent 2.0.8, unknown fields and all", () => {
    const payload = encodeBencode({
      complete_ago: -1,
      m: { lt_donthave: 7, share_mode: 8, upload_only: 3, ut_holepunch: 4, ut_metadata: 2, ut_pex: 1 },
      metadata_size: 26_103,
      p: 6881,
      reqq: 2000,
      upload_only: 1,
      v: "libtorrent/2.0.8.0",
      yourip: Uint8Array.of(127, 0, 0, 1),
    });
    expect(parseExtensionHandshake(payload)).toEqual({
      utMetadataId: 2,
      utPexId: 1,
      client: "libtorrent/2.0.8.0",
      requestQueueDepth: 2000,
      metadataSizeBytes: 26_103,
      listenPort: 6881,
    });
  });

  it.each([
    ["an empty dictionary", {}],
    ["ids of 0, which switch extensions off", { m: { ut_metadata: 0, ut_pex: 0 } }],
    ["ids that do not fit into a byte", { m: { ut_metadata: 256, ut_pex: -1 } }],
    ["ids that are no numbers", { m: { ut_metadata: "1", ut_pex: [] } }],
    ["m that is no dictionary", { m: 5 }],
    ["a metadata size of 0", { metadata_size: 0 }],
    ["a negative metadata size", { metadata_size: -5 }],
    ["a port of 0", { p: 0 }],
    ["a port of 65,536", { p: 65_536 }],
    ["a request queue of 0", { reqq: 0 }],
    ["a client name that is a number", { v: 7 }],
    ["a client name of control characters", { v: "\u0000\u001b\n\u202e" }],
  ])("takes %s for nothing said", (_, fields) => {
    expect(parseExtensionHandshake(encodeBencode(fields))).toEqual(NOTHING);
  });

  it.each([
    ["control characters", 'Evil\n{"level":50}\u001b[31m\u202e', 'Evil{"level":50}[31m'],
    ["broken UTF-8", Uint8Array.of(0x41, 0xff, 0x42), "A\ufffdB"],
    ["endless length", "x".repeat(10_000), "x".repeat(64)],
  ])("makes a client name of %s fit to be shown", (_, name, shown) => {
    expect(parseExtensionHandshake(encodeBencode({ v: name }))?.client).toBe(shown);
  });

  it.each([
    ["nothing", ""],
    ["a list", "le"],
    ["a number", "i5e"],
    ["a cut-off dictionary", "d1:md6:ut_pexi1e"],
    ["a string longer than the message", "9999999999:"],
    ["20,000 nested lists", `d1:m${"l".repeat(20_000)}`],
    ["too many levels", `d1:m${"l".repeat(20)}${"e".repeat(20)}e`],
    ["too many values", `d1:ml${"i1e".repeat(5_000)}ee`],
    ["a non-canonical number", "d4:reqqi-0ee"],
  ])("refuses %s", (_, payload) => {
    expect(parseExtensionHandshake(Buffer.from(payload))).toBeNull();
  });

  it("takes __proto__ for a name like any other", () => {
    expect(parseExtensionHandshake(Buffer.from("d1:md9:__proto__i1eee"))).toEqual(NOTHING);
  });

  it("never throws", () => {
    assert(
      property(array(uint8Array({ maxLength: 40 }), { maxLength: 4 }), (parts) => {
        parseExtensionHandshake(Buffer.concat([Buffer.from("d1:m"), ...parts]));
      }),
      { numRuns: 500 },
    );
  });
});
