import { describe, expect, test, vi } from "vitest";
import { createWorld, statusAndJson } from "../support/world.ts";

const FFMPEG = { version: "5.1.9", active: 0, limit: 2 };
const READY = {
  status: "ready",
  version: "1.2.3",
  engine: { state: "running", restarts: 0 },
  ffmpeg: FFMPEG,
  reasons: [],
};

test("a process that lives says so, even while it drains and its engine is gone", async () => {
  const { send, draining, engine } = await createWorld();
  draining.abort();
  await engine.close();
  expect(await statusAndJson(await send("/livez"))).toEqual({ status: 200, body: { status: "ok" } });
});

describe("readiness", () => {
  test("with everything there is 200", async () => {
    const { send } = await createWorld();
    expect(await statusAndJson(await send("/readyz"))).toEqual({ status: 200, body: READY });
  });

  test("with an ffmpeg that nothing confines is still ready, and says what to install", async () => {
    const { send, streams } = await createWorld();
    streams.ffmpeg = { ...streams.ffmpeg!, isolation: "nothing" };
    const { status, body } = await statusAndJson(await send("/readyz"));
    expect([status, body]).toMatchObject([200, { reasons: [expect.stringContaining("apt install bubblewrap")] }]);
  });

  test("without ffmpeg is degraded, still 200, and says what to install", async () => {
    const { send, streams } = await createWorld();
    streams.ffmpeg = undefined;
    const { ffmpeg: _, ...rest } = READY;
    expect(await statusAndJson(await send("/readyz"))).toEqual({
      status: 200,
      body: { ...rest, reasons: [expect.stringMatching(/^ffmpeg: missing.*install/)] },
    });
  });

  test("with a full disk is degraded, still 200, and says what to do", async () => {
    const { send, engine } = await createWorld();
    const [torrent] = engine.list();
    const error = { code: "disk_full", message: "The disk is full. Free some space." } as const;
    vi.spyOn(engine, "list").mockReturnValue([torrent!, { ...torrent!, error }]);
    const { body } = await statusAndJson(await send("/readyz"));
    expect(body).toEqual({ ...READY, reasons: ["disk: The disk is full. Free some space."] });
  });

  test("without its data folder, where nothing can be added, is 503, and says what to do", async () => {
    const { send, engine } = await createWorld();
    const problem = "The data folder is gone. Bring it back.";
    vi.spyOn(engine, "health").mockReturnValue({ state: "running", restarts: 0, problem });
    const { status, body } = await statusAndJson(await send("/readyz"));
    expect([status, body]).toEqual([
      503,
      {
        ...READY,
        status: "not_ready",
        engine: { state: "running", restarts: 0, problem },
        reasons: [`disk: ${problem}`],
      },
    ]);
  });

  test("is 503 while the engine starts again, and 200 after", async () => {
    const { send, engine } = await createWorld();
    engine.crash();
    expect(await statusAndJson(await send("/readyz"))).toEqual({
      status: 503,
      body: {
        ...READY,
        status: "not_ready",
        engine: { state: "restarting", restarts: 0 },
        reasons: ["engine: restarting"],
      },
    });
    engine.restart();
    expect(await statusAndJson(await send("/readyz"))).toEqual({
      status: 200,
      body: { ...READY, engine: { state: "running", restarts: 1 } },
    });
  });

  test("is 503 while the server drains", async () => {
    const { send, draining } = await createWorld();
    draining.abort();
    const { status, body } = await statusAndJson(await send("/readyz"));
    expect(status).toBe(503);
    expect(body).toMatchObject({ status: "not_ready", reasons: [expect.stringMatching(/^server: draining/)] });
  });
});
