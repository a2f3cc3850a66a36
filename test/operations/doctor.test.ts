import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exitOf, startCommandLine } from "../support/command-line.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";

interface Finding {
  readonly type: string;
  readonly check: string;
  readonly status: string;
  readonly message: string;
}

const CHECKS = [
  "node",
  "clock",
  "ffmpeg",
  "data-folder",
  "free-space",
  "sparse-files",
  "hole-punching",
  "http-port",
  "peer-port",
  "utp",
  "dns",
  "dht",
];
let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder("doctor");
});
afterAll(() => folder[Symbol.asyncDispose]());

/** The findings of `riptide doctor --json`, and how it ended. */
async function examine(...words: readonly string[]) {
  await using doctor = startCommandLine(["doctor", "--json", `--data-dir=${folder.path}`, "--peer-port=0", ...words]);
  const exitCode = await exitOf(doctor);
  const findings = doctor.lines.map((line) => JSON.parse(line) as Finding);
  return {
    exitCode,
    findings,
    stderr: doctor.stderr(),
    of: (check: string) => findings.find((one) => one.check === check),
  };
}

describeWith("ffmpeg")("the doctor", () => {
  test("looks at everything, with or without internet, changes nothing, and ends with 0 where Riptide would start", async () => {
    const { exitCode, findings, stderr } = await examine("--port=0");
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(findings.map(({ check }) => check)).toEqual(CHECKS);
    expect(findings.filter(({ status }) => status === "fail")).toEqual([]);
    expect(findings.find(({ check }) => check === "utp")?.message).toContain(
      process.arch === "x64" ? "over uTP" : "TCP",
    );
    expect(await readdir(folder.path)).toEqual([]);
  });
});

test("ends with 1 where it would not start, and says for each reason what to do", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const { exitCode, of } = await examine(`--port=${port}`, "--ffmpeg=/nonexistent", "--no-dht");
  server.close();
  expect(exitCode).toBe(1);
  expect(of("http-port")).toMatchObject({ status: "fail", message: expect.stringContaining("--port") });
  expect(of("ffmpeg")).toMatchObject({ status: "fail", message: expect.stringContaining("leave it out") });
  expect(of("dht")).toMatchObject({ status: "ok" });
});

test("for people, each finding is a line", async () => {
  await using doctor = startCommandLine([
    "doctor",
    "--port=0",
    "--peer-port=0",
    "--no-dht",
    `--data-dir=${folder.path}`,
  ]);
  await exitOf(doctor);
  expect(doctor.lines).toHaveLength(CHECKS.length);
  for (const line of doctor.lines) expect(line).toMatch(/^(ok {2}|warn|fail) {2}[a-z-]+ +[A-Z0-9a-z].*\.$/);
});
