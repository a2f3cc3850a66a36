import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";
import { findConfinement } from "../src/confinement.ts";
import { fakeFfmpeg, temporaryFolder } from "./support/fake-ffmpeg.ts";
import { findConfinementWith } from "./support/find-confinement.ts";

const { signal } = new AbortController();
const SHELL = "/bin/sh";

/** What a script that stands for ffmpeg says as it is held. */
async function sayHeld(launcher: readonly string[], script: string): Promise<string> {
  const [program, ...words] = [...launcher, SHELL, "-c", script] as const;
  return (await promisify(execFile)(program, words, { env: {} })).stdout;
}

test("without any of the programs nothing is confined, and nothing stands in front", async () => {
  const { confinement } = await findConfinementWith();
  expect(confinement).toEqual({
    isolation: "nothing",
    isLimited: false,
    launchers: { audio_segment: [], conversion: [], hardware_conversion: [], picture: [] },
  });
});

test("programs that fail here are not used", async () => {
  const bin = await temporaryFolder();
  for (const name of ["prlimit", "bwrap", "unshare", "setpriv"]) {
    await writeFile(join(bin, name), "#!/bin/sh\nexit 1\n");
    await chmod(join(bin, name), 0o755);
  }
  vi.stubEnv("PATH", bin);
  onTestFinished(() => void vi.unstubAllEnvs());
  const confinement = await findConfinement(await fakeFfmpeg("exit 0"), signal);
  expect([confinement.isolation, confinement.isLimited, confinement.launchers.conversion]).toEqual([
    "nothing",
    false,
    [],
  ]);
});

test("an ffmpeg that lies where no distribution puts it is started as well", async () => {
  const { confinement, path } = await findConfinementWith("prlimit", "bwrap", "unshare", "setpriv");
  const [program, ...words] = [...confinement.launchers.conversion, path] as const;
  await promisify(execFile)(program, words, { env: {} });
  expect(confinement.isLimited).toBe(true);
});

test("limits hold: it writes no file, opens few, and takes no more memory than it may", async () => {
  const { confinement } = await findConfinementWith("prlimit");
  const limits = await sayHeld(
    confinement.launchers.conversion,
    'while read line; do echo "$line"; done < /proc/self/limits',
  );
  const valueOf = (name: string): string | undefined => new RegExp(`^${name} +(\\w+)`, "m").exec(limits)?.[1];
  expect(valueOf("Max file size")).toBe("0");
  expect(valueOf("Max open files")).toBe("64");
  expect(valueOf("Max core file size")).toBe("0");
  expect(valueOf("Max cpu time")).toBe("86400");
  expect(Number(valueOf("Max data size"))).toBe(4 * 1024 ** 3);
  expect(Number(valueOf("Max address space"))).toBe(16 * 1024 ** 3);
});

test("a network of its own has nobody in it, by either program that makes one", async () => {
  for (const programs of [["unshare"], ["bwrap"]]) {
    const { confinement } = await findConfinementWith(...programs);
    const script = 'while read line; do echo "$line"; done < /proc/net/dev';
    // Sealed from files, it has no /proc either: the one for hardware has.
    const launcher = confinement.launchers.hardware_conversion;
    const interfaces = launcher.length === 0 ? "" : await sayHeld(launcher, script);
    expect([...interfaces.matchAll(/^(\w+):/gm)].map(([, name]) => name).filter((name) => name !== "lo")).toEqual([]);
  }
});

test("files of this machine are not there, but for the system's, where bwrap works", async () => {
  const { confinement } = await findConfinementWith("prlimit", "bwrap");
  const secret = join(await temporaryFolder(), "secret");
  await writeFile(secret, "canary");
  const places = [secret, "/etc/passwd", "/root", "/home", "/proc/1", "/usr/bin"];
  const script = places.map((place) => `[ -e ${place} ] && echo ${place}`).join("; ");
  const found = (await sayHeld(confinement.launchers.audio_segment, `${script}; true`)).trim().split("\n");
  const isSealed = await isBwrapAble();
  expect(confinement.isolation).toBe(isSealed ? "network and files" : "nothing");
  expect(found).toEqual(isSealed ? ["/usr/bin"] : places.filter((place) => existsSync(place)));
});

/** Some machines have it, and forbid what it does. */
async function isBwrapAble(): Promise<boolean> {
  const words = ["--unshare-all", "--ro-bind", "/", "/", SHELL, "-c", "exit 0"];
  return promisify(execFile)("/usr/bin/bwrap", words).then(
    () => true,
    () => false,
  );
}
