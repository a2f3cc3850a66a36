// How the scripts start other programs.
import { spawn, spawnSync } from "node:child_process";
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

/** The same beside others. Output that is held back is written in one piece when the command has ended. */
export function succeedsLater(command, args, { isHeldBack }) {
  const held = [];
  const child = spawn(command, args, { cwd: root, stdio: isHeldBack ? ["ignore", "pipe", "pipe"] : "inherit" });
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => held.push(chunk));
  return new Promise((resolve) => {
    child.on("error", (error) => {
      console.error(`${command} does not run: ${error.message}`);
      resolve(false);
    });
    child.on("close", (status) => {
      process.stdout.write(Buffer.concat(held));
      resolve(status === 0);
    });
  });
}

/** Runs a command in the project's folder; its failure is ours. */
export function run(command, args, options) {
  if (!succeeds(command, args, options)) process.exit(1);
}

/** For what runs before a program whose stdout others read: all it says goes to stderr. */
export const aside = { stdio: ["inherit", 2, 2] };

/** Ends this process with a sentence for whoever started it. */
export function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
