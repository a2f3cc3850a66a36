import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { TranscodeError } from "@riptide/core";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Machine } from "../src/find-encoder.ts";
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
    await expect(limited.assertCan(transcode, signal)).rejects.toThrow(TranscodeError);
    await limited.assertCan(copy, signal);
    await readAll(await limited.start({ plan: copy, input, signal }));
  });
});

const withHardware: Machine = { platform: "linux", hasDevice: async () => true };

/** Trials of encoders end with `-f null -`. */
function hardware(trial: string, film: string): string {
  return `case "$*" in *"null -"*) ${trial};; *h264_vaapi*) ${film};; *) cat > /dev/null; printf 'by libx264';; esac`;
}

async function hardwareTranscoder(script: string, canEncodeH264 = true): Promise<Transcoder> {
  const ffmpeg = { ...(await fakeInstallation(script)), canEncodeH264, hardwareEncoders: ["h264_vaapi"] as const };
  return new Transcoder({ ffmpeg, clock: realClock, processLimit: 8, machine: withHardware });
}

async function convert(converter: Transcoder): Promise<string> {
  const { input } = recordedInput(3, 10);
  return Buffer.from(await readAll(await converter.start({ plan: transcode, input, signal }))).toString();
}

describe("An encoder of hardware", () => {
  test("converts if it can encode a frame, and libx264 does if not", async () => {
    const film = "cat > /dev/null; printf 'by '; sleep 0.05; printf 'hardware'";
    expect(await convert(await hardwareTranscoder(hardware("exit 0", film)))).toBe("by hardware");
    expect(await convert(await hardwareTranscoder(hardware("exit 1", film)))).toBe("by libx264");
  });

  test.each(["exit 1", "exit 0", "kill -SEGV $$"])(
    "that does `%s` before its first byte gives its place, and all later films, to libx264",
    async (film) => {
      const failing = await hardwareTranscoder(hardware("exit 0", film));
      expect(await convert(failing)).toBe("by libx264");
      expect(await convert(failing)).toBe("by libx264");
      await eventually(() => expect(failing.active).toBe(0));
    },
  );

  test("that fails later fails the film", async () => {
    const failing = await hardwareTranscoder(hardware("exit 0", "printf some; sleep 0.05; exit 1"));
    await expect(convert(failing)).rejects.toMatchObject({ code: "ffmpeg_failed" });
  });

  test("is all there is without libx264, and then its failure is told", async () => {
    const only = await hardwareTranscoder(hardware("exit 0", "exit 1"), false);
    await only.assertCan(transcode, signal);
    await expect(convert(only)).rejects.toMatchObject({ code: "ffmpeg_failed" });
  });

  test("is not to blame for a source that fails, or for a client that leaves", async () => {
    const waiting = await hardwareTranscoder(hardware("exit 0", "exec sleep 1000"));
    const failure = new Error("The swarm is gone.");
    const failingInput = async function* () {
      yield Buffer.from("x");
      throw failure;
    };
    await expect(waiting.start({ plan: transcode, input: failingInput, signal })).rejects.toBe(failure);
    const client = new AbortController();
    const { input } = recordedInput(0, 0, "wait");
    const started = waiting.start({ plan: transcode, input, signal: client.signal });
    await eventually(() => expect(waiting.active).toBe(1));
    client.abort(new Error("The client is gone."));
    await expect(started).rejects.toBe(client.signal.reason);
    await eventually(() => expect(waiting.active).toBe(0));
  });

  test("is let go with its process when its output is cancelled", async () => {
    const endless = await hardwareTranscoder(hardware("exit 0", "yes"));
    const { input } = recordedInput(0, 0, "wait");
    const output = await endless.start({ plan: transcode, input, signal });
    await output.cancel();
    await eventually(() => expect(endless.active).toBe(0));
  });
});

describe("A viewer who seeks", () => {
  test("twenty times gets twenty streams, and leaves one process, where there is room for one", async () => {
    const busy = transcoder(await fakeInstallation("echo started; exec sleep 1000"), 4);
    let last: ReadableStream<Uint8Array> | undefined;
    for (let seek = 0; seek < 20; seek += 1) {
      const { input } = recordedInput(0, 0, "wait");
      // The new stream is asked for before the old one is closed.
      const next = busy.start({ plan: transcode, input, signal });
      void last?.cancel();
      last = await next;
      expect(busy.active).toBe(1);
    }
    await last?.cancel();
    await eventually(() => expect(busy.active).toBe(0));
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
