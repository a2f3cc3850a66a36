import type { PieceProvider, ReadOptions } from "@riptide/core";
import { beforeEach, describe, expect, it } from "vitest";
import { Deferred } from "../../src/engine/deferred.ts";
import { FileProviders } from "../../src/engine/file-providers.ts";
import type { FilePieceProvider } from "../../src/provider/index.ts";

const { signal } = new AbortController();
const FIRST_BYTE = Uint8Array.of(1);

/** A provider whose file is open from a read on until it is released. */
class FakeProvider implements FilePieceProvider {
  readonly sizeBytes = 10;
  isFileOpen = false;
  isClosed = false;
  /** Reads wait for it, if there is one. */
  gate: Deferred<void> | undefined;

  async readAt(_offset: number, _length: number, _options: ReadOptions): Promise<Uint8Array> {
    this.isFileOpen = true;
    await this.gate?.wait();
    return FIRST_BYTE;
  }
  available(): [] {
    return [];
  }
  want(): Disposable {
    return { [Symbol.dispose]: () => undefined };
  }
  async releaseFile(): Promise<void> {
    this.isFileOpen = false;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true;
  }
}

describe("FileProviders", () => {
  let files = new FileProviders();
  let made: FakeProvider[] = [];

  beforeEach(() => {
    files = new FileProviders();
    made = [];
  });

  function open(infoHash: string, index: number): PieceProvider {
    return files.get(infoHash, index, () => {
      const provider = new FakeProvider();
      made.push(provider);
      return provider;
    });
  }

  const openFiles = (): number[] => made.flatMap(({ isFileOpen }, index) => (isFileOpen ? [index] : []));
  const openAll = (count: number): PieceProvider[] => Array.from({ length: count }, (_, index) => open("a", index));

  it("makes one provider for each file", () => {
    const first = open("a", 0);
    expect([open("a", 0) === first, open("a", 1) === first, open("b", 0) === first]).toEqual([true, false, false]);
    expect(made).toHaveLength(3);
  });

  it("leaves every provider usable, however many are opened before the first is read", async () => {
    const providers = openAll(200);
    expect(await read(providers[0]!)).toBe(FIRST_BYTE);
    expect([made.some(({ isClosed }) => isClosed), openFiles()]).toEqual([false, [0]]);
  });

  it("closes the files that were read longest ago when 64 others are open, and opens them again", async () => {
    const providers = openAll(66);
    for (const provider of providers.slice(0, 64)) await read(provider);
    await read(providers[0]!);
    expect(openFiles()).toHaveLength(64);
    await read(providers[64]!);
    await read(providers[65]!);
    expect([openFiles().length, openFiles().slice(0, 2)]).toEqual([64, [0, 3]]);
    await read(providers[1]!);
    expect([openFiles().length, openFiles().slice(0, 3)]).toEqual([64, [0, 1, 4]]);
  });

  it("closes no file that is read, if only by one of two", async () => {
    const providers = openAll(80);
    const gate = new Deferred<void>();
    made[0]!.gate = gate;
    const slow = read(providers[0]!);
    made[0]!.gate = undefined;
    await read(providers[0]!);
    for (const provider of providers.slice(1)) await read(provider);
    expect([openFiles().length, openFiles()[0]]).toEqual([65, 0]);
    gate.resolve();
    expect(await slow).toBe(FIRST_BYTE);
    expect([openFiles().length, openFiles()[0]]).toEqual([64, 0]);
  });

  it("closes the providers of one torrent", async () => {
    for (const [infoHash, index] of [
      ["a", 0],
      ["a", 1],
      ["ab", 0],
    ] as const)
      await read(open(infoHash, index));
    await files.close("a");
    expect(made.map(({ isClosed }) => isClosed)).toEqual([true, true, false]);
    open("a", 0);
    expect(made).toHaveLength(4);
  });
});

function read(provider: PieceProvider): Promise<Uint8Array> {
  return provider.readAt(0, 1, { signal });
}
