import { once } from "node:events";
import { StreamError } from "@riptide/core";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type FfmpegProcess, startFfmpegProcess } from "../src/ffmpeg-process.ts";
import type { Input } from "../src/index.ts";
import { realClock, settled, virtualClock } from "./support/clocks.ts";
import { eventually } from "./support/eventually.ts";
import { fakeFfmpeg, isAlive, readAll, temporaryFolder } from "./support/fake-ffmpeg.ts";
import { recordedInput } from "./support/inputs.ts";

interface StartOptions {
  readonly input?: Input;
  readonly arguments?: readonly string[];
  readonly clock?: typeof realClock;
  readonly signal?: AbortSignal;
}

/** Starts a script that stands for ffmpeg; it does not outlive the test. */
async function start(script: string, options: StartOptions = {}): Promise<FfmpegProcess> {
  const path = await fakeFfmpeg(script);
  const { signal = new AbortController().signal } = options;
  const end = new AbortController();
  const ffmpeg = await startFfmpegProcess({
    path,
    launcher: undefined,
    arguments: options.arguments ?? [],
    input: options.input ?? recordedInput(0, 0).input,
    clock: options.clock ?? realClock,
    signal: AbortSignal.any([signal, end.signal]),
  });
  onTestFinished(async () => {
    end.abort();
    await ffmpeg.exited;
  });
  return ffmpeg;
}

const text = async (ffmpeg: FfmpegProcess): Promise<string> => Buffer.from(await readAll(ffmpeg.output)).toString();

async function firstText(
  ffmpeg: FfmpegProcess,
): Promise<{ text: string; reader: ReadableStreamDefaultReader<Uint8Array> }> {
  const reader = ffmpeg.output.getReader();
  const { value } = await reader.read();
  return { text: Buffer.from(value ?? []).toString(), reader };
}

describe("A process that works", () => {
  test("turns its whole source into its output, byte for byte", async () => {
    const ffmpeg = await start("exec cat", { input: recordedInput(100, 100_000).input });
    const output = await readAll(ffmpeg.output);
    expect(output.length).toBe(10_000_000);
    expect([0, 150_000, 9_999_999].map((at) => output[at])).toEqual([0, 1, 99]);
    expect(await ffmpeg.exited).toBe("finished");
  });

  test("gets its arguments as they are, without a shell between", async () => {
    const hostile = ["-y", "$(id)", "a b", "; rm -rf /", "concat:a|b", ""];
    const ffmpeg = await start('for word in "$@"; do echo "[$word]"; done', { arguments: hostile });
    expect(await text(ffmpeg)).toBe(hostile.map((word) => `[${word}]\n`).join(""));
  });

  test("runs in an empty environment, in an empty folder that is gone already", async () => {
    vi.stubEnv("RIPTIDE_TEST_SECRET", "value");
    onTestFinished(() => void vi.unstubAllEnvs());
    const begin = new AbortController();
    const script =
      "cat > /dev/null; readlink /proc/$$/cwd; ls -A | wc -l; touch file 2> /dev/null || echo refused; env";
    const ffmpeg = await start(script, {
      async *input() {
        await once(begin.signal, "abort");
        yield new Uint8Array(1);
      },
    });
    begin.abort();
    const [folder, files, touched, ...environment] = (await text(ffmpeg)).trim().split("\n");
    expect([folder, files, touched]).toEqual([expect.stringMatching(/riptide-ffmpeg-.* \(deleted\)$/), "0", "refused"]);
    const names = environment.map((line) => line.split("=")[0]);
    expect(names.filter((name) => name !== "PWD" && name !== "_")).toEqual([]);
  });

  test("may leave some of its source alone, which is then closed", async () => {
    const source = recordedInput(1000, 65_536);
    const ffmpeg = await start("head -c 10; exec <&-; echo; echo done", { input: source.input });
    expect((await text(ffmpeg)).endsWith("\ndone\n")).toBe(true);
    await eventually(() => expect(source.isClosed()).toBe(true));
    expect(source.handedOver()).toBeLessThan(20);
  });

  test("loses nothing of what it wrote before it ended, however late that is read", async () => {
    const ffmpeg = await start("head -c 50000 /dev/zero");
    await ffmpeg.exited;
    await new Promise((resolve) => setImmediate(resolve));
    expect((await readAll(ffmpeg.output)).length).toBe(50_000);
  });

  test("takes no more of its source than its unread output lets it", async () => {
    const source = recordedInput(1000, 65_536);
    const ffmpeg = await start("exec cat", { input: source.input });
    await eventually(() => expect(source.handedOver()).toBeGreaterThan(2));
    const stalledAt = await settled(source.handedOver);
    expect(stalledAt).toBeLessThan(12);
    const reader = ffmpeg.output.getReader();
    for (let index = 0; index < 20; index += 1) await reader.read();
    expect(source.handedOver()).toBeGreaterThan(stalledAt);
    await reader.cancel();
    expect(source.isClosed()).toBe(true);
  });
});

