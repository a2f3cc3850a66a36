import { chmod, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { MediaInfo, Playback, Problem, Readiness } from "@riptide/http";
import { createRandom } from "@riptide/sim";
import { afterAll, beforeAll, expect, it } from "vitest";
import { films } from "../films/films.ts";
import { ffmpegsOf } from "../support/command-line.ts";
import { answerFrom } from "../support/from-address.ts";
import { heldProcess } from "../support/held-process.ts";
import { listening } from "../support/listening.ts";
import { type MadeTorrent, makeTorrent } from "../support/made-torrent.ts";
import { readMetrics } from "../support/metrics.ts";
import { commandLineIn, RECORDING_FFMPEG } from "../support/recording-ffmpeg.ts";
import { isSoak } from "../support/soak.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { startThreatened, type Threatened } from "../support/threatened.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

/** Files of this machine that no film may show. */
const CANARY_TEXT = "canary-of-this-machine";
const ASS_HEAD =
  "[Script Info]\nScriptType: v4.00+\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n";
/** What is small to write, and could be much to read: each is cut at 10 MiB. */
const SUBTITLES: Readonly<Record<string, Uint8Array>> = {
  "one line.srt": Buffer.alloc(12_000_000, "x"),
  "no ends.srt": Buffer.from("1\n00:00:01,000 --> 00:00:02,000\n".repeat(isSoak ? 300_000 : 100_000)),
  "brackets.srt": Buffer.from(`1\n00:00:01,000 --> 00:00:02,000\n${"<".repeat(5_000_000)}\n\n`),
  "nested.srt": Buffer.from(`1\n00:00:01,000 --> 00:00:02,000\n${"<b><i>".repeat(500_000)}\n\n`),
  "braces.ass": Buffer.from(`${ASS_HEAD}Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,${"{\\".repeat(3_000_000)}\n`),
  "commas.ass": Buffer.from(`${ASS_HEAD}Dialogue: ${",".repeat(9_000_000)}\n`),
  "spaces.vtt": Buffer.from(`WEBVTT\n\n${" ".repeat(5_000_000)}-->${" ".repeat(4_000_000)}\n`),
  "digits.vtt": Buffer.from(`WEBVTT\n\n${"0:".repeat(4_000_000)}00.000 --> 1\nx\n`),
  "entities.vtt": Buffer.from(`WEBVTT\n\n00:01.000 --> 00:02.000\n${"&".repeat(9_000_000)}\n`),
  "nothing.srt": Buffer.alloc(9_000_000, 0),
  "any.srt": createRandom(4).bytes(4_000_000),
  "script.srt": Buffer.from(
    "1\n00:00:01,000 --> 00:00:02,000\n<script>x()</script><img src=x onerror=y()><b onclick=z()>\n--> 00:00:09.000\n\n",
  ),
};

/** Of work, whatever else the machine does: on a fast one, none takes a second. */
const SUBTITLES_LIMIT_CPU_SECONDS = 6;
/** How long nobody else is answered meanwhile. */
const STANDSTILL_LIMIT_MS = 1_500;

let folder: TemporaryFolder;
let canary: Awaited<ReturnType<typeof startCanary>>;
let hostile: Readonly<Record<string, string>>;
let torrent: MadeTorrent;
let film: MadeTorrent;
let bombs: Readonly<Record<string, MadeTorrent>>;
let us: Threatened;
beforeAll(async () => {
  folder = await temporaryFolder("media");
  canary = await startCanary();
  const secret = join(folder.path, "secret.txt");
  await writeFile(secret, CANARY_TEXT.repeat(1_000));
  hostile = hostileFiles(`http://127.0.0.1:${canary.port}`, secret);
  torrent = makeTorrent(
    "Playlists",
    Object.entries(hostile).map(([name, text]) => ({ path: [name], bytes: Buffer.from(text, "latin1") })),
  );
  film = makeTorrent(`-i ${secret} -f lavfi`, [
    { path: [`-y concat:${secret}|x.mkv`], bytes: await readFile(await films.ensure("mkv-h264-bframes-ac3-ass")) },
  ]);
  bombs = Object.fromEntries(
    Object.entries(SUBTITLES).map(([name, bytes]) => [name, makeTorrent(name, [{ path: [name], bytes }])]),
  );
  const ffmpeg = join(folder.path, "ffmpeg");
  await writeFile(ffmpeg, RECORDING_FFMPEG);
  await chmod(ffmpeg, 0o755);
  us = await startThreatened({
    torrents: [torrent, film, ...Object.values(bombs)],
    words: [`--ffmpeg=${ffmpeg}`],
  });
});
afterAll(async () => {
  await us[Symbol.asyncDispose]();
  await canary[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** An HLS playlist of one segment. */
function segment(url: string): string {
  return `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10,\n${url}\n#EXT-X-ENDLIST\n`;
}

/** What ffmpeg would take for a film, and follow. */
function hostileFiles(origin: string, secret: string): Record<string, string> {
  const padding = "\n".repeat(2_000);
  return {
    "ssrf.mkv": segment(`${origin}/segment.ts`),
    "clip.mkv": segment(`file://${secret}`),
    "concat.mkv": segment(`concat:${origin}/head.m3u8|subfile,,start,0,end,64,,:${secret}`),
    "dash.mkv": `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" profiles="urn:mpeg:dash:profile:isoff-live:2011" mediaPresentationDuration="PT10S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1" codecs="avc1.42c00d" width="16" height="16"><BaseURL>${origin}/dash.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>`,
    "list.ffconcat": `ffconcat version 1.0\nfile ${secret}\nfile ${origin}/concat.mp4\n`,
    "session.sdp": `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video ${canary.port} RTP/AVP 96\na=rtpmap:96 H264/90000\n`,
    "frame%d.png": "\x89PNG\r\n\x1a\n",
    "old.rm": `rtsp://127.0.0.1:${canary.port}/old.rm`,
    "script.avs": `Import("${secret}")`,
    "image.svg": `<svg xmlns="http://www.w3.org/2000/svg"><image href="${origin}/svg.png"/></svg>`,
    "text.mp4": `${segment(`${origin}/late.ts`)}${padding}`,
    "page.webm": `<!doctype html><video src="${origin}/page.mp4">`,
    "links.mov": mov(Buffer.concat([box("rmra", box("rmda", reference(`${origin}/reference.mov`)))])),
  };
}

const ROUTES = ["remux.mp4", "remux.mp4?video=h264&sound=aac", "virtual.mp4", "hls/master.m3u8", "subtitles/0.vtt"];

it.each(Array.from({ length: 12 }, (_, index) => index))(
  "T12 a playlist that calls itself a film is no film, and nobody is asked for what it names (file %d)",
  async (index) => {
    const names = Object.keys(hostile);
    expect(names).toHaveLength(13); // and the last one is a container
    for (const route of ROUTES) {
      const path = `/stream/${torrent.infoHash}/${index}/${route}`;
      const response = await fetch(us.riptide.url + path);
      const text = await response.text();
      expect([path, text.includes(CANARY_TEXT)]).toEqual([path, false]);
      expect((JSON.parse(text) as Problem).code).toMatch(/^(not|damaged|unsupported)_media$|^stream_not_found$/);
    }
    const info = await fetch(`${us.riptide.url}/api/torrents/${torrent.infoHash}/files/${index}`);
    expect([names[index], info.status]).toEqual([names[index], expect.toBeOneOf([415, 422])]);
    expect(canary.heard).toEqual([]);
  },
);

it("T12 a film that points to another one is nothing but its own bytes", async () => {
  for (const route of ["direct", ...ROUTES]) {
    const response = await fetch(`${us.riptide.url}/stream/${torrent.infoHash}/12/${route}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    const isOwn = bytes.toString("latin1") === hostile["links.mov"];
    expect([route, isOwn || response.status >= 400]).toEqual([route, true]);
  }
  expect(canary.heard).toEqual([]);
});

it.each(Object.keys(SUBTITLES))(
  "T14 subtitles that are a bomb are soon answered, and keep nobody waiting: %s",
  async (name) => {
    const bomb = bombs[name]!;
    const workedSeconds = async () => (await readMetrics(us.riptide.url)).get("process_cpu_seconds_total")!;
    const beforeSeconds = await workedSeconds();
    const longestWait = watchLiveness();
    const response = await fetch(`${us.riptide.url}/stream/${bomb.infoHash}/0/subtitles/file-0.vtt`);
    const text = await response.text();
    const longestMs = await longestWait();
    expect([200, 415, 422]).toContain(response.status);
    expect((await workedSeconds()) - beforeSeconds).toBeLessThan(SUBTITLES_LIMIT_CPU_SECONDS);
    expect(longestMs).toBeLessThan(STANDSTILL_LIMIT_MS);
    expect(text).not.toMatch(/<script|<img|onclick/);
  },
);

it("T14 a crowd that sends bombs as a viewer's own subtitles keeps nobody waiting", async () => {
  const body = Buffer.from(SUBTITLES["nested.srt"]!.subarray(0, 300_000));
  const headers = { "content-type": "text/plain" };
  const longestWait = watchLiveness();
  const crowd = Array.from({ length: 12 }, async () => {
    const response = await fetch(`${us.riptide.url}/api/subtitles`, { method: "POST", headers, body });
    return `${response.status} ${(await response.text()).slice(0, 6)}`;
  });
  expect(new Set(await Promise.all(crowd))).toEqual(new Set(["200 WEBVTT"]));
  expect(await longestWait()).toBeLessThan(STANDSTILL_LIMIT_MS);
});

describeWith("ffmpeg")("T20 the picture of a stranger's film", () => {
  it("T12 T20 is decoded as confined as all else, for all clients one at a time", async () => {
    const pid = us.riptide.process.child.pid!;
    const { ffmpeg } = await us.riptide.api<Readiness>("/readyz");
    const url = `${us.riptide.url}/api/torrents/${film.infoHash}/files/0/thumbnail?width=160&t=`;
    await (await fetch(`${us.riptide.url}/stream/${film.infoHash}/0/direct`)).arrayBuffer();
    const client = new AbortController();
    const asking = fetch(`${url}0`, { signal: client.signal }).catch((error: unknown) => error);
    const [running] = await waitUntil("it runs", async () => {
      const pids = await ffmpegsOf(pid);
      return pids.length > 0 && pids;
    });
    const held = await heldProcess(running!);
    expect(Object.fromEntries(held.limits)).toMatchObject({
      "Max file size": 0,
      "Max core file size": 0,
      "Max open files": 64,
      "Max cpu time": 60,
      "Max data size": 1024 ** 3,
      "Max address space": 8 * 1024 ** 3,
    });
    expect(held.network).not.toBe((await heldProcess(pid)).network);
    const isSealed = ffmpeg!.isolation === "network and files";
    expect([held.root.includes("usr"), held.root.includes("home")]).toEqual([true, !isSealed]);
    const others = await Promise.all(
      ["127.0.0.1", "127.0.0.87", "127.0.0.88"].map((address, index) => answerFrom(address, `${url}${index + 5}`)),
    );
    for (const { status, retryAfter } of others) expect([status, Number(retryAfter) > 0]).toEqual([503, true]);
    expect(await ffmpegsOf(pid)).toEqual([running]);
    client.abort();
    await asking;
    await waitUntil("none is left", async () => (await ffmpegsOf(pid)).length === 0, 5_000);
  });
});

describeWith("ffmpeg")("T13 the command line of ffmpeg", () => {
  const hostileWords = [
    "-i /etc/passwd",
    "x -f lavfi",
    "0 -vf drawtext=textfile=/etc/shadow",
    "h264%0a-y",
    "concat:/etc/passwd|x",
    "subfile,,start,0,end,9,,:/etc/passwd",
    "-y.ts",
    "$(id)",
    "`id`",
    "; id",
    "../../etc/passwd",
    "file:///etc/passwd",
    "http://127.0.0.1:1/",
    "0\u0000-y",
    "0\r\n-y",
    "'\"",
    "1e3",
    "-1",
    "0x10",
  ];
  const parameters = ["t", "audio", "video", "sound", "aac", "from", "to", "token", "vf"];

  it("T13 holds words of ours only, whatever a request says", async () => {
    const clean = ["sound=aac&video=h264&t=1", "sound=aac&video=h264", "sound=aac", "video=h264"];
    const shapes = new Set<string>();
    for (const query of clean) shapes.add(shapeOf((await commandLineFor(query))!));
    expect(Math.min(...[...shapes].map((shape) => shape.split(" ").length))).toBeGreaterThan(30);
    const seen: string[] = [];
    for (const name of parameters) {
      await Promise.all(
        hostileWords.map(async (word) => {
          const parameter = `${name}=${encodeURIComponent(word)}`;
          const isOwn = name === "sound" || name === "video";
          const words = await commandLineFor(isOwn ? parameter : `sound=aac&video=h264&${parameter}`);
          if (words !== undefined) seen.push(shapeOf(words));
        }),
      );
    }
    // What means nothing is passed over: then the film is converted as if it had not been said.
    expect(seen.length).toBeGreaterThan(hostileWords.length * 3);
    expect(seen.filter((shape) => !shapes.has(shape))).toEqual([]);
  });

  it("T13 holds them for segments of sound, for pictures, and for what a player says of itself, too", async () => {
    const sound = `/stream/${film.infoHash}/0/hls/audio/0/seg-1.m4s?aac=0`;
    const picture = `/api/torrents/${film.infoHash}/files/0/thumbnail?t=1`;
    const played = await playbackOf("");
    const shapes = new Set<string>();
    for (const path of [sound, picture, played]) shapes.add(shapeOf((await commandLineAt(path))!));
    const seen: string[] = [];
    // Mostly they are refused before anything else is done.
    const some = hostileWords.slice(0, 6);
    for (const word of some) {
      const said = encodeURIComponent(word);
      const paths = [
        sound.replace("aac=0", `aac=${said}`),
        sound.replace("audio/0", `audio/${said}`),
        sound.replace("seg-1.m4s", said),
        `${sound}&from=${said}`,
        picture.replace("t=1", `t=${said}`),
        `${picture}&width=${said}`,
      ];
      const answers = await Promise.all(paths.map(commandLineAt));
      seen.push(...answers.flatMap((words) => (words === undefined ? [] : [shapeOf(words)])));
      expect(await playbackOf(word)).toBe(played);
    }
    expect(seen.length).toBeGreaterThanOrEqual(some.length);
    expect(seen.filter((shape) => !shapes.has(shape))).toEqual([]);
  });

  it("T12 forces one demuxer, and allows no protocol but the pipe", async () => {
    const words = (await commandLineFor("sound=aac&video=h264"))!;
    const valueOf = (option: string): string | undefined => words[words.indexOf(option) + 1];
    expect([valueOf("-protocol_whitelist"), valueOf("-format_whitelist"), valueOf("-f")]).toEqual([
      "pipe",
      "matroska",
      "matroska",
    ]);
    expect(words.indexOf("-f")).toBeLessThan(words.indexOf("-i"));
    expect([words.includes("-nostdin"), words.includes("-codec_whitelist"), words.includes("-y")]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

/** Asks all the while whether the program lives; what it gives ends that, and tells how long the longest answer took. */
function watchLiveness(): () => Promise<number> {
  const watching = new AbortController();
  const watched = (async () => {
    let longestMs = 0;
    while (!watching.signal.aborted) {
      const askedMs = performance.now();
      await fetch(`${us.riptide.url}/livez`);
      longestMs = Math.max(longestMs, performance.now() - askedMs);
      // To be asked without a pause would be most of what the server does.
      await delay(20);
    }
    return longestMs;
  })();
  return () => {
    watching.abort();
    return watched;
  };
}

/** All but its numbers: those are times. */
function shapeOf(words: readonly string[]): string {
  return words.join(" ").replace(/\d+(\.\d+)?/g, "N");
}

/** What our own fake ffmpeg was started with for a stream of the film; undefined if the request was refused. */
function commandLineFor(query: string): Promise<string[] | undefined> {
  return commandLineAt(`/stream/${film.infoHash}/0/remux.mp4?${query}`);
}

/** The same for any path of the server. */
async function commandLineAt(path: string): Promise<string[] | undefined> {
  for (;;) {
    const response = await fetch(us.riptide.url + path);
    const body = await response.arrayBuffer().catch(() => new ArrayBuffer(0));
    if (response.status !== 503) return commandLineIn(new Uint8Array(body));
  }
}

/** What a player gets that knows no AC-3, and this. */
async function playbackOf(mediaType: string): Promise<string> {
  const path = `${us.riptide.url}/api/torrents/${film.infoHash}/files/0`;
  const { questions } = (await (await fetch(path)).json()) as MediaInfo;
  const file = [...questions.file.filter((question) => !question.includes("ac-3")), mediaType];
  const body = JSON.stringify({ can: { mse: [mediaType], file, nativeHls: false } });
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${path}/playback`, { method: "POST", headers, body });
  return ((await response.json()) as Playback).url!;
}

function box(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + content.length);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, content]);
}

/** A QuickTime data reference to a URL, as ffmpeg and players of old follow them. */
function reference(url: string): Buffer {
  return box("rdrf", Buffer.from("\0\0\0\0url ", "latin1"), Buffer.from([0, 0, 0, url.length]), Buffer.from(url));
}

function mov(content: Uint8Array): string {
  return Buffer.concat([box("ftyp", Buffer.from("qt  \0\0\0\0qt  ", "latin1")), box("moov", content)]).toString(
    "latin1",
  );
}

async function startCanary() {
  const heard: string[] = [];
  const server = createServer((socket) => {
    heard.push("a connection");
    socket.destroy();
  });
  return { heard, ...(await listening(server)) };
}
