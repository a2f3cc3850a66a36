import { describe, expect, test } from "vitest";
import { generatedBody } from "../src/generated-body.ts";
import { createContext, drainEventLoop, readAll, virtualClock } from "./support/context.ts";

const viewer = () => createContext({ bytes: new Uint8Array(1), clock: virtualClock() });

/** Chunks of one byte that count up, and what becomes of their generator. */
function counting(count: number) {
  const state = { made: 0, isEnded: false, signal: AbortSignal.abort() };
  async function* generate(signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    state.signal = signal;
    try {
      while (state.made < count) yield new Uint8Array([(state.made += 1)]);
    } finally {
      state.isEnded = true;
    }
  }
  return { state, generate };
}

/** A chunk, and then a wait that only its signal ends. */
async function* waiting(signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  yield new Uint8Array(1);
  await new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

describe("A generated body", () => {
  test("makes the first chunk before it is there, and each other when it is read", async () => {
    const { state, generate } = counting(3);
    const { context } = viewer();
    const body = await generatedBody(generate, context);
    expect([state.made, context.timings.phases.has("fragment")]).toEqual([1, true]);
    const reader = body.getReader();
    expect((await reader.read()).value).toEqual(new Uint8Array([1]));
    await drainEventLoop();
    expect(state.made).toBe(1);
    expect((await reader.read()).value).toEqual(new Uint8Array([2]));
    await reader.cancel();
    expect(state).toMatchObject({ made: 2, isEnded: true });
    expect(state.signal.aborted).toBe(true);
  });

  test.each([0, 1, 3])("ends after its last chunk of %d", async (count) => {
    const { state, generate } = counting(count);
    const body = await generatedBody(generate, viewer().context);
    expect([...(await readAll(new Response(body)))]).toEqual([1, 2, 3].slice(0, count));
    expect(state.isEnded).toBe(true);
  });

  test("fails before it is there with what the first chunk fails with, and later with what another does", async () => {
    const failure = new Error("broken");
    const failing = (after: number) =>
      async function* (): AsyncGenerator<Uint8Array, void> {
        for (let made = 0; made < after; made += 1) yield new Uint8Array(1);
        throw failure;
      };
    await expect(generatedBody(failing(0), viewer().context)).rejects.toBe(failure);
    const body = await generatedBody(failing(2), viewer().context);
    await expect(readAll(new Response(body))).rejects.toBe(failure);
  });

  test("ends what its generator waits for when it is cancelled, or its client has gone", async () => {
    const reader = (await generatedBody(waiting, viewer().context)).getReader();
    await reader.read();
    const read = reader.read();
    await drainEventLoop();
    await reader.cancel("enough");
    expect((await read).done).toBe(true);
    const { context, client } = viewer();
    const left = (await generatedBody(waiting, context)).getReader();
    await left.read();
    const last = left.read();
    await drainEventLoop();
    client.abort(new DOMException("gone", "AbortError"));
    await expect(last).rejects.toBe(client.signal.reason);
  });
});
