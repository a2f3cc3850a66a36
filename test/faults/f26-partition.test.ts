import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { torrentShape } from "@riptide/sim";
import { expect, it } from "vitest";
import { SessionReader } from "../../packages/swarm/test/simulation/session-reader.ts";
import { SimulatedSession } from "../../packages/swarm/test/simulation/simulated-session.ts";
import { readBody } from "../support/bundled-riptide.ts";
import { startProcess } from "../support/processes.ts";
import { filesOf, startQuietRiptide } from "../support/riptide.ts";
import { isSoak } from "../support/soak.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { describeAsRoot } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";
import { createFilm } from "./play.ts";

const MIB = 1024 * 1024;
const SEED_CHILD = fileURLToPath(new URL("../support/seed-child.ts", import.meta.url));
/** A network of two, and one end of it (RFC 2544 benchmarks: nobody else's). */
const OUR_ADDRESS = "198.18.77.1";
const SEED_ADDRESS = "198.18.77.2";
/** Long enough for a peer to be taken for dead. */
const PARTITION_MS = isSoak ? 60_000 : 6_000;

/** TCP itself tries again after pauses that double: after one as long as the partition at the latest. */
const RECOVERY_MS = 2 * PARTITION_MS;

const ip = (...words: string[]) => promisify(execFile)("ip", words);

describeAsRoot("F26", () => {
  it("a network that is gone for a while and comes back ends no stream", { timeout: 20 * PARTITION_MS }, async () => {
    await using network = await createNetwork();
    await using film = await createFilm({ lengthBytes: 8 * MIB });
    const inside = ["netns", "exec", network.name, process.execPath];
    const about = [film.torrentPath, film.filePath, SEED_ADDRESS, String(2 * MIB)];
    await using seed = startProcess("ip", [...inside, "--import", "tsx", SEED_CHILD, ...about]);
    const port = await seed.waitFor((line) => /^listens at (\d+)$/.exec(line)?.[1], 60_000);
    await using folder = await temporaryFolder("partition");
    await using riptide = await startQuietRiptide(join(folder.path, "data"), `--peer=${SEED_ADDRESS}:${port}`);
    await riptide.add(film.torrentFile);
    await filesOf(riptide, film.infoHash);

    const url = `${riptide.url}/stream/${film.infoHash}/0/direct`;
    const reading = readBody(url);
    const verifiedBytes = async () => (await riptide.torrent(film.infoHash)).verifiedBytes;
    await waitUntil("some of it is there", async () => (await verifiedBytes()) > 2 * MIB);
    await network.setLink("down");
    await delay(500);
    const before = await verifiedBytes();
    await delay(PARTITION_MS);
    expect(await verifiedBytes()).toBe(before);
    expect(before).toBeLessThan(film.bytes.length);
    const healedMs = performance.now();
    await network.setLink("up");
    await waitUntil("it goes on", async () => (await verifiedBytes()) > before, RECOVERY_MS);
    expect(performance.now() - healedMs).toBeLessThan(RECOVERY_MS);

    const read = await reading;
    expect([read.isWhole, read.sha256]).toEqual([true, film.sha256]);
    await waitUntil("no demand is left", async () => (await riptide.torrent(film.infoHash)).activeDemands === 0);
    expect(riptide.process.stderr()).toBe("");
  });
});

it("F26 a connection that stays dead, which TCP takes minutes to find out, is made anew", async () => {
  // On each connection it sends so much, and then nothing more, as if the network had swallowed it.
  const peers = [{ bytesPerSecond: 1_000_000, latencyMs: 10, stallsAfterBytes: 1_500_000 }];
  await using world = await SimulatedSession.start({ geometry: torrentShape(3 * MIB, MIB / 4), peers, seed: 26 });
  const reader = new SessionReader(world, 0);
  reader.read(0);
  const pieces = Array.from({ length: world.geometry.pieceCount }, (_, piece) => piece);
  expect(await world.untilStored(pieces, 120_000)).toBe(true);
  expect(await world.wrongPiece()).toBe(undefined);
  expect(world.figures.bannedHosts).toBe(0);
});

/** Another network name space, and a cable to it. */
async function createNetwork() {
  await removeLeftNetworks();
  const name = `${NETWORK_PREFIX}${process.pid}`;
  const [ours, theirs] = [`rt${process.pid}a`, `rt${process.pid}b`];
  await ip("netns", "add", name);
  await ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name);
  await ip("addr", "add", `${OUR_ADDRESS}/30`, "dev", ours);
  await ip("link", "set", ours, "up");
  await ip("-n", name, "addr", "add", `${SEED_ADDRESS}/30`, "dev", theirs);
  await ip("-n", name, "link", "set", theirs, "up");
  return {
    name,
    setLink: (state: "up" | "down") => ip("-n", name, "link", "set", theirs, state),
    // The cable goes with it.
    [Symbol.asyncDispose]: async () => void (await ip("netns", "delete", name)),
  };
}

const NETWORK_PREFIX = "riptide-";

/** Of runs that were killed: their addresses are ours. */
async function removeLeftNetworks(): Promise<void> {
  const { stdout } = await ip("netns", "list");
  for (const [name, pid] of stdout.matchAll(new RegExp(`^${NETWORK_PREFIX}(\\d+)`, "gm"))) {
    if (!existsSync(`/proc/${pid}`)) await ip("netns", "delete", name);
  }
}
