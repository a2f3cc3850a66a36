import { describe, expect, test } from "vitest";
import { pulledBody } from "../src/pulled-body.ts";
import { drainEventLoop, readAll } from "./support/context.ts";

describe("A pulled body", () => {
  test("asks for nothing before it is read, and for one chunk at a time", async () => {
    let asked = 0;
    const body = pulledBody(
      async () => new Uint8Array([(asked += 1)]),
      () => {},
    );
    await drainEventLoop();
    expect(asked).toBe(0);
    const reader = body.getReader();
    expect((await reader.read()).value).toEqual(new Uint8Array([1]));
    await drainEventLoop();
    expect(asked).toBe(1);
  });

  test("releases before it ends", async () => {
    const chunks = [new Uint8Array([1, 2]), new Uint8Array([3])];
    const releases: unknown[] = [];
    const body = pulledBody(
      async () => chunks.shift(),
      (reason) => void releases.push(reason),
    );
    expect([...(await readAll(new Response(body)))]).toEqual([1, 2, 3]);
    expect(releases).toEqual([undefined]);
  });

  test("releases and fails with what went wrong", async () => {
    const failure = new Error("broken");
    const releases: unknown[] = [];
    const body = pulledBody(
      () => Promise.reject(failure),
      (reason) => void releases.push(reason),
    );
    await expect(readAll(new Response(body))).rejects.toBe(failure);
    expect(releases).toEqual([failure]);
  });

  test("releases when it is cancelled, and cancelling waits for it", async () => {
    let isReleased = false;
    const body = pulledBody(
      async () => new Uint8Array(1),
      async () => {
        await drainEventLoop();
        isReleased = true;
      },
    );
    await body.cancel();
    expect(isReleased).toBe(true);
  });
});
