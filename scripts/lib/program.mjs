// The program as plain JavaScript, with everything that it depends on.
import { cpSync } from "node:fs";
import { basename } from "node:path";
import { build } from "vite";
import { root } from "./run.mjs";

/** The thread of the torrent session is started by its file name (`session-thread.ts`), so it has to be a file of that name. */
const SESSION_WORKER = { "session-worker": `${root}packages/swarm/src/engine/session-worker.ts` };

/** So is the process of uTP (`utp-transport.ts`); its library looks for its binaries one folder up, by `__dirname`, which only CommonJS has. */
const UTP_PROCESS = { main: `${root}packages/swarm/src/utp/utp-process/main.ts` };

/** Bundles the program, and others, into a folder. Resolves with the paths of all files of other people that went into it. */
export function bundleProgram(folder, others = {}) {
  return bundle({ riptide: `${root}packages/cli/src/main.ts`, ...others }, folder);
}

/** Bundles programs that run the torrent engine, by the names their files get. As `bundleProgram`. */
export async function bundle(entries, folder) {
  const program = await bundleAs("es", ".mjs", { ...entries, ...SESSION_WORKER }, folder);
  const utp = await bundleAs("cjs", ".cjs", UTP_PROCESS, `${folder}/utp-process`);
  cpSync(`${root}node_modules/utp-native/prebuilds`, `${folder}/prebuilds`, { recursive: true, filter: isUsed });
  return [...program, ...utp];
}

/** Bundles one script, `NAME.mjs`, that needs nothing of these. */
export function bundleScript(name, path, folder) {
  return bundleAs("es", ".mjs", { [name]: path }, folder);
}

/** Its local sockets are not those of Windows. */
function isUsed(path) {
  return !basename(path).startsWith("win32");
}

async function bundleAs(format, extension, input, folder) {
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
        input,
        output: {
          format,
          entryFileNames: `[name]${extension}`,
          chunkFileNames: `[name]${extension}`,
          banner: ({ name }) => (name === "riptide" ? "#!/usr/bin/env node" : ""),
        },
      },
    },
    ssr: { noExternal: true, target: "node" },
  });
  return output.flatMap((chunk) => Object.keys(chunk.modules ?? {})).filter((path) => path.includes("/node_modules/"));
}
