import { behaviourOf, isPoisoner, type SwarmScenario, torrentShape } from "@riptide/sim";
import { injectFileFaults, systemError } from "../storage/file-faults.ts";
import { SessionReader } from "./session-reader.ts";
import { SimulatedSession } from "./simulated-session.ts";

/** Until what was on its way when the last reader left has come: a block of the thinnest peer, and a round trip. */
const QUIET_AFTER_MS = 3000;
const QUIET_MS = 3000;
/** An address that failed all through the trouble, or a peer that was silent in it, is tried again within this. */
const SECOND_CHANCES_MS = 90_000;

/** The same run as `runScenario`, but of a whole session: with wire, address book and a real disk. Resolves to what was wrong. */
export async function runSessionScenario(scenario: SwarmScenario): Promise<string | undefined> {
  const faults = await injectFileFaults();
  try {
    const { peers, seed, sizeBytes, pieceLengthBytes, diskFaults } = scenario;
    const geometry = torrentShape(sizeBytes, pieceLengthBytes);
    await using world = await SimulatedSession.start({ geometry, peers: peers.map(behaviourOf), seed });
    faults.before = (call) => {
      const isBroken = diskFaults.some(({ fromMs, toMs }) => world.nowMs >= fromMs && world.nowMs < toMs);
      if (isBroken && call.startsWith("write")) throw systemError(seed % 2 === 0 ? "ENOSPC" : "EIO");
    };
    const failure = (await safetyFailure(world, scenario)) ?? (await livenessFailure(world, scenario));
    const wrongPiece = await world.wrongPiece();
    return wrongPiece === undefined ? failure : `Piece ${wrongPiece} is wrong on the disk`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    faults.restore();
  }
}

async function safetyFailure(world: SimulatedSession, scenario: SwarmScenario): Promise<string | undefined> {
  const readers = [0, 1, 2].map((id) => new SessionReader(world, id));
  for (const action of scenario.actions) {
    world.clock.setTimer(action.atMs, () => {
      if (action.kind === "read") readers[action.reader]?.read(action.offsetBytes);
      else readers[action.reader]?.stop();
    });
  }
  await world.run(scenario.troubleEndsMs);
  for (const reader of readers) reader.stop();
  await world.run(QUIET_AFTER_MS);
  const bytesBefore = world.sentBytes;
  await world.run(QUIET_MS);
  if (world.sentBytes > bytesBefore) return "Nobody reads any more, but blocks are sent";
  return banFailure(world, scenario);
}

async function livenessFailure(world: SimulatedSession, scenario: SwarmScenario): Promise<string | undefined> {
  world.heal();
  const { sizeBytes, peers } = scenario;
  world.setDemand(-1, { range: { start: 0, end: sizeBytes }, urgency: "later" });
  const limitMs = SECOND_CHANCES_MS + 2 * (sizeBytes / (peers[0]?.bytesPerSecond ?? 1)) * 1000;
  const pieces = Array.from({ length: world.geometry.pieceCount }, (_, piece) => piece);
  if (await world.untilStored(pieces, limitMs)) return banFailure(world, scenario);
  return `All is healed, but after ${limitMs} ms ${pieces.length - world.stored.size} pieces are missing`;
}

function banFailure(world: SimulatedSession, { peers }: SwarmScenario): string | undefined {
  const liars = new Set(peers.filter(isPoisoner).map(({ host }) => host)).size;
  const { bannedHosts } = world.figures;
  return bannedHosts > liars ? `${bannedHosts} hosts are banned, but only ${liars} lied` : undefined;
}
