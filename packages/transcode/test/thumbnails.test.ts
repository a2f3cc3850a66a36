import { describe, expect, test } from "vitest";
import { ProcessPool, Thumbnailer } from "../src/index.ts";
import { thumbnailArguments } from "../src/thumbnail-arguments.ts";
import { realClock } from "./support/clocks.ts";
import { eventually } from "./support/eventually.ts";
import { fakeFfmpeg } from "./support/fake-ffmpeg.ts";

const plan = { widthPixels: 160, rotationDegrees: 0 } as const;
const { signal } = new AbortController();
const envelope = Buffer.from("a keyframe");

async function start(script: string) {
  const pool = new ProcessPool(4);
  const ffmpeg = { path: await fakeFfmpeg(script), version: "5.9-test", canEncodeH264: true };
  return { pool, thumbnailer: new Thumbnailer({ ffmpeg, clock: realClock, pool }) };
}

describe("What reaches ffmpeg for a picture", () => {
  test("is our own envelope through pipes, one track, known decoders, and one picture out", () => {
    const words = thumbnailArguments(plan).join(" ");
    expect(words).toMatch(/^-hide_banner -loglevel error -nostdin -max_alloc 268435456 -protocol_whitelist pipe /);
    expect(words).toContain(" -format_whitelist matroska -codec_whitelist h264,hevc,");
    expect(words).toContain(
      " -max_streams 1 -probesize 32 -analyzeduration 0 -threads 1 -f matroska -i pipe:0 -map 0:v:0",
    );
    expect(words).toMatch(/ -frames:v 1 .* -f image2pipe pipe:1$/);
    expect(words).toContain(" -vf scale=w=160:h='clip(trunc(160/dar/2)*2,2,2*160)',setsar=1 ");
  });

  test("says how it is turned, and what shape its pixels have", () => {
    const turned = thumbnailArguments({
      widthPixels: 320,
      rotationDegrees: 180,
      pixelAspectRatio: { width: 64, height: 45 },
    });
    expect(turned).toContain("setsar=64/45,hflip,vflip,scale=w=320:h='clip(trunc(320/dar/2)*2,2,2*320)',setsar=1");
  });

  test.each([0, -1, 1.5, 65_536, Number.NaN])("never is a pixel %d wide: a bug", (width) => {
    expect(() => thumbnailArguments({ ...plan, pixelAspectRatio: { width, height: 1 } })).toThrow("no side of a pixel");
    expect(() => thumbnailArguments({ ...plan, pixelAspectRatio: { width: 1, height: width } })).toThrow(
      "no side of a pixel",
    );
  });
});

describe("Pictures", () => {
  test("are what a process makes of its input, and its places are free again", async () => {
    const { thumbnailer, pool } = await start("exec cat");
    expect(Buffer.from(await thumbnailer.picture({ plan, envelope, signal })).toString()).toBe("a keyframe");
    expect(pool.active).toBe(0);
  });

  test("are made one after the other", async () => {
    const { thumbnailer, pool } = await start("cat > /dev/null; sleep 0.05; echo $$");
    const pictures = Array.from({ length: 4 }, () => thumbnailer.picture({ plan, envelope, signal }));
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, pool.active);
    }, 2);
    const processes = new Set((await Promise.all(pictures)).map((text) => Buffer.from(text).toString()));
    clearInterval(watch);
    expect([processes.size, most, pool.active]).toEqual([4, 1, 0]);
  });

  test.each([
    ["nothing comes", "cat > /dev/null"],
    ["it fails", "echo half; exit 1"],
    ["too much comes", "exec cat /dev/zero"],
  ])("fail where %s, and leave nothing behind", async (_title, script) => {
    const { thumbnailer, pool } = await start(script);
    await expect(thumbnailer.picture({ plan, envelope, signal })).rejects.toMatchObject({ code: "ffmpeg_failed" });
    expect(pool.active).toBe(0);
    await expect(thumbnailer.picture({ plan, envelope, signal })).rejects.toMatchObject({ code: "ffmpeg_failed" });
  });

  test("are not made for who has gone: neither the process nor the next in line waits", async () => {
    const { thumbnailer, pool } = await start("trap '' TERM; echo $$ >&2; cat; while :; do sleep 1000; done");
    const client = new AbortController();
    const told = thumbnailer.picture({ plan, envelope, signal: client.signal }).catch((error: unknown) => error);
    const next = new AbortController();
    const alsoTold = thumbnailer.picture({ plan, envelope, signal: next.signal }).catch((error: unknown) => error);
    await eventually(() => expect(pool.active).toBe(1));
    const reason = new DOMException("gone", "AbortError");
    next.abort(reason);
    expect(await alsoTold).toBe(reason);
    client.abort(reason);
    expect(await told).toBe(reason);
    expect(pool.active).toBe(0);
  });

  test("are waited for by so many of one client, and by others beside him", async () => {
    const { thumbnailer } = await start("exec sleep 1000");
    const told: unknown[] = [];
    const clients = [...Array.from({ length: 20 }, () => "10.0.0.1"), "10.0.0.2"];
    const requests = clients.map((client) => {
      const request = new AbortController();
      const picture = thumbnailer.picture({ plan, envelope, signal: request.signal, client });
      picture.catch((error: { code?: unknown }) => told.push(error.code));
      return request;
    });
    await eventually(() => expect(told).toEqual(["ffmpeg_busy", "ffmpeg_busy", "ffmpeg_busy"]));
    for (const request of requests) request.abort();
    await eventually(() => expect(told).toHaveLength(clients.length));
  });
});