describe("A process that fails", () => {
  test.each([
    ["failed", "exit 3"],
    ["crashed", "kill -SEGV $$"],
  ])("has %s by %s", async (exit, script) => {
    const ffmpeg = await start(script);
    expect(await ffmpeg.exited).toBe(exit);
  });

  test.each([
    [
      "with exit code 1",
      "echo 'first line' >&2; echo 'moov atom not found' >&2; exit 1",
      /^exit code 1: moov atom not found$/,
    ],
    // What sh says when it starts and its folder is gone already is no word of ours.
    ["by a crash", "kill -SEGV $$", /^ended by SIGSEGV: (sh: .*getcwd.*)?$/],
    [
      "after megabytes of complaints",
      "yes error | head -c 3000000 >&2; echo last >&2; exit 187",
      /^exit code 187: last$/,
    ],
  ])("before its first byte, %s, says so, and why to the log only", async (_, script, cause) => {
    const ffmpeg = await start(script);
    const failure = await readAll(ffmpeg.output).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "ffmpeg_failed", cause: { message: expect.stringMatching(cause) } });
    expect(String(failure)).not.toMatch(/moov|last|SIGSEGV|exit code/);
  });

  test("after its first bytes errors its output, which never ends as if complete", async () => {
    const ffmpeg = await start("echo begun; sleep 0.1; exit 1");
    const { text: begun, reader } = await firstText(ffmpeg);
    expect(begun).toBe("begun\n");
    await expect(reader.read()).rejects.toMatchObject({ code: "ffmpeg_failed" });
  });

  test("passes on why its source failed, and is ended", async () => {
    const broken = new StreamError("no_peers", "No peer has this part.");
    const ffmpeg = await start("cat > /dev/null; sleep 1000", { input: recordedInput(3, 1000, broken).input });
    await expect(readAll(ffmpeg.output)).rejects.toBe(broken);
    await ffmpeg.exited;
  });

  test.each([
    ["there is none", async () => "/nonexistent/ffmpeg"],
    ["it is a folder", temporaryFolder],
    ["it may not be run", () => fakeFfmpeg("exit 0", 0o644)],
  ])("to start because %s rejects and leaves nothing behind", async (_, programPath) => {
    const source = recordedInput(1, 1);
    const { signal } = new AbortController();
    const started = startFfmpegProcess({
      path: await programPath(),
      launcher: undefined,
      arguments: [],
      input: source.input,
      clock: realClock,
      signal,
    });
    await expect(started).rejects.toMatchObject({ code: "ffmpeg_failed" });
    expect(source.handedOver()).toBe(0);
  });

  test("is not started at all for a client that is gone", async () => {
    const signal = AbortSignal.abort(new DOMException("gone", "AbortError"));
    const started = startFfmpegProcess({
      path: "/bin/cat",
      launcher: undefined,
      arguments: [],
      input: recordedInput(0, 0).input,
      clock: realClock,
      signal,
    });
    await expect(started).rejects.toBe(signal.reason);
  });
});

async function stubbornPids(
  ffmpeg: FfmpegProcess,
): Promise<{ pids: number[]; reader: ReadableStreamDefaultReader<Uint8Array> }> {
  const { text: line, reader } = await firstText(ffmpeg);
  return { pids: line.trim().split(" ").map(Number), reader };
}

