import type { Clock } from "@riptide/core";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { AudioEncoderPool, type EncoderProfile, type Input, ProcessPool } from "../src/index.ts";
import { realClock, virtualClock } from "./support/clocks.ts";
import { fakeFfmpeg, isAlive, readAll } from "./support/fake-ffmpeg.ts";
import { recordedInput } from "./support/inputs.ts";

const { signal } = new AbortController();
const profile: EncoderProfile = { codec: "ac3", sourceRateHz: 48_000, rateHz: 48_000 };
const profiles = (["ac3", "dts", "mp3"] as const).map((codec) => ({ ...profile, codec }));
const REFILL_MS = 300;
const LIFE_MS = 60_000;

interface Started {
  readonly encoders: AudioEncoderPool;
  readonly places: ProcessPool;
}

async function start(script: string, clock: Clock = realClock, places = new ProcessPool(4)): Promise<Started> {
  const ffmpeg = { path: await fakeFfmpeg(script), version: "5.9-test", canEncodeH264: true };
  const encoders = new AudioEncoderPool({ ffmpeg, clock, pool: places });
  onTestFinished(() => encoders[Symbol.asyncDispose]());
  return { encoders, places };
}

const text = (...lines: string[]): Input =>
  async function* () {
    for (const line of lines) yield Buffer.from(line);
  };

async function waitingPid(encoders: AudioEncoderPool): Promise<number> {
  await vi.waitFor(() => expect(encoders.spares).toBe(1));
  const pid = Buffer.from(await readAll(await encoders.encode({ ...profile, input: text("."), signal }))).toString();
  return Number(pid);
}

describe("An encoder", () => {
  test("gets its input and is gone with its end", async () => {
    const { encoders, places } = await start("exec cat");
    const output = await encoders.encode({ ...profile, input: text("head ", "frames"), signal });
    expect(places.active).toBe(1);
    expect(Buffer.from(await readAll(output)).toString()).toBe("head frames");
    await vi.waitFor(() => expect(places.active).toBe(0));
  });

  test("is killed when its reader has enough, even if it ignores requests", async () => {
    const { encoders, places } = await start("trap '' TERM; echo $$; while :; do sleep 1000; done");
    const output = await encoders.encode({ ...profile, input: recordedInput(1, 1, "wait").input, signal });
    const reader = output.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    expect(await isAlive(Number(Buffer.from(value!).toString()))).toBe(false);
    await vi.waitFor(() => expect(places.active).toBe(0));
  });

  test("is killed when its client leaves; input and output are told", async () => {
    const { encoders } = await start("exec cat");
    const client = new AbortController();
    const source = recordedInput(1, 10, "wait");
    const output = await encoders.encode({ ...profile, input: source.input, signal: client.signal });
    const reader = output.getReader();
    await reader.read();
    client.abort(new Error("gone"));
    await expect(reader.read()).rejects.toThrow("gone");
    await vi.waitFor(() => expect(source.isClosed()).toBe(true));
  });

  test("passes on why its input failed", async () => {
    const { encoders } = await start("exec cat");
    const failure = new Error("no peers");
    const output = await encoders.encode({ ...profile, input: recordedInput(1, 10, failure).input, signal });
    await expect(readAll(output)).rejects.toBe(failure);
  });

  test("that does nothing for 20 seconds is stuck; one whose source waits is not", async () => {
    const clock = virtualClock();
    const { encoders } = await start("exec sleep 1000", clock);
    const waiting = await encoders.encode({ ...profile, input: recordedInput(0, 0, "wait").input, signal });
    const stuck = await encoders.encode({ ...profile, input: recordedInput(50, 65_536).input, signal });
    const [patience, failure] = [waiting.getReader().read(), readAll(stuck).catch((error: unknown) => error)];
    await clock.advance(20_000);
    expect(await failure).toMatchObject({ code: "ffmpeg_stalled" });
    expect(await Promise.race([patience, Promise.resolve("waiting")])).toBe("waiting");
    patience.catch(() => {});
  });

  test("has to wait for a place, which others hold as well", async () => {
    const places = new ProcessPool(2);
    const { encoders } = await start("exec cat", realClock, places);
    using _copy = places.acquire("copy");
    const { input } = recordedInput(0, 0, "wait");
    const output = await encoders.encode({ ...profile, input, signal });
    await expect(encoders.encode({ ...profile, input, signal })).rejects.toMatchObject({
      code: "ffmpeg_busy",
      retryAfterSeconds: 5,
    });
    await output.cancel();
    await vi.waitFor(() => expect(places.active).toBe(1));
    await (await encoders.encode({ ...profile, input, signal })).cancel();
  });

  test("gives its place back if it cannot be started", async () => {
    const places = new ProcessPool(1);
    const ffmpeg = { path: "/nonexistent/ffmpeg", version: "0", canEncodeH264: true };
    await using encoders = new AudioEncoderPool({ ffmpeg, clock: realClock, pool: places });
    const job = { ...profile, input: text("."), signal };
    await expect(encoders.encode(job)).rejects.toMatchObject({ code: "ffmpeg_failed" });
    expect([places.active, encoders.running]).toEqual([0, 0]);
  });

  test("is not started for a client that is gone", async () => {
    const { encoders } = await start("exec cat");
    const gone = AbortSignal.abort(new Error("gone"));
    await expect(encoders.encode({ ...profile, input: text("."), signal: gone })).rejects.toThrow("gone");
    expect(encoders.running).toBe(0);
  });
});

