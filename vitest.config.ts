import { configDefaults, defineConfig } from "vitest/config";
import { newestFfmpeg } from "./test/support/newest-ffmpeg.ts";
import { isSoak } from "./test/support/soak.ts";

/** Programs that `npm test` could not install here. Never any in CI: there it fails first. */
const missing = new Set((process.env["RIPTIDE_MISSING_TOOLS"] ?? "").split(",").filter(Boolean));

/** Whole files that are nothing without a program; others leave out a part by `describeWith`. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  ffmpeg: [
    "packages/http/test/routes/hls.test.ts",
    "packages/media/test/subtitles/ffmpeg.test.ts",
    "packages/media/test/matroska/demuxer-ffprobe.test.ts",
    "packages/media/test/mpegts/demuxer-ffprobe.test.ts",
    "packages/media/test/avi/demuxer-ffprobe.test.ts",
    "packages/media/test/isobmff/{demuxer-ffprobe,fast-start-ffmpeg}.test.ts",
    "packages/media/test/media-details-ffmpeg.test.ts",
    "packages/media/test/fmp4/films.test.ts",
    "packages/stream/test/{converted-body,converted-films,copied-body,entered-films,film-library,film-playback,media-library,remux-formats,remux-producer,stream-factory,thumbnails}.test.ts",
    "packages/stream/test/transport-streams.test.ts",
    "packages/stream/test/subtitles/films.test.ts",
    "packages/stream/test/hls/{converted-sound,whole-films}.test.ts",
    "packages/transcode/test/{discover-ffmpeg,segment-encoder,segment-encoder-damage,transcoder}.test.ts",
    "packages/stream/test/virtual/{films,swarm}.test.ts",
    "test/films/*.test.ts",
  ],
  chromium: ["test/films/read-in-page.test.ts"],
};

/** What measures times, memory or bytes on their way to within little: no crowd of other tests runs beside it. */
const TIMED = [
  "test/e2e/{large-pieces,long-watch,many-seeks,one-stream,seek,seek-sound,start-bytes,virtual}.test.ts",
  "test/faults/{f13-memory,f17-seek-storm,f18-fifty-clients,f27-event-loop}.test.ts",
  "test/interop/rate-limits.test.ts",
];

/** That the test films show and sound what their names promise: if they did not, every test of a film would fail. */
const SOAK_ONLY = isSoak ? [] : ["test/films/films.test.ts"];

/** Tests of what is covered line by line: they are counted alone, as counting costs time. */
const COVERED = "packages/{core,stream}/test/**/*.test.ts";

/** Those that start ffmpeg again and again: a process copies the page tables of its parent, which grow with every test that runs in it. */
const FILMS = NEEDS["ffmpeg"]!.filter((path) => path.startsWith("packages/") && !path.startsWith("packages/stream/"));

/** The newest ffmpeg converts where nothing but ffmpeg is asked; all else is tested with Debian's, the oldest that Riptide works with. */
const CONVERTS = newestFfmpeg === undefined ? {} : { env: { FFMPEG_PATH: newestFfmpeg } };

/** Some encode seconds of film while other tests have the cores: what hangs is found all the same. */
const UNIT = { testTimeout: 120_000, hookTimeout: 120_000 };

/** Real processes, sockets and browsers: half of the time they wait for a film to play or for a line to bring it. */
const INTEGRATION = {
  globalSetup: "test/support/program.ts",
  testTimeout: 120_000,
  hookTimeout: 180_000,
};

const exclude = [...configDefaults.exclude, ...SOAK_ONLY, ...[...missing].flatMap((tool) => NEEDS[tool] ?? [])];

export default defineConfig({
  test: {
    // To load the modules anew for each file takes as long as the tests. None of them keeps anything for the next one.
    isolate: false,
    // Two cores everywhere this runs: more workers only make the timing of real processes worse.
    maxWorkers: 2,
    passWithNoTests: missing.has("ffmpeg"),
    // Browsers and processes are waited for as long as that takes on a busy machine. What must be quick has a bound of its own.
    expect: { poll: { timeout: 10_000 } },
    coverage: {
      // What everything else rests on: each of its branches is a promise, and each promise has a test.
      include: ["packages/core/src/**", "packages/stream/src/**"],
      reporter: ["text", "json-summary"],
      reportsDirectory: ".cache/coverage",
      thresholds: missing.size === 0 ? { 100: true } : {},
    },
    projects: [
      {
        extends: true,
        test: {
          ...UNIT,
          name: "unit",
          include: ["packages/*/test/**/*.test.ts"],
          exclude: [...exclude, COVERED, ...FILMS],
        },
      },
      {
        extends: true,
        test: { ...UNIT, ...CONVERTS, name: "films", include: FILMS, exclude },
      },
      {
        extends: true,
        test: { ...UNIT, ...CONVERTS, name: "covered", include: [COVERED], exclude },
      },
      {
        extends: true,
        test: {
          ...INTEGRATION,
          name: "integration",
          include: ["test/**/*.test.ts"],
          exclude: [...exclude, ...TIMED],
          // They wait more than they work.
          maxWorkers: 3,
        },
      },
      {
        extends: true,
        test: {
          ...INTEGRATION,
          name: "timed",
          include: TIMED,
          exclude,
        },
      },
    ],
  },
});
