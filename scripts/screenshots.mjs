// npm run screenshots: takes the pictures of docs/screenshots anew, of the page over the demo's server and over the played one
// (packages/web/mock). Words pick scenes by name: npm run screenshots -- library player.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { createInterface } from "node:readline";
import { ensureNodeModules } from "./lib/install.mjs";
import { ensurePage } from "./lib/page.mjs";
import { bin, fail, root } from "./lib/run.mjs";
import { SCENES } from "./lib/screenshot-scenes.mjs";

const FOLDER = `${root}docs/screenshots`;
/** What a visitor of the README waits for, and what every clone of the repository takes. */
const PICTURE_BYTES_MAX = 300_000;
const PICTURES_BYTES_MAX = 3_000_000;

const SIZES = {
  desktop: { viewport: { width: 1280, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
};
const COLOURS = ["light", "dark"];

ensureNodeModules();
ensurePage();
const { chromium } = await import("playwright-core");
const wanted = process.argv.slice(2);
const scenes = SCENES.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (scenes.length === 0) fail(`The scenes are ${SCENES.map(({ name }) => name).join(", ")}.`);

const children = [];
process.on("exit", () => {
  for (const child of children) child.kill();
});
if (wanted.length === 0) rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium-headless-shell",
  args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
});
for (const scene of scenes) {
  const { url, stop } = await (scene.server === "mock" ? startMock() : startDemo());
  for (const [size, screen] of Object.entries(SIZES)) {
    for (const colorScheme of COLOURS) await take(scene, url, size, { ...screen, colorScheme });
  }
  stop();
}
await browser.close();
const totalBytes = readdirSync(FOLDER).reduce((sum, file) => sum + statSync(`${FOLDER}/${file}`).size, 0);
if (totalBytes > PICTURES_BYTES_MAX)
  fail(`The pictures have ${totalBytes} bytes, which is more than ${PICTURES_BYTES_MAX}.`);
process.exit();

async function take({ name, show }, url, size, looks) {
  const context = await browser.newContext({ ...looks, locale: "en", reducedMotion: "reduce" });
  const page = await context.newPage();
  await show(page, url);
  const path = `${FOLDER}/${name}-${size}-${looks.colorScheme}.png`;
  await page.screenshot({ path });
  await context.close();
  const { size: bytes } = statSync(path);
  if (bytes > PICTURE_BYTES_MAX) fail(`${path} has ${bytes} bytes, which is more than ${PICTURE_BYTES_MAX}.`);
  console.log(`${path.slice(root.length)} ${Math.round(bytes / 1000)} KB`);
}

/** Vite plays the server; it names its address in colours. */
function startMock() {
  return start(bin("vite"), ["packages/web", "--mode", "mock", "--host", "127.0.0.1", "--port", "0"]);
}

function startDemo() {
  return start(process.execPath, ["scripts/start.mjs", "demo", "--port", "0", "--log-level", "error"]);
}

/** Resolves when the program has named its address. */
async function start(command, args) {
  const env = { ...process.env, NO_COLOR: "1" };
  const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (url === undefined) continue;
    child.stdout.resume();
    return { url, stop: () => child.kill() };
  }
  await once(child, "exit");
  return fail(`${command} has ended before it named its address.`);
}
