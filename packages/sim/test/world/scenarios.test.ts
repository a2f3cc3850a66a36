import {
  behaviourOf,
  isHonestLeecher,
  isPoisoner,
  type PeerFault,
  randomScenario,
  randomSessionScenario,
  recovers,
  type SwarmScenario,
  shrinkScenario,
} from "@riptide/sim";
import { describe, expect, it } from "vitest";

const seeds = Array.from({ length: 400 }, (_, seed) => seed);
const scenarios = seeds.map(randomScenario);

describe("random scenarios", () => {
  it("follow from the seed alone, and are plain data", () => {
    for (const scenario of scenarios) {
      expect(randomScenario(scenario.seed)).toEqual(scenario);
      expect(JSON.parse(JSON.stringify(scenario))).toEqual(scenario);
    }
  });

  it("know every trouble, and runs without each", () => {
    const kinds: PeerFault["kind"][] = [
      "blackhole",
      "stall",
      "pause",
      "poison",
      "lie",
      "partial",
      "choke",
      "never-unchoke",
      "no-rejects",
      "slow-start",
      "lose-requests",
      "leave",
    ];
    for (const kind of kinds) {
      const share = scenarios.filter((scenario) => hasFault(scenario, kind)).length / scenarios.length;
      expect([kind, share > 0.1 && share < 0.6]).toEqual([kind, true]);
    }
    expect(scenarios.some(({ diskFaults }) => diskFaults.length > 0)).toBe(true);
    expect(scenarios.some(({ rests }) => rests.length > 0)).toBe(true);
    const disks = scenarios.flatMap(({ disk }) => disk ?? []);
    expect(Math.abs(disks.length / scenarios.length - 0.25)).toBeLessThan(0.1);
    expect(disks.some(({ squeezes }) => squeezes.length > 0)).toBe(true);
    expect(scenarios.some(({ peers }) => peers.every(({ joinsAtMs }) => joinsAtMs > 1000))).toBe(true);
  });

  it("have somebody who has all of it and never lies", () => {
    for (const { peers } of scenarios) {
      const [first] = peers;
      if (first === undefined) throw new TypeError("A scenario needs a peer");
      const { has, liesAbout, poisons } = behaviourOf(first);
      expect([has, liesAbout, poisons, isPoisoner(first)]).toEqual([undefined, undefined, undefined, false]);
    }
  });
});

describe("random scenarios of a session", () => {
  const sessions = seeds.map(randomSessionScenario);

  it("are those of the scheduler with more beside it, and as plain", () => {
    for (const [index, session] of sessions.entries()) {
      expect(session).toMatchObject(scenarios[index]!);
      expect(JSON.parse(JSON.stringify(session))).toEqual(session);
    }
  });

  it("know every way to be rude", () => {
    const rude = new Set(
      sessions.flatMap(({ leechers }) => leechers.flatMap(({ faults }) => faults)).map(({ kind }) => kind),
    );
    expect([...rude].sort()).toEqual([
      "asks-absent",
      "asks-outside",
      "cancels",
      "fidgets",
      "floods",
      "leave",
      "never-reads",
      "repeats",
    ]);
    const honest = sessions.filter(
      ({ leechers }) => leechers.some(isHonestLeecher) && !leechers.every(isHonestLeecher),
    );
    expect(honest.length / sessions.length).toBeGreaterThan(0.3);
  });

  it("know everything that a web server does wrong, and leave the end only to one that recovers", () => {
    const wrong = new Set(
      sessions.flatMap(({ webSeeds }) => webSeeds.flatMap(({ faults }) => faults)).map(({ kind }) => kind),
    );
    expect(wrong.size).toBe(8);
    const alone = sessions.filter(({ webSeedFinishes }) => webSeedFinishes);
    expect(alone.length / sessions.length).toBeGreaterThan(0.05);
    expect(alone.every(({ webSeeds: [first] }) => first !== undefined && recovers(first))).toBe(true);
  });
});

describe("shrinking", () => {
  it("leaves of a scenario what it fails by, and no more", async () => {
    const guilty = scenarios.find(
      (scenario) => isGuilty(scenario) && scenario.peers.length > 5 && scenario.disk !== undefined,
    );
    if (guilty === undefined) throw new TypeError("Of 400 scenarios one must have liars");
    const smallest = await shrinkScenario(guilty, isGuilty);
    expect(isGuilty(smallest)).toBe(true);
    expect(smallest.peers).toHaveLength(3);
    expect(smallest.peers.flatMap(({ faults }) => faults)).toHaveLength(1);
    expect([smallest.actions, smallest.rests, smallest.diskFaults, smallest.writeMs, smallest.disk]).toEqual([
      [],
      [],
      [],
      0,
      undefined,
    ]);
    expect(smallest.peers.every(({ latencyMs, jitterMs, joinsAtMs }) => latencyMs + jitterMs + joinsAtMs === 0)).toBe(
      true,
    );
  });
});

function hasFault({ peers }: SwarmScenario, kind: PeerFault["kind"]): boolean {
  return peers.some(({ faults }) => faults.some((fault) => fault.kind === kind));
}

/** What fails in the test: a liar among at least three. */
function isGuilty({ peers }: SwarmScenario): boolean {
  return peers.some(isPoisoner) && peers.length > 2;
}
