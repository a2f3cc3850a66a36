import {
  behaviourOf,
  isHonestLeecher,
  isLyingWebSeed,
  isPoisoner,
  type SessionScenario,
  torrentShape,
} from "@riptide/sim";
import { injectFileFaults, systemError } from "../storage/file-faults.ts";
import { SessionReader } from "./session-reader.ts";
import { SimulatedSession } from "./simulated-session.ts";
import { webSeedOrigin } from "./simulated-web.ts";

/** Until what was on its way when the last reader left has come: a block of the thinnest peer, and a round trip. */
const QUIET_AFTER_MS = 3000;
const QUIET_MS = 3000;
/** An address that failed all through the trouble, or a peer that was silent in it, is tried again within this. */
const SECOND_CHANCES_MS = 90_000;
/** The optimistic slot goes to another by lot after this; so often a leecher, even among rude ones that never have enough, has had its turn. */
const OPTIMISTIC_TURN_MS = 30_000;
const TURNS_PER_LEECHER = 10;

/** The same run as `runScenario`, but of a whole session: with wire, address book and a real disk. Resolves to what was wrong. */
export async function runSessionScenario(scenario: SessionScenario): Promise<string | undefined> {
  const faults = await injectFileFaults();
  try {
    const { peers, leechers, webSeeds, uploadBytesPerSecond, seed, sizeBytes, pieceLengthBytes, diskFaults } = scenario;
    const geometry = torrentShape(sizeBytes, pieceLengthBytes);
    await using world = await SimulatedSession.start({
      geometry,
      peers: peers.map(behaviourOf),
      seed,
      leechers,
      webSeeds,
      uploadBytesPerSecond,
    });
    faults.before = (call) => {
      const isBroken = diskFaults.some(({ fromMs, toMs }) => world.nowMs >= fromMs && world.nowMs < toMs);
      if (isBroken && call.startsWith("write")) throw systemError(seed % 2 === 0 ? "ENOSPC" : "EIO");
    };
    const failure =
      (await safetyFailure(world, scenario)) ??
      (await livenessFailure(world, scenario)) ??
      (await uploadFailure(world, scenario));
    const wrongPiece = await world.wrongPiece();
    return wrongPiece === undefined ? failure : `Piece ${wrongPiece} is wrong on the disk`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    faults.restore();
  }
}

async function safetyFailure(world: SimulatedSession, scenario: SessionScenario): Promise<string | undefined> {
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

async function livenessFailure(world: SimulatedSession, scenario: SessionScenario): Promise<string | undefined> {
  world.heal();
  const { sizeBytes, peers, webSeeds, webSeedFinishes } = scenario;
  if (webSeedFinishes) world.departPeers();
  const finisher = webSeedFinishes ? webSeeds[0] : peers[0];
  world.setDemand(-1, { range: { start: 0, end: sizeBytes }, urgency: "later" });
  const limitMs = SECOND_CHANCES_MS + 2 * (sizeBytes / (finisher?.bytesPerSecond ?? 1)) * 1000;
  const pieces = Array.from({ length: world.geometry.pieceCount }, (_, piece) => piece);
  if (await world.untilStored(pieces, limitMs)) {
    return banFailure(world, scenario) ?? world.web.problem;
  }
  return `All is healed, but after ${limitMs} ms ${pieces.length - world.stored.size} pieces are missing`;
}

/** All that we have goes to whoever asks for it properly, whatever others do. */
async function uploadFailure(world: SimulatedSession, scenario: SessionScenario): Promise<string | undefined> {
  // Whoever finished it may have been the only one that can still be reached.
  world.returnPeers();
  const honest = scenario.leechers.filter(isHonestLeecher);
  const limitMs = servingLimitMs(scenario);
  const isServed = await world.untilServed(honest, limitMs);
  const { problem, uploadedBytes } = world.uploads;
  if (problem !== undefined) return problem;
  if (!isServed) return `After ${limitMs} ms somebody has not got what it asked for`;
  const told = world.figures.uploadedBytes;
  return told === uploadedBytes ? undefined : `${uploadedBytes} bytes went out, but ${told} are told`;
}

/** Its turns, and twice the time that all of it takes for all of them at the rate of the slowest. */
function servingLimitMs({ leechers, sizeBytes, uploadBytesPerSecond }: SessionScenario): number {
  const paces = leechers.map(({ takesBytesPerSecond }) => takesBytesPerSecond);
  const bytesPerSecond = Math.min(uploadBytesPerSecond ?? Number.POSITIVE_INFINITY, ...paces);
  const transferMs = (2 * sizeBytes * 1000) / bytesPerSecond;
  return SECOND_CHANCES_MS + leechers.length * (TURNS_PER_LEECHER * OPTIMISTIC_TURN_MS + transferMs);
}

function banFailure(world: SimulatedSession, { peers, webSeeds }: SessionScenario): string | undefined {
  const liars = new Set(peers.filter(isPoisoner).map(({ host }) => host));
  for (const [index, webSeed] of webSeeds.entries()) if (isLyingWebSeed(webSeed)) liars.add(webSeedOrigin(index));
  const wronged = [...world.bannedHosts].find((host) => !liars.has(host));
  return wronged === undefined ? undefined : `${wronged} is honest, but was banned`;
}
