import { openLibrary } from "../../src/storage/index.ts";

/** Opens the library in the folder of the first argument and holds it until standard input ends; says how that went. */
try {
  await openLibrary(process.argv[2]!);
  process.stdout.write("open\n");
} catch (error) {
  process.stdout.write(`${String(error)}\n`);
}
process.stdin.resume();
