// The program as plain JavaScript, with everything that it depends on.
import { build } from "vite";
import { root } from "./run.mjs";

/** The thread of the torrent session is started by its file name (`session-thread.ts`), so it has to be a file of that name. */
const ENTRIES = {
  riptide: `${root}packages/cli/src/main.ts`,
  "session-worker": `${root}packages/swarm/src/engine/session-worker.ts`,
};

/** Bundles the program into a folder. Resolves with the paths of all files of other people that went into it. */
export async function bundleProgram(folder) {
  const { output } = await build({
    root,
    configFile: false,
    logLevel: "warn",
    // Whoever reads a stack trace, or a licence, should find what was written.
    build: {
      ssr: true,
      target: "node20.19",
      minify: false,
      outDir: folder,
      emptyOutDir: true,
      rolldownOptions: {
        input: ENTRIES,
        output: {
          format: "es",
          entryFileNames: "[name].mjs",
          chunkFileNames: "[name].mjs",
          banner: ({ name }) => (name === "riptide" ? "#!/usr/bin/env node" : ""),
        },
      },
    },
    ssr: { noExternal: true, target: "node" },
  });
  return output.flatMap((chunk) => Object.keys(chunk.modules ?? {})).filter((path) => path.includes("/node_modules/"));
}