describe("A process whose client leaves", () => {
  const stubborn = "trap '' TERM; sleep 1000 & echo $$ $!; wait; sleep 1000";

  test("is gone after half a second of grace with all it started, even if it ignores SIGTERM", async () => {
    const clock = virtualClock();
    const source = recordedInput(1, 1, "wait");
    const ffmpeg = await start(stubborn, { input: source.input, clock });
    const { pids, reader } = await stubbornPids(ffmpeg);
    const cancelled = reader.cancel();
    await clock.advance(499);
    expect(await Promise.all(pids.map(isAlive))).toEqual([true, true]);
    await clock.advance(1);
    await cancelled;
    expect(source.isClosed()).toBe(true);
    await eventually(async () => expect(await Promise.all(pids.map(isAlive))).toEqual([false, false]));
  });

  test("is gone as well when the signal is aborted, and its output says why", async () => {
    const client = new AbortController();
    const ffmpeg = await start(stubborn, { signal: client.signal });
    const { pids, reader } = await stubbornPids(ffmpeg);
    const next = reader.read();
    client.abort(new DOMException("The client closed the request.", "AbortError"));
    await expect(next).rejects.toBe(client.signal.reason);
    expect(await ffmpeg.exited).toBe("stopped");
    await eventually(async () => expect(await Promise.all(pids.map(isAlive))).toEqual([false, false]));
  });

  test("is gone even if it was stopped", async () => {
    const ffmpeg = await start("echo $$; kill -STOP $$");
    const { text: pid, reader } = await firstText(ffmpeg);
    await reader.cancel();
    await eventually(async () => expect(await isAlive(Number(pid))).toBe(false));
  });

  test("takes along what it started when it ends by itself", async () => {
    const ffmpeg = await start("sleep 1000 & echo $!");
    const child = Number((await text(ffmpeg)).trim());
    await eventually(async () => expect(await isAlive(child)).toBe(false));
  });

  test("leaves no timer and no unread output when it had ended before", async () => {
    const clock = virtualClock();
    const client = new AbortController();
    const ffmpeg = await start("echo done", { clock, signal: client.signal });
    await ffmpeg.exited;
    client.abort(new Error("gone"));
    await expect(readAll(ffmpeg.output)).rejects.toThrow("gone");
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("The watchdog", () => {
  const STALL_MS = 20_000;

  test("ends a process that does nothing for 20 seconds though its output is wanted and its source is there", async () => {
    const clock = virtualClock();
    const ffmpeg = await start("echo stuck >&2; exec sleep 1000", { clock, input: recordedInput(100, 65_536).input });
    const read = readAll(ffmpeg.output).catch((error: unknown) => error);
    await clock.advance(STALL_MS - 1);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(1);
    expect(await read).toMatchObject({ code: "ffmpeg_stalled" });
    expect(await ffmpeg.exited).toBe("stalled");
    expect(clock.pendingTimers).toBe(0);
  });

  test("ends a process that was stopped in the middle", async () => {
    const clock = virtualClock();
    const ffmpeg = await start("echo $$; kill -STOP $$", { clock });
    const { text: pid, reader } = await firstText(ffmpeg);
    const read = reader.read().catch((error: unknown) => error);
    await clock.advance(STALL_MS);
    expect(await read).toMatchObject({ code: "ffmpeg_stalled" });
    await clock.advance(1000);
    await ffmpeg.exited;
    await eventually(async () => expect(await isAlive(Number(pid))).toBe(false));
  });

  test("waits for a swarm that takes an hour", async () => {
    const clock = virtualClock();
    const source = recordedInput(1, 5, "wait");
    const ffmpeg = await start("exec cat", { clock, input: source.input });
    const { reader } = await firstText(ffmpeg);
    const read = reader.read().then(
      () => "output",
      () => "failed",
    );
    await clock.advance(3_600_000);
    expect(await Promise.race([read, Promise.resolve("waiting")])).toBe("waiting");
    await reader.cancel();
  });

  test("waits for a client that pauses for an hour", async () => {
    const clock = virtualClock();
    const ffmpeg = await start("exec cat", { clock, input: recordedInput(50, 65_536).input });
    const { reader } = await firstText(ffmpeg);
    await clock.advance(3_600_000);
    let lengthBytes = 0;
    for (let result = await reader.read(); !result.done; result = await reader.read())
      lengthBytes += result.value.length;
    expect(lengthBytes).toBeGreaterThan(3_000_000);
  });
});
