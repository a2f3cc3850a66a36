import { torrentShape } from "@riptide/sim";
import { afterEach, describe, expect, it } from "vitest";
import { injectFileFaults, systemError } from "../storage/file-faults.ts";
import { SessionReader } from "./session-reader.ts";
import { SimulatedSession } from "./simulated-session.ts";

const MIB = 1024 * 1024;
const geometry = torrentShape(64 * MIB, 256 * 1024);
const AFTER_A_WHILE_MS = 20_000;

describe("a viewer who pauses", () => {
  it("does not keep waiting who comes later, though nobody has brought the window yet", async () => {
    const peers = [{ bytesPerSecond: 250_000 }, { bytesPerSecond: 250_000 }];
    await using world = await SimulatedSession.start({ geometry, peers, seed: 1 });
    // Twice what the swarm brings: twenty seconds of it are wanted, and never there.
    world.setDemand(1, { range: { start: 0, end: 20 * MIB }, urgency: "soon", bytesPerSecond: MIB });
    await world.run(AFTER_A_WHILE_MS);
    expect(world.stored.size).toBeLessThan(50);

    const startedMs = world.nowMs;
    new SessionReader(world, 5).read(40 * MIB);
    await world.untilStored([160], 60_000);
    // A piece takes half a second, behind the block that each is sending.
    expect(world.nowMs - startedMs).toBeLessThanOrEqual(800);
  });
});

describe("a viewer who leaves while the disk is full", () => {
  let faults: Awaited<ReturnType<typeof injectFileFaults>> | undefined;
  afterEach(() => faults?.restore());

  it("leaves a torrent behind that takes pieces again, and says so, once there is room", async () => {
    faults = await injectFileFaults();
    await using world = await SimulatedSession.start({ geometry, peers: [{ bytesPerSecond: 500_000 }], seed: 1 });
    let isFull = false;
    faults.before = (call) => {
      if (isFull && call.startsWith("write")) throw systemError("ENOSPC");
    };
    const reader = new SessionReader(world, 0);
    reader.read(0);
    await world.untilStored([0], 10_000);
    isFull = true;
    await world.run(2000);
    reader.stop();
    await world.run(10_000);
    expect(world.problems.at(-1)).toBe("disk_full");
    const storedBefore = world.stored.size;

    isFull = false;
    await world.run(6000);
    expect(world.problems.at(-1)).toBeUndefined();
    expect(world.stored.size).toBeGreaterThan(storedBefore);
    expect(await world.wrongPiece()).toBeUndefined();
  });
});
