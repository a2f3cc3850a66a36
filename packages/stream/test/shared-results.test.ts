import { describe, expect, test } from "vitest";
import { SharedResults } from "../src/shared-results.ts";

const { signal } = new AbortController();

/** Work that a test finishes by hand. */
function manualWork(): {
  readonly compute: (signal: AbortSignal) => Promise<string>;
  readonly signals: AbortSignal[];
  readonly finish: (value: string) => void;
  readonly fail: (error: unknown) => void;
} {
  const signals: AbortSignal[] = [];
  let settle: { resolve: (value: string) => void; reject: (error: unknown) => void } | undefined;
  return {
    signals,
    compute: (workSignal) => {
      signals.push(workSignal);
      return new Promise((resolve, reject) => {
        settle = { resolve, reject };
      });
    },
    finish: (value) => settle?.resolve(value),
    fail: (error) => settle?.reject(error),
  };
}

describe("Shared results", () => {
  test("are computed once for all who ask meanwhile, and kept for those who ask later", async () => {
    const results = new SharedResults<string>(10);
    const work = manualWork();
    const asked = [1, 2, 3].map(() => results.get("a", signal, work.compute));
    expect(results.peek("a")).toBeUndefined();
    work.finish("done");
    expect(await Promise.all(asked)).toEqual(["done", "done", "done"]);
    expect(await results.get("a", signal, work.compute)).toBe("done");
    expect(results.peek("a")).toBe("done");
    expect(work.signals).toHaveLength(1);
  });

  test("are told apart by their key", async () => {
    const results = new SharedResults<string>(10);
    expect(await results.get("a", signal, async () => "A")).toBe("A");
    expect(await results.get("b", signal, async () => "B")).toBe("B");
  });

  test("that failed are told to those who wait, and computed anew for the next", async () => {
    const results = new SharedResults<string>(10);
    const work = manualWork();
    const asked = [1, 2].map(() => results.get("a", signal, work.compute));
    work.fail(new Error("broken"));
    for (const result of asked) await expect(result).rejects.toThrow("broken");
    expect(await results.get("a", signal, async () => "mended")).toBe("mended");
  });

  test("go on while one of those who wait is left, and are aborted with the last", async () => {
    const results = new SharedResults<string>(10);
    const work = manualWork();
    const [first, second] = [new AbortController(), new AbortController()];
    const asked = [first, second].map((client) => results.get("a", client.signal, work.compute));
    first.abort(new Error("first left"));
    await expect(asked[0]).rejects.toThrow("first left");
    expect(work.signals[0]?.aborted).toBe(false);
    second.abort(new Error("second left"));
    await expect(asked[1]).rejects.toThrow("second left");
    expect(work.signals[0]?.aborted).toBe(true);
    expect(await results.get("a", signal, async () => "anew")).toBe("anew");
  });

  test("are not even begun for who is gone already", async () => {
    const results = new SharedResults<string>(10);
    const work = manualWork();
    await expect(results.get("a", AbortSignal.abort(new Error("gone")), work.compute)).rejects.toThrow("gone");
    expect(work.signals).toEqual([]);
  });

  test("are kept as many as the limit says, the longest unused is forgotten", async () => {
    const results = new SharedResults<string>(2);
    const computed: string[] = [];
    const ask = (key: string): Promise<string> =>
      results.get(key, signal, async () => {
        computed.push(key);
        return key;
      });
    for (const key of ["a", "b", "a", "c", "a", "b"]) await ask(key);
    expect(computed).toEqual(["a", "b", "c", "b"]);
  });

  test("may be undefined, and are kept then too", async () => {
    const results = new SharedResults<undefined>(2);
    let computed = 0;
    const compute = async (): Promise<undefined> => void (computed += 1);
    await results.get("a", signal, compute);
    await results.get("a", signal, compute);
    expect(computed).toBe(1);
  });
});
