// How the scripts start other programs.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The folder of the project, with a slash at the end. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** The path of a command that npm installed here. */
export const bin = (name) => `${root}node_modules/.bin/${name}`;

/** Runs a command in the project's folder, its output ours. True if it succeeded. */
export function succeeds(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (error) console.error(`${command} does not run: ${error.message}`);
  return status === 0;
}

/** Runs a command in the project's folder; its failure is ours. */
export function run(command, args) {
  if (!succeeds(command, args)) process.exit(1);
}

/** Ends this process with a sentence for whoever started it. */
export function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
