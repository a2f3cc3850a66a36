import { describe, expect, test } from "vitest";
import { ProcessPool } from "../src/process-pool.ts";
import { virtualClock } from "./support/clocks.ts";

const { signal } = new AbortController();

describe("A pool of processes", () => {
  test("hands out as many places as it has, and says when to come back", () => {
    const pool = new ProcessPool(2);
    const first = pool.acquire("copy");
    pool.acquire("copy");
    expect(() => pool.acquire("copy")).toThrow(expect.objectContaining({ code: "ffmpeg_busy", retryAfterSeconds: 5 }));
    first[Symbol.dispose]();
    expect(pool.active).toBe(1);
    pool.acquire("copy");
    expect(pool.active).toBe(2);
  });

  test("counts how processes ended", () => {
    const pool = new ProcessPool();
    for (const exit of ["stopped", "crashed", "stopped"] as const) pool.countExit(exit);
    expect(pool.exits).toEqual({ finished: 0, stopped: 2, failed: 0, crashed: 1, stalled: 0 });
  });

  test("counts a video transcode as four copies", () => {
    const pool = new ProcessPool(8);
    pool.acquire("video_transcode");
    pool.acquire("copy");
    expect(() => pool.acquire("video_transcode")).toThrow(expect.objectContaining({ code: "ffmpeg_busy" }));
    for (let index = 0; index < 3; index += 1) pool.acquire("copy");
    expect(pool.active).toBe(5);
    expect(() => pool.acquire("copy")).toThrow(expect.objectContaining({ code: "ffmpeg_busy" }));
  });

  test("gives a place back once, however often it is disposed", () => {
    const pool = new ProcessPool(1);
    const place = pool.acquire("copy");
    place[Symbol.dispose]();
    place[Symbol.dispose]();
    pool.acquire("copy");
    expect(pool.active).toBe(1);
    expect(() => pool.acquire("copy")).toThrow(expect.objectContaining({ code: "ffmpeg_busy" }));
  });

  test("has room for a video transcode on any machine", () => {
    const pool = new ProcessPool();
    pool.acquire("video_transcode");
    expect(pool.active).toBe(1);
    expect(pool.limit).toBeGreaterThanOrEqual(4);
  });
});

describe("One client", () => {
  test("has three quarters of the places at most, and others have the rest", () => {
    const pool = new ProcessPool(8);
    const own = Array.from({ length: 6 }, () => pool.acquire("copy", "a"));
    expect(() => pool.acquire("copy", "a")).toThrow(expect.objectContaining({ code: "ffmpeg_busy" }));
    pool.acquire("copy", "b");
    pool.acquire("copy");
    expect(() => pool.acquire("copy", "b")).toThrow(expect.objectContaining({ code: "ffmpeg_busy" }));
    own[0]?.[Symbol.dispose]();
    pool.acquire("copy", "a");
    expect(pool.active).toBe(8);
  });

  test("has room for a video transcode on any machine", () => {
    const pool = new ProcessPool(4);
    pool.acquire("video_transcode", "a");
    expect(pool.active).toBe(1);
  });

  test("that waits for its own places is passed over, and keeps nobody waiting", async () => {
    const clock = virtualClock();
    const pool = new ProcessPool(8);
    const own = pool.acquire("video_transcode", "a");
    const order: string[] = [];
    const film = pool.acquireSoon("video_transcode", { clock, signal, client: "a" }).then(() => order.push("a"));
    await pool.acquireSoon("video_transcode", { clock, signal, client: "b" });
    order.push("b");
    own[Symbol.dispose]();
    await film;
    expect(order).toEqual(["b", "a"]);
  });

  test("has a quarter of those who wait at most", async () => {
    const clock = virtualClock();
    const pool = new ProcessPool(4);
    pool.acquire("video_transcode");
    const wait = (client: string) => pool.acquireSoon("copy", { clock, signal, client }).catch((error) => error.code);
    const waiting = Array.from({ length: 16 }, () => wait("a"));
    expect(await wait("a")).toBe("ffmpeg_busy");
    waiting.push(wait("b"));
    await clock.advance(1_000);
    expect(await Promise.race([...waiting, Promise.resolve("still waiting")])).toBe("still waiting");
    await clock.advance(2_000);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["ffmpeg_busy"]));
  });
});

describe("Waiting for a place", () => {
  test("ends as soon as one is free, in the order of asking", async () => {
    const clock = virtualClock();
    const pool = new ProcessPool(4);
    const places = [pool.acquire("copy"), pool.acquire("copy")];
    const order: string[] = [];
    const film = pool.acquireSoon("video_transcode", { clock, signal }).then(() => order.push("film"));
    const copy = pool.acquireSoon("copy", { clock, signal }).then((place) => {
      order.push("copy");
      return place;
    });
    await clock.advance(1000);
    expect(order).toEqual([]);
    places[0]?.[Symbol.dispose]();
    await clock.advance(1);
    expect([order, pool.active]).toEqual([[], 1]);
    places[1]?.[Symbol.dispose]();
    await film;
    expect([order, pool.active]).toEqual([["film"], 1]);
    await expect(Promise.all([copy, clock.advance(1000)])).rejects.toMatchObject({ code: "ffmpeg_busy" });
  });

  test("is not needed where there is room", async () => {
    const pool = new ProcessPool(4);
    const place = await pool.acquireSoon("video_transcode", { clock: virtualClock(), signal });
    expect(pool.active).toBe(1);
    place[Symbol.dispose]();
    expect(pool.active).toBe(0);
  });

  test("ends with the client, who gets no place any more", async () => {
    const pool = new ProcessPool(1);
    const place = pool.acquire("copy");
    const client = new AbortController();
    const waiting = pool.acquireSoon("copy", { clock: virtualClock(), signal: client.signal });
    client.abort(new Error("The client is gone."));
    await expect(waiting).rejects.toBe(client.signal.reason);
    place[Symbol.dispose]();
    expect(pool.active).toBe(0);
    await expect(pool.acquireSoon("copy", { clock: virtualClock(), signal: client.signal })).rejects.toThrow("gone");
  });

  test("is refused to what can never fit, and to a crowd", async () => {
    const clock = virtualClock();
    const busy = { code: "ffmpeg_busy", retryAfterSeconds: 5 };
    await expect(new ProcessPool(3).acquireSoon("video_transcode", { clock, signal })).rejects.toMatchObject(busy);
    const pool = new ProcessPool(1);
    pool.acquire("copy");
    const crowd = Array.from({ length: 64 }, () =>
      pool.acquireSoon("copy", { clock, signal: new AbortController().signal }),
    );
    await expect(pool.acquireSoon("copy", { clock, signal })).rejects.toMatchObject(busy);
    const refused = Promise.allSettled(crowd);
    await clock.advance(2000);
    expect((await refused).every(({ status }) => status === "rejected")).toBe(true);
  });
});
