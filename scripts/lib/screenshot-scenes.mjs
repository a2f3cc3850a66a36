// What is seen in docs/screenshots: each scene is shown over a server of its own, the demo's or the played one.

/** The test pictures of the demo's films change with every frame: all are taken in the same one. */
const SHOWN_SECONDS = 12.5;

export const SCENES = [
  {
    name: "library",
    server: "mock",
    async show(page, url) {
      await removeFrom(url, "5".repeat(40)); // hostile names are for tests
      await page.goto(url);
      await page.getByTestId("continued").first().waitFor();
      await page.getByTestId("torrent").first().waitFor();
    },
  },
  {
    name: "failed-torrent",
    server: "mock",
    async show(page, url) {
      await page.goto(url);
      await page.getByTestId("search").fill("too big");
      await page.getByText("The disk is full.").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "continue-watching",
    server: "demo",
    async show(page, url) {
      const torrents = await torrentsAt(url);
      for (const [at, { infoHash }] of torrents.entries()) {
        await download(url, infoHash);
        await watch(url, infoHash, { positionSeconds: 11 + 9 * at, durationSeconds: 48 });
      }
      await page.goto(url);
      await page
        .getByTestId("continued")
        .nth(torrents.length - 1)
        .waitFor();
      await page.waitForLoadState("networkidle").catch(() => {});
    },
  },
  {
    name: "add-error",
    server: "demo",
    async show(page, url) {
      await page.goto(url);
      await page.getByTestId("file").first().waitFor();
      await page.getByTestId("source-input").fill("https://nowhere.example/film.torrent");
      await page.getByTestId("add-button").click();
      await page.locator("[role=alert]").getByText("cannot be reached").waitFor();
    },
  },
  {
    name: "start-trace",
    server: "demo",
    async show(page, url) {
      const [{ infoHash }] = await torrentsAt(url);
      await page.route("**/stream/**", () => {}); // the moment is short here: it is held
      await page.goto(`${url}/watch/${infoHash}/0`);
      await page.getByTestId("trace").waitFor();
      await page.waitForTimeout(2_500);
    },
  },
  {
    name: "player",
    server: "demo",
    async show(page, url) {
      const infoHash = await filmWithSubtitles(url);
      await download(url, infoHash);
      await fetch(`${url}/api/torrents/${infoHash}/files/0/viewing`, { method: "DELETE" }); // of the picture before
      await page.goto(`${url}/watch/${infoHash}/0`);
      await standAt(page, SHOWN_SECONDS);
      await page.getByTestId("subtitle-menu").click();
      await page.getByTestId("subtitle-panel").getByRole("radio").last().check();
      await page.keyboard.press("Escape");
      await page.getByTestId("subtitle-panel").waitFor({ state: "detached" });
      await page.getByTestId("subtitles").getByText("cue 12").waitFor();
    },
  },
  {
    name: "player-failure",
    server: "demo",
    async show(page, url) {
      const [{ infoHash }] = await torrentsAt(url);
      const detail = "The disk is full. Make room, or start Riptide with --max-disk.";
      await page.route("**/playback", (route) => route.fulfill({ status: 507, json: { detail } }));
      await page.goto(`${url}/watch/${infoHash}/0`);
      await page.getByText(detail).waitFor();
    },
  },
];

async function removeFrom(url, infoHash) {
  await fetch(`${url}/api/torrents/${infoHash}`, { method: "DELETE" });
}

/** The demo's torrents, as soon as their files are known. */
async function torrentsAt(url) {
  for (;;) {
    const { torrents } = await (await fetch(`${url}/api/torrents`)).json();
    if (torrents.length >= 3 && torrents.every(({ files }) => files.length > 0)) return torrents;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function filmWithSubtitles(url) {
  const torrents = await torrentsAt(url);
  return torrents.find(({ name }) => name.includes("MKV")).infoHash;
}

/** Has all bytes of a film fetched, so that there is a picture of every place. */
async function download(url, infoHash) {
  await (await fetch(`${url}/stream/${infoHash}/0/direct`)).arrayBuffer();
}

async function watch(url, infoHash, viewing) {
  await fetch(`${url}/api/torrents/${infoHash}/files/0/viewing`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(viewing),
  });
}

/** Stops the film at a time, and waits for its picture. */
async function standAt(page, seconds) {
  await page.getByTestId("player").waitFor();
  await page.waitForFunction(() => document.querySelector("video").readyState >= 2);
  await page.evaluate(`(async () => {
    const video = document.querySelector("video");
    video.pause();
    const shown = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    const sought = new Promise((resolve) => video.addEventListener("seeked", resolve, { once: true }));
    video.currentTime = ${seconds};
    await sought;
    await shown;
  })()`);
}
