import type { PieceProvider, ReadOptions } from "@riptide/core";
import { describe, expect, it } from "vitest";
import { Deferred } from "../../src/engine/deferred.ts";
import { FileProviders } from "../../src/engine/file-providers.ts";

const { signal } = new AbortController();

/** A provider that counts, and whose reads wait until they are told to end. */
class CountingProvider implements PieceProvider, AsyncDisposable {
  readonly sizeBytes = 10;
  readonly readEnds = new Deferred<Uint8Array>();
  heldDemands = 0;
  isClosed = false;

  readAt(_offset: number, _length: number, _options: ReadOptions): Promise<Uint8Array> {
    return this.readEnds.wait();
  }
  available(): [] {
    return [];
  }
  want(): Disposable {
    this.heldDemands += 1;
    return {
      [Symbol.dispose]: () => {
        this.heldDemands -= 1;
      },
    };
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true;
  }
}

function setUp() {
  const files = new FileProviders();
  const made = new Map<string, CountingProvider>();
  const open = (infoHash: string, index: number): PieceProvider =>
    files.get(infoHash, index, () => {
      const provider = new CountingProvider();
      made.set(`${infoHash}/${index}`, provider);
      return provider;
    });
  const openIndices = (): number[] => [...made.values()].flatMap(({ isClosed }, index) => (isClosed ? [] : [index]));
  return { files, made, open, openIndices };
}

describe("FileProviders", () => {
  it("opens a file once", () => {
    const { made, open } = setUp();
    const first = open("a", 0);
    expect([open("a", 0) === first, open("a", 1) === first, open("b", 0) === first]).toEqual([true, false, false]);
    expect(made.size).toBe(3);
  });

  it("closes those used longest ago when 64 others are open", () => {
    const { open, openIndices } = setUp();
    for (let index = 0; index < 64; index += 1) open("a", index);
    open("a", 0);
    expect(openIndices()).toHaveLength(64);
    open("a", 64);
    open("a", 65);
    expect(openIndices()).toHaveLength(64);
    expect(openIndices().slice(0, 2)).toEqual([0, 3]);
  });

  it("keeps a file that is read or wanted", async () => {
    const { made, open, openIndices } = setUp();
    const reading = open("a", 0).readAt(0, 1, { signal });
    const wanted = open("a", 1).want({ range: { start: 0, end: 1 }, urgency: "soon" });
    for (let index = 2; index < 80; index += 1) open("a", index);
    expect(openIndices().slice(0, 2)).toEqual([0, 1]);
    wanted[Symbol.dispose]();
    wanted[Symbol.dispose]();
    made.get("a/0")!.readEnds.resolve(Uint8Array.of(1));
    expect(await reading).toEqual(Uint8Array.of(1));
    open("a", 80);
    expect(openIndices()).toHaveLength(64);
    expect(openIndices()[0]).toBe(17);
  });

  it("closes the files of one torrent, used or not", async () => {
    const { files, made, open } = setUp();
    open("a", 0).want({ range: { start: 0, end: 1 }, urgency: "soon" });
    open("a", 1);
    open("ab", 0);
    await files.close("a");
    expect([...made].map(([key, { isClosed }]) => [key, isClosed])).toEqual([
      ["a/0", true],
      ["a/1", true],
      ["ab/0", false],
    ]);
    const before = made.get("a/0");
    open("a", 0);
    expect(made.get("a/0")).not.toBe(before);
  });
});
