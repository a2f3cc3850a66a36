import { codecStringOf, Fragmenter, initSegment, type MuxTrack } from "@riptide/media";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeClip } from "../../packages/media/test/fmp4/clips.ts";
import { readMatroska } from "../../packages/media/test/fmp4/matroska-packets.ts";
import { launchBrowser, SMALL_WINDOW } from "../support/browser.ts";
import { describeWith } from "../support/tools.ts";

const TONE = "-f lavfi -i sine=440:r=48000 -t 2";
const PICTURE = "-f lavfi -i testsrc2=size=320x180:rate=24 -t 2";

/** Everything that Debian's Chromium takes from a MediaSource: no HEVC, no Dolby, no MP3 in MP4. */
const FILMS = [
  {
    title: "H.264 with B-frames",
    source: PICTURE,
    encoding: "-c:v libx264 -preset veryfast -bf 3 -g 24 -pix_fmt yuv420p",
  },
  { title: "AV1", source: PICTURE, encoding: "-c:v libsvtav1 -preset 12 -g 24" },
  { title: "VP9", source: PICTURE, encoding: "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 24" },
  { title: "AAC", source: TONE, encoding: "-c:a aac" },
  { title: "Opus", source: TONE, encoding: "-c:a libopus" },
  { title: "Opus 5.1", source: TONE, encoding: "-c:a libopus -ac 6" },
  { title: "FLAC of 16 bits", source: TONE, encoding: "-c:a flac -sample_fmt s16" },
  { title: "FLAC of 24 bits", source: TONE, encoding: "-c:a flac -sample_fmt s32" },
  { title: "FLAC at 96 kHz", source: TONE, encoding: "-c:a flac -ar 96000" },
];

describeWith("ffmpeg", "chromium")("Chromium's MediaSource", () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await launchBrowser();
    page = await browser.newPage(SMALL_WINDOW);
  });

  afterAll(async () => {
    await browser.close();
  });

  it.each(FILMS)("takes fragments of $title", async ({ source, encoding }) => {
    const { tracks, packets } = readMatroska(await makeClip(encoding, source));
    const coded = tracks[0]!;
    const track: MuxTrack = { id: 1, coded, firstPacket: packets[0]!.data };
    const fragmenter = new Fragmenter([track], { originTicks: new Map([[coded.number, packets[0]!.ptsTicks]]) });
    for (const packet of packets) fragmenter.push(packet);
    const segments = [[initSegment([track], { durationSeconds: 2 })], ...fragmenter.finish()];
    const type = `${coded.track.kind}/mp4; codecs="${codecStringOf(track)}"`;
    const base64 = segments.map((buffers) => Buffer.concat(buffers).toString("base64"));
    const appended = await page.evaluate<Appended>(`(${append})(${JSON.stringify(type)}, ${JSON.stringify(base64)})`);
    expect(appended.ranges).toHaveLength(1);
    const [[start, end] = [1, 0]] = appended.ranges;
    expect(start).toBeLessThan(0.05);
    expect(Math.abs(end - 2)).toBeLessThan(0.1);
    expect(Math.abs(appended.durationSeconds - 2)).toBeLessThan(0.1);
    expect(appended.playedSeconds).toBeGreaterThan(1.5);
  });
});

interface Appended {
  readonly ranges: readonly (readonly [number, number])[];
  readonly durationSeconds: number;
  readonly playedSeconds: number;
}

/** Source of a function for the page: appends all segments, plays from 1.5 s to the end, and tells what is buffered. */
const append = `async (type, segments) => {
  const element = document.createElement("video");
  const source = new MediaSource();
  const failed = new Promise((_, reject) => {
    element.addEventListener("error", () => reject(new Error(element.error.message)));
  });
  const once = (target, event) =>
    Promise.race([failed, new Promise((resolve) => target.addEventListener(event, resolve, { once: true }))]);
  element.muted = true;
  element.src = URL.createObjectURL(source);
  await once(source, "sourceopen");
  const buffer = source.addSourceBuffer(type);
  for (const segment of segments) {
    buffer.appendBuffer(Uint8Array.from(atob(segment), (character) => character.charCodeAt(0)));
    await once(buffer, "updateend");
  }
  source.endOfStream();
  element.currentTime = 1.5;
  const ended = once(element, "ended");
  await element.play();
  await ended;
  const { buffered } = element;
  const ranges = Array.from({ length: buffered.length }, (_, index) => [buffered.start(index), buffered.end(index)]);
  return { ranges, durationSeconds: element.duration, playedSeconds: element.currentTime };
}`;
