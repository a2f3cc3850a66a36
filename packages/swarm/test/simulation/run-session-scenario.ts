import {
  behaviourOf,
  isHonestLeecher,
  isLyingWebSeed,
  isPoisoner,
  type SessionScenario,
  torrentShape,
} from "@riptide/sim";
import { MIN_PIECE_BUFFERS, PIECE_MEMORY_BYTES } from "../../src/download/buffer-pool.ts";
import { BLOCK_LENGTH_BYTES } from "../../src/types.ts";
import { injectFileFaults, systemError } from "../storage/file-faults.ts";
import { SessionReader } from "./session-reader.ts";
import { SimulatedSession } from "./simulated-session.ts";
import { webSeedOrigin } from "./simulated-web.ts";
import { type Haul, haulOf, wasteFailure } from "./waste.ts";

/** Until what was on its way when the last reader left has come: a block of the thinnest peer, and a round trip. */
const QUIET_AFTER_MS = 3000;
const QUIET_MS = 3000;
/** An address that failed all through the trouble, or a peer that was silent in it, is tried again within this. */
const SECOND_CHANCES_MS = 90_000;
/** The optimistic slot goes to another by lot after this; so often a leecher, even among rude ones that never have enough, has had its turn. */
const OPTIMISTIC_TURN_MS = 30_000;
const TURNS_PER_LEECHER = 10;
/** Of 300 seeds none needed more than the share that may come in vain in any run; web servers and slow leechers send on for a while. */
const SPARE_BYTES = 16 * BLOCK_LENGTH_BYTES;

/** How a run went; `failure` says what was wrong first. */
export interface SessionOutcome {
  readonly failure: string | undefined;
  readonly haul: Haul;
}

/** The same run as `runScenario`, but of a whole session: with wire, address book and a real disk. */
export async function runSessionScenario(scenario: SessionScenario): Promise<SessionOutcome> {
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
    const wrong = wrongPiece === undefined ? undefined : `Piece ${wrongPiece} is wrong on the disk`;
    return { failure: wrong ?? failure, haul: haulOf(world.figures, geometry) };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    return { failure, haul: { usefulBytes: 0, wrongBytes: 0, needlessBytes: 0 } };
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
  return figuresFailure(world, scenario);
}

async function livenessFailure(world: SimulatedSession, scenario: SessionScenario): Promise<string | undefined> {
  world.heal();
  const { sizeBytes, peers, webSeeds, webSeedFinishes } = scenario;
  if (webSeedFinishes) world.departPeers();
  const finisher = webSeedFinishes ? webSeeds[0] : peers[0];
  world.setDemand(-1, { range: { start: 0, end: sizeBytes }, urgency: "later" });
  const limitMs = SECOND_CHANCES_MS + 2 * (sizeBytes / (finisher?.bytesPerSecond ?? 1)) * 1000;
  const pieces = Array.from({ length: world.geometry.pieceCount }, (_, piece) => piece);
  if (!(await world.untilStored(pieces, limitMs))) {
    return `All is healed, but after ${limitMs} ms ${pieces.length - world.stored.size} pieces are missing`;
  }
  const { reservedBytes } = world.memory;
  if (reservedBytes > 0) return `All is there, but ${reservedBytes} bytes of memory are set apart for pieces`;
  const { usefulBytes } = haulOf(world.figures, world.geometry);
  if (usefulBytes !== sizeBytes) return `All ${sizeBytes} bytes are there, but ${usefulBytes} count`;
  return figuresFailure(world, scenario) ?? world.web.problem;
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

function figuresFailure(world: SimulatedSession, scenario: SessionScenario): string | undefined {
  const waste = wasteFailure(haulOf(world.figures, world.geometry), SPARE_BYTES);
  return banFailure(world, scenario) ?? memoryFailure(world) ?? waste;
}

/** The budget, and no more than was set apart for the pieces that were being put together at once; three bad copies of each if somebody lied. */
function memoryFailure({ memory, geometry, figures }: SimulatedSession): string | undefined {
  const { pieceCount, pieceLengthBytes } = geometry;
  const budgetBytes = Math.max(PIECE_MEMORY_BYTES, MIN_PIECE_BUFFERS * pieceLengthBytes);
  const copies = figures.hashFailures > 0 ? 4 : 1;
  const limitBytes = Math.min(budgetBytes, memory.maxReservedBytes, copies * pieceCount * pieceLengthBytes);
  const { maxBufferBytes } = memory;
  return maxBufferBytes > limitBytes ? `${maxBufferBytes} bytes of memory are held, not ${limitBytes}` : undefined;
}

function banFailure(world: SimulatedSession, { peers, webSeeds }: SessionScenario): string | undefined {
  const liars = new Set(peers.filter(isPoisoner).map(({ host }) => host));
  for (const [index, webSeed] of webSeeds.entries()) if (isLyingWebSeed(webSeed)) liars.add(webSeedOrigin(index));
  const wronged = [...world.bannedHosts].find((host) => !liars.has(host));
  return wronged === undefined ? undefined : `${wronged} is honest, but was banned`;
}
