import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readBody } from "../support/bundled-riptide.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { describeAsRoot } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";
import { createFilm, setStage } from "./play.ts";

const NAME_SERVER = "127.0.0.77";
/** More than there are threads in which libuv reads files and looks up names; it keeps half of them free of lookups. */
const TRACKERS = 12;
/** A lookup that nobody answers keeps its thread for ten seconds. */
const LIMIT_MS = 4_000;
/** With another /etc/resolv.conf, for this process alone. */
const WITH_RESOLVER = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';

describeAsRoot("F23", () => {
  it("a name server that does not answer keeps nobody from the film", async () => {
    await using folder = await temporaryFolder("dns");
    const resolver = join(folder.path, "resolv.conf");
    await writeFile(resolver, `nameserver ${NAME_SERVER}\n`);
    await using dns = await startSilentNameServer();
    const film = await createFilm();
    const through = ["unshare", "-m", "sh", "-c", WITH_RESOLVER, resolver];
    await using stage = await setStage(film, [{}], { through });
    expect((await readBody(stage.url)).sha256).toBe(film.sha256);

    const trackers = Array.from({ length: TRACKERS }, (_, number) => `http://tracker-${number}.test/announce`);
    const magnet = [
      `magnet:?xt=urn:btih:${"ab".repeat(20)}`,
      ...trackers.map((url) => `tr=${encodeURIComponent(url)}`),
    ];
    await stage.riptide.add(magnet.join("&"));
    await waitUntil("the name server is asked", () => dns.names().size > 0);
    const read = await readBody(stage.url);
    expect([read.isWhole, read.sha256]).toEqual([true, film.sha256]);
    expect(read.tookMs).toBeLessThan(LIMIT_MS);
  });
});

async function startSilentNameServer() {
  const names = new Set<string>();
  const socket = createSocket("udp4");
  // RFC 1035 §4.1: the question follows twelve bytes of header.
  socket.on("message", (question) => names.add(question.toString("latin1", 12)));
  socket.bind(53, NAME_SERVER);
  await once(socket, "listening");
  return {
    names: () => names,
    [Symbol.asyncDispose]: async () => {
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}
