import { describe, expect, it } from "vitest";
import { Deferred } from "../../src/engine/deferred.ts";
import { KeyedQueue } from "../../src/engine/keyed-queue.ts";

describe("KeyedQueue", () => {
  it("runs tasks of one key in order, and lets other keys pass", async () => {
    const queue = new KeyedQueue();
    const gate = new Deferred<void>();
    const log: string[] = [];
    const first = queue.run("a", async () => {
      await gate.wait();
      log.push("a1");
    });
    const second = queue.run("a", async () => void log.push("a2"));
    await queue.run("b", async () => void log.push("b"));
    expect(log).toEqual(["b"]);
    gate.resolve();
    await Promise.all([first, second]);
    expect(log).toEqual(["b", "a1", "a2"]);
  });

  it("gives each task its own outcome, and goes on after one that failed", async () => {
    const queue = new KeyedQueue();
    const failure = new Error("broken");
    const broken = queue.run("a", () => Promise.reject(failure));
    const fine = queue.run("a", async () => 7);
    await expect(broken).rejects.toBe(failure);
    expect(await fine).toBe(7);
  });

  it("is idle when all tasks have ended, failed ones too", async () => {
    const queue = new KeyedQueue();
    const gate = new Deferred<void>();
    let ended = 0;
    for (const key of ["a", "a", "b"]) {
      queue
        .run(key, async () => {
          await gate.wait();
          ended += 1;
          throw new Error("broken");
        })
        .catch(() => undefined);
    }
    const idle = queue.idle().then(() => ended);
    gate.resolve();
    expect(await idle).toBe(3);
  });
});