describe("A spare", () => {
  const SAYS_PID = "read -r line; echo $$";

  test("waits for the next segment of a profile, and is the one that gets it", async () => {
    const clock = virtualClock();
    const { encoders, places } = await start("pid=$$; cat; echo $pid", clock);
    await readAll(await encoders.encode({ ...profile, input: text("."), signal }));
    await clock.advance(REFILL_MS);
    await vi.waitFor(() => expect(encoders.spares).toBe(1));
    expect([encoders.running, places.active]).toEqual([1, 0]);
    const output = await encoders.encode({ ...profile, input: text("segment "), signal });
    expect([encoders.spares, encoders.running]).toEqual([0, 1]);
    expect(Buffer.from(await readAll(output)).toString()).toMatch(/^segment \d+\n$/);
  });

  test("can be asked for before the first segment", async () => {
    const clock = virtualClock();
    const { encoders } = await start(SAYS_PID, clock);
    encoders.prepare(profile);
    encoders.prepare(profile);
    await clock.advance(0);
    await vi.waitFor(() => expect(encoders.spares).toBe(1));
    expect(encoders.running).toBe(1);
  });

  test("is for its own profile only", async () => {
    const clock = virtualClock();
    const { encoders } = await start("exec cat", clock);
    encoders.prepare(profile);
    await clock.advance(0);
    await vi.waitFor(() => expect(encoders.spares).toBe(1));
    const output = await encoders.encode({ ...profile, rateHz: 44_100, input: text("."), signal });
    expect([encoders.spares, encoders.running]).toEqual([1, 2]);
    await output.cancel();
  });

  test("waits a minute from when it was wanted last, then it is gone", async () => {
    const clock = virtualClock();
    const { encoders } = await start("exec cat", clock);
    encoders.prepare(profile);
    await clock.advance(0);
    await vi.waitFor(() => expect(encoders.spares).toBe(1));
    await clock.advance(LIFE_MS - 1);
    encoders.prepare(profile);
    await clock.advance(LIFE_MS - 1);
    expect(encoders.spares).toBe(1);
    await clock.advance(1);
    expect(encoders.spares).toBe(0);
    await vi.waitFor(() => expect(encoders.running).toBe(0));
    expect(clock.pendingTimers).toBe(0);
  });

  test("makes room for a newer one: there are never more than two", async () => {
    const clock = virtualClock();
    const { encoders } = await start("exec cat", clock);
    for (const other of profiles) {
      encoders.prepare(other);
      await clock.advance(0);
      await vi.waitFor(() => expect(encoders.spares).toBe(Math.min(2, profiles.indexOf(other) + 1)));
    }
    await vi.waitFor(() => expect(encoders.running).toBe(2));
  });

  test("that dies while it waits is forgotten", async () => {
    const clock = virtualClock();
    const { encoders } = await start("sleep 1; exit 1", clock);
    encoders.prepare(profile);
    await clock.advance(0);
    await vi.waitFor(() => expect(encoders.spares).toBe(1), { timeout: 10_000, interval: 10 });
    await vi.waitFor(() => expect(encoders.spares).toBe(0), { timeout: 10_000 });
    expect(clock.pendingTimers).toBe(0);
  });

  test("that cannot be started is tried again when it is needed", async () => {
    const clock = virtualClock();
    const ffmpeg = { path: "/nonexistent/ffmpeg", version: "0", canEncodeH264: true };
    await using encoders = new AudioEncoderPool({ ffmpeg, clock, pool: new ProcessPool(1) });
    encoders.prepare(profile);
    await clock.advance(0);
    await vi.waitFor(() => {
      encoders.prepare(profile);
      expect([encoders.spares, clock.pendingTimers]).toEqual([0, 1]);
    });
  });

  test("holds no place, and is started with nothing that belongs to one segment", async () => {
    const clock = virtualClock();
    const { encoders, places } = await start(SAYS_PID, clock, new ProcessPool(1));
    encoders.prepare(profile);
    await clock.advance(0);
    const pid = await waitingPid(encoders);
    expect(pid).toBeGreaterThan(1);
    await vi.waitFor(() => expect(places.active).toBe(0));
  });
});

describe("When the server ends", () => {
  test("everything that encodes or waits is gone, readers are told, and nothing starts any more", async () => {
    const clock = virtualClock();
    const { encoders, places } = await start("exec cat", clock);
    const output = await encoders.encode({ ...profile, input: recordedInput(1, 1, "wait").input, signal });
    encoders.prepare(profiles[1]!);
    await clock.advance(REFILL_MS);
    await vi.waitFor(() => expect(encoders.running).toBe(3));
    const read = readAll(output).catch((error: unknown) => error);
    await encoders[Symbol.asyncDispose]();
    expect(await read).toMatchObject({ name: "AbortError" });
    expect([encoders.running, encoders.spares, places.active]).toEqual([0, 0, 0]);
    encoders.prepare(profile);
    expect(clock.pendingTimers).toBe(0);
  });

  test("one that is just starting goes as well", async () => {
    const { encoders } = await start("exec cat");
    const starting = encoders.encode({ ...profile, input: text("."), signal });
    await encoders[Symbol.asyncDispose]();
    await expect(readAll(await starting)).rejects.toMatchObject({ name: "AbortError" });
    await vi.waitFor(() => expect(encoders.running).toBe(0));
  });
});
