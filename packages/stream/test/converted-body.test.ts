import { expect, test } from "vitest";
import { realClock } from "../../transcode/test/support/clocks.ts";
import { fakeFfmpeg, temporaryFolder } from "../../transcode/test/support/fake-ffmpeg.ts";
import { createStreamFactory } from "../src/index.ts";
import { createContext, get, readAll } from "./support/context.ts";
import { H264, installedFfmpeg, makeFilm, probe } from "./support/films.ts";

const { path: ffmpegPath } = await installedFfmpeg();

/** A film whose ffmpeg does this the first time, and then what it should. */
async function convertWith(script: (folder: string) => string) {
  const folder = await temporaryFolder();
  // Whoever can make the folder is the first.
  const path = await fakeFfmpeg(
    `mkdir ${folder}/begun 2> /dev/null && { ${script(folder)}; }; exec ${ffmpegPath} "$@"`,
  );
  const factory = createStreamFactory({ ffmpeg: { path, version: "5.9-fake", canEncodeH264: true }, clock: realClock });
  const { context } = createContext({ bytes: await makeFilm("mkv", `${H264} -c:a ac3`), clock: realClock });
  return await factory.remux.produce(get({}, "/remux.mp4?sound=aac"), context);
}

test.each([
  ["crashes", "kill -SEGV $$"],
  ["ends", "exit 1"],
  ["writes garbage", "echo garbage; exit 0"],
])("An ffmpeg that %s before its first fragment is started once more", async (_, script) => {
  const response = await convertWith(() => script);
  expect((await probe(await readAll(response))).length).toBeGreaterThan(1);
});

test("and not twice", async () => {
  const failing = convertWith((folder) => `rmdir ${folder}/begun; exit 1`);
  await expect(failing).rejects.toMatchObject({ code: "ffmpeg_failed" });
});
