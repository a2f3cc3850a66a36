import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { abortable } from "../src/index.ts";

describe("abortable", () => {
  it("settles like the promise and takes its listener off the signal", async () => {
    const { signal } = new AbortController();
    const failure = new Error("no such film");
    const both = [abortable(Promise.resolve("bytes"), signal), abortable(Promise.reject(failure), signal)];
    expect(getEventListeners(signal, "abort")).toHaveLength(2);
    expect(await Promise.allSettled(both)).toEqual([
      { status: "fulfilled", value: "bytes" },
      { status: "rejected", reason: failure },
    ]);
    await Promise.resolve();
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("rejects with the signal's reason, and ignores what becomes of the promise", async () => {
    const controller = new AbortController();
    const reason = new Error("the viewer left");
    const failing = new AbortController();
    const failed = new Promise((_, reject) => {
      failing.signal.addEventListener("abort", () => reject(failing.signal.reason));
    });
    const waiting = abortable(failed, controller.signal);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    failing.abort(new Error("too late to matter"));
  });

  it("rejects with the reason of a signal that is aborted already, even when the promise is settled", async () => {
    const reason = new Error("gone before it began");
    const signal = AbortSignal.abort(reason);
    await expect(abortable(Promise.resolve(1), signal)).rejects.toBe(reason);
    await expect(abortable(Promise.reject(new Error("ignored")), signal)).rejects.toBe(reason);
  });
});
