import { expect, it } from "vitest";
import { prepareFilms } from "../films/prepare-films.ts";
import { launchBrowser, SMALL_WINDOW } from "../support/browser.ts";
import { watchForLong } from "../support/long-watch.ts";
import { describeWith } from "../support/tools.ts";

const MIB = 1024 * 1024;
/** A busy machine watches less of it. `npm run soak -- hour` watches an hour. */
const LONG = { filmSeconds: 120, samples: 3, limitMs: 30_000 } as const;
const WATCHED_MIN_SECONDS = 40;

describeWith(
  "ffmpeg",
  "libtorrent",
  "chromium",
)("a film that is watched for long", () => {
  prepareFilms("long");

  it("takes no more memory of page and server the longer it is watched", { timeout: 180_000 }, async () => {
    await using browser = await launchBrowser();
    const seen = await watchForLong(await browser.newPage(SMALL_WINDOW), LONG);
    for (const { filmSeconds, pageHeapBytes, serverBytes } of seen) {
      console.log(
        `after ${Math.round(filmSeconds)} s: page ${(pageHeapBytes / MIB).toFixed(1)} MiB, server ${Math.round(serverBytes / MIB)} MiB`,
      );
    }
    const [first, last] = [seen[0]!, seen.at(-1)!];
    expect(last.filmSeconds).toBeGreaterThan(WATCHED_MIN_SECONDS);
    expect(last.pageHeapBytes - first.pageHeapBytes).toBeLessThan(4 * MIB);
    expect(last.serverBytes - first.serverBytes).toBeLessThan(64 * MIB);
  });
});
