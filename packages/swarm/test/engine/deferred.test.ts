import { describe, expect, it } from "vitest";
import { Deferred } from "../../src/engine/deferred.ts";

describe("Deferred", () => {
  it("gives everybody the first value, whether they came before it or after", async () => {
    const deferred = new Deferred<number>();
    const early = [deferred.wait(), deferred.wait(new AbortController().signal)];
    expect(deferred.isResolved).toBe(false);
    deferred.resolve(1);
    deferred.resolve(2);
    expect([...(await Promise.all(early)), await deferred.wait()]).toEqual([1, 1, 1]);
    expect(deferred.isResolved).toBe(true);
  });

  it("rejects with the signal's reason, and only for that signal", async () => {
    const deferred = new Deferred<number>();
    const controller = new AbortController();
    const [impatient, patient] = [deferred.wait(controller.signal), deferred.wait()];
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(impatient).rejects.toBe(reason);
    await expect(deferred.wait(controller.signal)).rejects.toBe(reason);
    deferred.resolve(3);
    expect(await patient).toBe(3);
  });

  it("takes its listener off the signal when the value comes", async () => {
    const deferred = new Deferred<number>();
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...parameters: Parameters<typeof add>) => {
      listeners += 1;
      add(...parameters);
    };
    signal.removeEventListener = (...parameters: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...parameters);
    };
    const waits = [deferred.wait(signal), deferred.wait(signal)];
    expect(listeners).toBe(2);
    deferred.resolve(1);
    await Promise.all(waits);
    expect(listeners).toBe(0);
  });
});
