import { expect, it } from "vitest";
import { everyNth } from "../../../../test/support/soak.ts";
import { fastStartLayout } from "../../src/index.ts";
import { corpusFile, demoFilm } from "../support/corpus.ts";
import { assemble } from "../support/fast-start.ts";
import { decodingErrors, probedTracks, remade } from "../support/ffmpeg.ts";
import { MemorySource, never } from "../support/memory-source.ts";

const DEMO = demoFilm("MP4");

const FILMS: [string, () => Promise<Uint8Array>][] = [
  ["h265_bframes", async () => corpusFile("mp4/h265_bframes.mp4")],
  ["long_1080p_lowbitrate", async () => corpusFile("mp4/long_1080p_lowbitrate.mp4")],
  ["the bundled film, moov last", () => remade(DEMO, "-c copy", "mp4")],
  ["QuickTime", () => remade(DEMO, "-c copy -t 10", "mov")],
];

it.each(everyNth(FILMS, 2))(
  "ffmpeg finds the same packets in the rearranged file, and decodes it: %s",
  async (_title, load) => {
    const film = await load();
    const layout = await fastStartLayout(new MemorySource(film), never);
    const moved = assemble(layout!, film);
    expect(moved.length).toBe(layout?.sizeBytes);
    expect(await probedTracks(moved)).toEqual(await probedTracks(film));
    expect(await decodingErrors(moved)).toBe("");
  },
);

it("ffmpeg's own faststart has the same packets at the same places", async () => {
  const film = await remade(DEMO, "-c copy", "mp4");
  const moved = assemble((await fastStartLayout(new MemorySource(film), never))!, film);
  const theirs = await remade(DEMO, "-c copy -movflags faststart", "mp4");
  expect(moved.length).toBe(theirs.length);
  expect(Buffer.from(moved).equals(Buffer.from(theirs))).toBe(true);
});
