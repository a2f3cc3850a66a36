import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Command, parseCommandLine } from "../src/arguments.ts";
import { UsageError } from "../src/usage-error.ts";

const TOKEN = "q7Zr0w_kV2mB4tYx8nUcLg";
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "riptide-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function parseWith(content: string, mode = 0o600, ...words: readonly string[]): Promise<Command> {
  const path = join(folder, "token");
  await writeFile(path, content);
  await chmod(path, mode);
  return parseCommandLine([`--token-file=${path}`, ...words], { RIPTIDE_TOKEN: "of-the-environment" });
}

test.each([TOKEN, `${TOKEN}\n`, `${TOKEN}\r\nmore\n`])(
  "the token is the first line of its file: %j",
  async (content) => {
    expect(await parseWith(content, 0o600, "--host=0.0.0.0")).toMatchObject({ options: { token: TOKEN } });
  },
);

test.each<[string, number, string]>([
  [TOKEN, 0o644, "Others may read the file of --token-file: chmod 600 keeps it to you."],
  [TOKEN, 0o640, "Others may read the file of --token-file: chmod 600 keeps it to you."],
  ["", 0o600, "The file of --token-file holds no token in its first line."],
  ["\nsecond line", 0o600, "The file of --token-file holds no token in its first line."],
  [
    "two words",
    0o600,
    "What --token-file holds must be ASCII characters without spaces: openssl rand -hex 16 makes a good one.",
  ],
])("a file with %j and mode %o is refused", async (content, mode, sentence) => {
  await expect(parseWith(content, mode)).rejects.toThrow(new UsageError(sentence));
});

test("a file that is none is refused", async () => {
  const missing = join(folder, "missing");
  expect(() => parseCommandLine([`--token-file=${missing}`], {})).toThrow("cannot be read");
  await mkdir(missing, { mode: 0o700 });
  expect(() => parseCommandLine([`--token-file=${missing}`], {})).toThrow(new UsageError("--token-file takes a file."));
});

test("one token is enough", async () => {
  await expect(parseWith(TOKEN, 0o600, "--token=x")).rejects.toThrow("Give --token or --token-file, not both.");
});

test("who wants no token says so", () => {
  const words = ["--host=0.0.0.0", "--insecure-no-auth"];
  expect(parseCommandLine(words, {})).toMatchObject({ options: { host: "0.0.0.0", token: undefined } });
});
