import { chmod, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { exitOf, quietly, urlOf } from "../support/command-line.ts";
import { isFilmRight, type OneTorrent, oneTorrent, readBody } from "../support/one-torrent.ts";
import { startProcess } from "../support/processes.ts";
import { programPath } from "../support/program.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const START = fileURLToPath(new URL("../../scripts/start.mjs", import.meta.url));
/** Root may write everywhere, unless it gives that up. */
const AS_OTHERS_ARE = process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] : [];
/** A file system of its own, as in F10, with a copy of the folder in it, and not a byte to spare. */
const ON_FULL_DISK =
  'mount -t tmpfs -o size=8m tmpfs "$0" && cp -a "$1/." "$0" && ! dd if=/dev/zero of="$0/ballast" bs=4k 2>/dev/null && shift && exec "$@"';
let one: OneTorrent;
beforeAll(async () => {
  one = await oneTorrent({ lengthBytes: 3_000_000, seed: { bytesPerSecond: 1_000_000 } });
});
afterAll(() => one[Symbol.asyncDispose]());

test("F24 a data folder that is read-only is named at the start, with what to do", async () => {
  const folder = join(one.folder.path, "read-only");
  await mkdir(folder);
  await chmod(folder, 0o555);
  const [program, ...words] = [...AS_OTHERS_ARE, process.execPath, START, ...quietly(folder)];
  await using riptide = startProcess(program!, words);
  expect(await exitOf(riptide)).toBe(1);
  expect(riptide.lines).toEqual([]);
  expect(riptide.stderr()).toBe(
    `${folder}: Riptide may not use its data folder. Give it the permission, or choose another folder with --data-dir.\n`,
  );
  expect(await readdir(folder)).toEqual([]);
  await rm(folder, { recursive: true });
});

test("F24 a data folder that vanishes while a film plays ends neither the server nor its truth, and is missed", async () => {
  await using server = await one.start();
  const { bytes } = one.torrent;
  const film = async (): Promise<Buffer> => {
    const response = await fetch(server.film);
    return response.ok ? (await readBody(response)).bytes : Buffer.alloc(0);
  };
  const body = film();
  await server.process.waitFor((line) => line.includes("reading") || line.includes(" % of ") || undefined);
  for (const name of await readdir(one.folder.path)) await rm(join(one.folder.path, name), { recursive: true });
  const first = await body;
  // Open files go on below the folder that is gone; whatever cannot go on says so, and gives no wrong byte.
  expect(first.equals(bytes.subarray(0, first.length))).toBe(true);
  const second = await film();
  expect(second.equals(bytes.subarray(0, second.length))).toBe(true);
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
  // Nothing that was played is there at the next start: that must not be found out only then.
  const readiness = async () => (await (await fetch(`${server.url}/readyz`)).json()) as { reasons: string[] };
  await waitUntil("it is missed", async () =>
    (await readiness()).reasons.some((reason) => reason.startsWith("disk: The data folder is gone")),
  );
  expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
  expect(server.process.stderr()).toContain("The data folder is gone");
  expect(await server.process.stop()).toBe(0);
});

describeWith("chromium")("F24", () => {
  test("the page says that the data folder is gone, for as long as it is", async () => {
    await using server = await one.start();
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage({ locale: "de-DE" });
      await page.goto(server.url);
      const banner = page.getByText("Der Datenordner von Riptide ist weg");
      await page.getByText(one.torrent.name).first().waitFor();
      expect(await banner.count()).toBe(0);
      const away = `${one.folder.path}-away`;
      await rename(one.folder.path, away);
      await banner.waitFor();
      await rename(away, one.folder.path);
      await banner.waitFor({ state: "detached" });
    } finally {
      await browser.close();
    }
  });
});

test("F24 a data folder that is gone at the start is made, one on a disk that is full then plays what is there", async () => {
  await rm(one.folder.path, { recursive: true });
  {
    await using server = await one.start();
    expect(await isFilmRight(server.film, one.torrent)).toBe(true);
    expect(await server.process.stop()).toBe(0);
  }
  const disk = `${one.folder.path}-disk`;
  await mkdir(disk);
  const words = [process.execPath, programPath(), ...quietly(disk, "--max-disk=1GB")];
  await using riptide = startProcess("unshare", ["-rm", "sh", "-c", ON_FULL_DISK, disk, one.folder.path, ...words]);
  const url = await urlOf(riptide);
  expect(await isFilmRight(url + one.path, one.torrent)).toBe(true);
  expect(await readdir(join(`/proc/${riptide.child.pid}/root`, disk))).toContain(".riptide.lock");
  expect(await riptide.stop()).toBe(0);
  await rm(disk, { recursive: true });
});
