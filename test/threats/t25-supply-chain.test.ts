import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { chmod, cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const LOCKFILES = ["package-lock.json", "test/support/peers/webtorrent/package-lock.json"];
const PACKAGES = [
  "package.json",
  ...readdirSync(join(ROOT, "packages")).map((name) => `packages/${name}/package.json`),
];
/** What npm runs by itself when it installs a package. */
const INSTALL_SCRIPTS = ["preinstall", "install", "postinstall", "prepare", "prepublish", "preprepare", "postprepare"];
const DEPENDENCIES = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

type Json = Readonly<Record<string, Readonly<Record<string, string>> | undefined>>;

describe("T25 what comes from others", () => {
  it.each(LOCKFILES)("T25 is what %s says, byte for byte, and comes from the registry", (path) => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, path), "utf8")) as {
      packages: Record<string, LockedPackage>;
    };
    const foreign = Object.entries(packages).filter(
      ([name, { link }]) => name.includes("node_modules/") && link !== true,
    );
    expect(foreign.length).toBeGreaterThan(50);
    expect(foreign.filter(([, { integrity }]) => integrity?.startsWith("sha512-") !== true)).toEqual([]);
    const elsewhere = foreign.filter(([, { resolved }]) => !(resolved ?? REGISTRY).startsWith(REGISTRY));
    expect(elsewhere.map(([name]) => name)).toEqual([]);
  });

  it.each(PACKAGES)("T25 is named by its exact version in %s, which runs nothing when it is installed", (path) => {
    const content = JSON.parse(readFileSync(join(ROOT, path), "utf8")) as Json;
    const versions = DEPENDENCIES.flatMap((kind) => Object.entries(content[kind] ?? {}));
    expect(
      versions.filter(([name, version]) => !name.startsWith("@riptide/") && !/^\d+\.\d+\.\d+$/.test(version)),
    ).toEqual([]);
    expect(Object.keys(content["scripts"] ?? {}).filter((name) => INSTALL_SCRIPTS.includes(name))).toEqual([]);
  });

  it("T25 runs none of its scripts when a start installs it", async () => {
    await using folder = await temporaryFolder("supply-chain");
    for (const name of ["scripts", "package.json", "package-lock.json"]) {
      await cp(join(ROOT, name), join(folder.path, name), { recursive: true });
    }
    const said = join(folder.path, "said.txt");
    // It says how it was called, and fails: nothing is installed.
    await writeFile(join(folder.path, "npm"), `#!/bin/sh\necho "$@" >> ${said}\nexit 1\n`);
    await chmod(join(folder.path, "npm"), 0o755);
    const start = spawn(process.execPath, [join(folder.path, "scripts/start.mjs"), "--help"], {
      env: { PATH: `${folder.path}:${process.env["PATH"]}` },
      stdio: "ignore",
    });
    const [exitCode] = await once(start, "exit");
    expect(exitCode).toBe(1);
    expect(await readFile(said, "utf8")).toMatch(/^ci (.* )?--ignore-scripts( .*)?\n$/);
  });
});

const REGISTRY = "https://registry.npmjs.org/";

interface LockedPackage {
  readonly link?: boolean;
  readonly integrity?: string;
  readonly resolved?: string;
}
