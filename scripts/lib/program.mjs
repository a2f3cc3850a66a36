// The program as plain JavaScript, with everything that it depends on.
import { build } from "vite";
import { root } from "./run.mjs";

/** The thread of the torrent session is started by its file name (`session-thread.ts`), so it has to be a file of that name. */
const SESSION_WORKER = { "session-worker": `${root}packages/swarm/src/engine/session-worker.ts` };

/** Bundles the program into a folder. Resolves with the paths of all files of other people that went into it. */
export function bundleProgram(folder) {
  return bundle({ riptide: `${root}packages/cli/src/main.ts` }, folder);
}

/** Bundles programs that run the torrent engine, by the names their files get. As `bundleProgram`. */
export async function bundle(entries, folder) {
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
        input: { ...entries, ...SESSION_WORKER },
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
