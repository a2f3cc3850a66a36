import { RiptideError } from "@riptide/core";
import type { RequestRecord } from "@riptide/http";
import { describe, expect, test } from "vitest";
import { createLog, type LogOptions } from "../src/log.ts";
import { FakeOutput } from "./support/fake-output.ts";

const TOKEN = "q7Zr0w_kV2mB4tYx8nUcLg";
const RECORD: RequestRecord = {
  requestId: "0123456789ab",
  method: "GET",
  route: "/stream/:infoHash/:index/direct",
  status: 206,
  code: undefined,
  bytes: 4_000,
  durationMs: 12.6,
  ttfbMs: 3.2,
  end: "cut",
  stream: {
    streamId: "ba9876543210",
    infoHash: "0123456789abcdef0123456789abcdef01234567",
    index: 3,
    source: "direct",
    entry: "seek",
  },
};

function openLog({ isTTY = false, ...options }: Partial<LogOptions> & { readonly isTTY?: boolean } = {}) {
  const stderr = new FakeOutput({ isTTY });
  const log = createLog({ format: undefined, level: undefined, stderr, secrets: [TOKEN], ...options });
  return { log, stderr, objects: () => stderr.lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe("where nobody looks", () => {
  test("each request is one object, with its ids and without its film", () => {
    const { log, objects } = openLog();
    log.request(RECORD);
    expect(objects()).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        level: "info",
        msg: "GET /stream/:infoHash/:index/direct",
        reqId: "0123456789ab",
        streamId: "ba9876543210",
        ih8: "01234567",
        file: 3,
        method: "GET",
        route: "/stream/:infoHash/:index/direct",
        status: 206,
        bytes: 4_000,
        durationMs: 13,
        ttfbMs: 3,
        end: "cut",
      },
    ]);
  });

  test("failures have their cause, their code, and the ids of their request and its stream", () => {
    const { log, objects } = openLog();
    const error = new RiptideError("storage_failed", "The disk is broken.", { cause: "EIO" });
    log.failure("The body of GET /stream/:infoHash/:index/direct broke off", error, RECORD);
    log.failure("GET /api/torrents failed", new TypeError("a bug"), { requestId: "abc" });
    const always = { time: expect.any(String), level: "error" };
    expect(objects()).toEqual([
      {
        ...always,
        msg: "The body of GET /stream/:infoHash/:index/direct broke off",
        reqId: "0123456789ab",
        streamId: "ba9876543210",
        ih8: "01234567",
        file: 3,
        code: "storage_failed",
        cause: "The disk is broken. Cause: EIO",
      },
      { ...always, msg: "GET /api/torrents failed", reqId: "abc", cause: expect.stringMatching(/^TypeError: a bug/) },
    ]);
  });

  test("what a stranger called a thing neither ends the line nor turns it around, and no secret is told", () => {
    const { log, stderr, objects } = openLog();
    log.failure("GET /a failed", new Error('\n{"level":"info","msg":"forged"}\u202e'));
    log.failure(`GET /a?token=${TOKEN}`, new Error(`Bearer ${TOKEN}x, then ${TOKEN}`));
    log.warn(`with ${TOKEN} inside`);
    expect(objects().map(({ level }) => level)).toEqual(["error", "error", "warn"]);
    expect(stderr.text).not.toMatch(/[\u202e]/);
    expect(stderr.text).not.toContain(TOKEN);
  });

  test("probes are worth a line only for those who debug", () => {
    const told = openLog();
    told.log.request({ ...RECORD, route: "/livez", stream: undefined });
    expect(told.stderr.text).toBe("");
    const debugging = openLog({ level: "debug" });
    debugging.log.request({ ...RECORD, route: "/livez", stream: undefined });
    expect(debugging.objects()).toMatchObject([{ level: "debug", route: "/livez" }]);
  });

  test("a fault is the last thing that is told, whatever the level", () => {
    const { log, objects } = openLog({ level: "error" });
    log.warn("not told");
    log.fault(new TypeError("x"));
    expect(objects()).toMatchObject([
      { level: "fatal", msg: expect.stringMatching(/^Riptide ends because .*: TypeError: x \|/) },
    ]);
  });
});

describe("for people", () => {
  test("what they should know is a sentence, and no request is", () => {
    const { log, stderr } = openLog({ isTTY: true });
    log.info("Riptide is listening");
    log.request(RECORD);
    log.warn("ffmpeg is missing.");
    log.failure("The body of GET /a broke off", new RiptideError("no_peers", "No peer answers."));
    expect(stderr.lines).toEqual(["ffmpeg is missing.", "The body of GET /a broke off: No peer answers."]);
  });

  test("requests are told to those who ask for them", () => {
    const { log, stderr } = openLog({ format: "pretty", level: "info" });
    log.request(RECORD);
    expect(stderr.lines).toEqual(["GET /stream/:infoHash/:index/direct 206, 4000 bytes in 13 ms"]);
  });

  test("lines go through the view that draws there", () => {
    const { log, stderr } = openLog({ format: "pretty" });
    const noted: string[] = [];
    log.writeTo((line) => noted.push(line));
    log.warn("ffmpeg is missing.");
    expect([noted, stderr.text]).toEqual([["ffmpeg is missing."], ""]);
  });
});
