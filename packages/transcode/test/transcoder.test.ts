import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { TranscodeError } from "@riptide/core";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  type Demuxer,
  discoverFfmpeg,
  type FfmpegInstallation,
  ProcessPool,
  type RemuxPlan,
  Transcoder,
} from "../src/index.ts";
import { realClock } from "./support/clocks.ts";
import { eventually } from "./support/eventually.ts";
import { fakeFfmpeg, readAll } from "./support/fake-ffmpeg.ts";
import { recordedInput } from "./support/inputs.ts";

const { signal } = new AbortController();
const installed = await discoverFfmpeg({ signal });
const copy: RemuxPlan = { demuxer: "matroska", video: { index: 0, codec: "copy" }, audio: undefined };
const transcode: RemuxPlan = { demuxer: "avi", video: { index: 0, codec: "h264" }, audio: undefined };

function transcoder(ffmpeg: FfmpegInstallation, processLimit?: number): Transcoder {
  return new Transcoder({ ffmpeg, clock: realClock, ...(processLimit === undefined ? {} : { processLimit }) });
}

async function fakeInstallation(script: string): Promise<FfmpegInstallation> {
  return { path: await fakeFfmpeg(script), version: "5.9-test", canEncodeH264: true };
}

describe("A transcoder", () => {
  test("counts a process until it is gone", async () => {
    const fake = transcoder(await fakeInstallation("exec sleep 1000"), 8);
    expect([fake.active, fake.limit]).toEqual([0, 8]);
    const output = await fake.start({ plan: transcode, input: recordedInput(0, 0, "wait").input, signal });
    expect(fake.active).toBe(1);
    await output.cancel();
    await eventually(() => expect(fake.active).toBe(0));
  });

  test("refuses what there is no room for, and has room again when a client leaves", async () => {
    const fake = transcoder(await fakeInstallation("exec sleep 1000"), 1);
    const { input } = recordedInput(0, 0, "wait");
    const output = await fake.start({ plan: copy, input, signal });
    await expect(fake.start({ plan: copy, input, signal })).rejects.toMatchObject({
      code: "ffmpeg_busy",
      retryAfterSeconds: 5,
    });
    await output.cancel();
    await eventually(() => expect(fake.active).toBe(0));
    await (await fake.start({ plan: copy, input, signal })).cancel();
  });

  test("shares its room with others that use ffmpeg", async () => {
    const pool = new ProcessPool(1);
    const shared = new Transcoder({ ffmpeg: await fakeInstallation("echo done"), clock: realClock, pool });
    const { input } = recordedInput(0, 0);
    const place = pool.acquire("audio_segment");
    await expect(shared.start({ plan: copy, input, signal })).rejects.toMatchObject({ code: "ffmpeg_busy" });
    place[Symbol.dispose]();
    await readAll(await shared.start({ plan: copy, input, signal }));
  });

  test("gives the place back if the process cannot be started", async () => {
    const missing = transcoder({ path: "/nonexistent/ffmpeg", version: "0", canEncodeH264: true }, 1);
    const { input } = recordedInput(0, 0);
    await expect(missing.start({ plan: copy, input, signal })).rejects.toMatchObject({ code: "ffmpeg_failed" });
    expect(missing.active).toBe(0);
  });

  test("says what to install if this ffmpeg cannot encode H.264, and copies all the same", async () => {
    const limited = transcoder({ ...(await fakeInstallation("echo done")), canEncodeH264: false });
    const { input } = recordedInput(0, 0);
    await expect(limited.start({ plan: transcode, input, signal })).rejects.toThrow("libx264");
    expect(() => limited.assertCan(transcode)).toThrow(TranscodeError);
    await readAll(await limited.start({ plan: copy, input, signal }));
  });
});

function hls(url: string): string {
  return `#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\n${url}\n#EXT-X-ENDLIST\n`;
}

describe("A playlist that pretends to be a film", () => {
  const playlists: [string, (url: string) => string][] = [
    ["HLS with a web address", hls],
    ["HLS with a local file", () => hls("file:///etc/passwd")],
    ["HLS with concat and subfile", (url) => hls(`concat:${url}|subfile,,start,0,end,9,,:/etc/passwd`)],
    [
      "DASH",
      (url) =>
        `<?xml version="1.0"?><MPD type="static"><Period><AdaptationSet><Representation><BaseURL>${url}</BaseURL></Representation></AdaptationSet></Period></MPD>`,
    ],
    ["ffconcat", (url) => `ffconcat version 1.0\nfile '${url}'\nfile /etc/passwd\n`],
    ["SDP", () => "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n"],
  ];

  test.each(playlists)("%s opens nothing with any demuxer", async (_, playlist) => {
    let hits = 0;
    const canary = createServer((_request, response) => {
      hits += 1;
      response.end();
    });
    await new Promise<void>((resolve) => {
      canary.listen(0, "127.0.0.1", resolve);
    });
    onTestFinished(() => void canary.close());
    const url = `http://127.0.0.1:${(canary.address() as AddressInfo).port}/canary.ts`;
    const ffmpeg = installed;
    if (ffmpeg === undefined) throw new Error("These tests need ffmpeg");
    for (const demuxer of ["matroska", "mpegts", "avi", "mov"] satisfies Demuxer[]) {
      const output = await transcoder(ffmpeg).start({
        plan: { ...copy, demuxer },
        async *input() {
          yield Buffer.from(playlist(url));
        },
        signal,
      });
      await expect(readAll(output)).rejects.toMatchObject({ code: "ffmpeg_failed" });
    }
    expect(hits).toBe(0);
  });
});
