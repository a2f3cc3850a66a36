import { execFile } from "node:child_process";
import { once } from "node:events";
import { copyFile, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exitOf, startCommandLine } from "../support/command-line.ts";
import { startProcess } from "../support/processes.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";

const DEPLOY = fileURLToPath(new URL("../../deploy/", import.meta.url));
/** Of 100: "OK" ends at 40, and services that are not hardened have more than 90. */
const EXPOSURE_MAX = 30;
const run = promisify(execFile);
let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder("deploy");
});
afterAll(() => folder[Symbol.asyncDispose]());

describe("the systemd unit", () => {
  test("confines the service to a user and a folder of its own, and lets it end in order", async () => {
    const unit = await readDirectives("riptide.service");
    expect(Object.fromEntries(unit)).toMatchObject({
      Type: "exec",
      DynamicUser: "yes",
      StateDirectory: "riptide",
      ProtectSystem: "strict",
      ProtectHome: "yes",
      PrivateTmp: "yes",
      PrivateDevices: "yes",
      NoNewPrivileges: "yes",
      CapabilityBoundingSet: "",
      SystemCallFilter: "@system-service",
      LimitNOFILE: "65536",
      MemoryMax: "2G",
      TasksMax: "512",
      Restart: "on-failure",
      RestartSec: "5",
      // Ten starts, five seconds apart, are fewer than fit: what a person has to mend is not tried for ever.
      StartLimitIntervalSec: "300",
      StartLimitBurst: "10",
      KillMode: "mixed",
      TimeoutStopSec: "30",
      OOMPolicy: "continue",
    });
    // `unshare` keeps ffmpeg from the network (`transcode/confinement.ts`).
    expect(unit.get("RestrictNamespaces")).toBe("user net");
    // V8 compiles while it runs.
    expect(unit.has("MemoryDenyWriteExecute")).toBe(false);
    // os.networkInterfaces() asks the kernel by netlink.
    expect(unit.get("RestrictAddressFamilies")?.split(" ").sort()).toEqual([
      "AF_INET",
      "AF_INET6",
      "AF_NETLINK",
      "AF_UNIX",
    ]);
  });

  describeWith("systemd")("in the eyes of systemd", () => {
    test("is little exposed", async () => {
      const path = join(folder.path, "riptide.service");
      await copyFile(join(DEPLOY, "riptide.service"), path);
      const words = ["security", "--offline=true", `--threshold=${EXPOSURE_MAX}`, "--no-pager", path];
      // Ends with an error above the threshold.
      const { stdout } = await run("systemd-analyze", words);
      expect(stdout).toMatch(/Overall exposure level for riptide\.service: [0-2]\.\d OK/);
    });
  });

  test("starts a command that Riptide understands", async () => {
    const [, ...words] = (await readDirectives("riptide.service")).get("ExecStart")!.split(" ");
    await expectUnderstood(words.map((word) => word.replace("${STATE_DIRECTORY}", folder.path)));
  });
});

describe("the Dockerfile", () => {
  test("runs nothing as root, and hands signals on", async () => {
    const steps = await readSteps();
    const last = steps.slice(steps.map(({ step }) => step).lastIndexOf("FROM"));
    const wordsOf = (step: string): string | undefined => last.findLast((one) => one.step === step)?.words;
    expect(wordsOf("USER")).toBe("10001:10001");
    expect(wordsOf("VOLUME")).toBe("/data");
    expect(wordsOf("STOPSIGNAL")).toBe("SIGTERM");
    expect(JSON.parse(wordsOf("ENTRYPOINT")!)).toEqual(["tini", "--", "riptide"]);
    // Nothing that needs root comes behind.
    const user = last.findIndex(({ step }) => step === "USER");
    expect(last.slice(user).filter(({ step }) => step === "RUN")).toEqual([]);
    // No script of any package runs.
    const installs = steps.filter(({ words }) => /npm (ci|install)/.test(words));
    expect(installs).toHaveLength(2);
    for (const { words } of installs) expect(words).toContain("--ignore-scripts");
  });

  test("starts a command that Riptide understands, and that wants a token", async () => {
    const words = JSON.parse((await readSteps()).find(({ step }) => step === "CMD")!.words) as string[];
    await using riptide = startCommandLine(words, { environment: { RIPTIDE_TOKEN: "" } });
    expect(await exitOf(riptide)).toBe(1);
    expect(riptide.stderr()).toMatch(/^Listening on 0\.0\.0\.0 lets others in: give a --token/);
    await expectUnderstood([
      ...words.map((word) => word.replace("/data", folder.path)),
      "--token=a-token-for-this-test-of-ours",
    ]);
  });

  test("tells a server that answers from one that does not", async () => {
    const { words } = (await readSteps()).find(({ step }) => step === "HEALTHCHECK")!;
    const [program, ...rest] = JSON.parse(words.slice(words.indexOf("["))) as [string, ...string[]];
    const server = createServer((_, response) => response.end("{}")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const check = async (): Promise<number | null> => {
      await using process = startProcess(
        program,
        rest.map((word) => word.replace(":8888", `:${port}`)),
      );
      return await exitOf(process);
    };
    expect(await check()).toBe(0);
    server.close();
    server.closeAllConnections();
    await once(server, "close");
    expect(await check()).toBe(1);
  });
});

/** The doctor takes the same options, and refuses what a start would. */
async function expectUnderstood(words: readonly string[]): Promise<void> {
  const [command, ...options] = words;
  expect(command).toBe("serve");
  await using doctor = startCommandLine(["doctor", "--no-dht", "--json", ...options]);
  await exitOf(doctor);
  expect(doctor.stderr()).toBe("");
  expect(doctor.lines.length).toBeGreaterThan(5);
}

async function readDirectives(name: string): Promise<Map<string, string>> {
  const lines = (await readFile(join(DEPLOY, name), "utf8")).split("\n");
  const directives = lines.filter((line) => /^[A-Z]\w+=/.test(line));
  return new Map(directives.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

/** The instructions of the Dockerfile, lines that go on joined. */
async function readSteps(): Promise<{ readonly step: string; readonly words: string }[]> {
  const text = (await readFile(join(DEPLOY, "Dockerfile"), "utf8")).replace(/^#.*\n/gm, "").replace(/\s*\\\n\s*/g, " ");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ({ step: line.slice(0, line.indexOf(" ")), words: line.slice(line.indexOf(" ") + 1) }));
}
