import { describe, expect, test } from "vitest";
import { ProcessPool } from "../src/process-pool.ts";

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
