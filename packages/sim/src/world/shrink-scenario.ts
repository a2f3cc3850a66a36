import type { ScenarioDisk, ScenarioPeer, SwarmScenario } from "./swarm-scenario.ts";

/**
 * A smaller scenario that fails as well: leaves out peers, faults, seeks and troubles as long as `fails` says so. Takes
 * some hundred runs at most.
 */
export async function shrinkScenario(
  scenario: SwarmScenario,
  fails: (smaller: SwarmScenario) => boolean | Promise<boolean>,
): Promise<SwarmScenario> {
  let smallest = scenario;
  for (;;) {
    const smaller = await firstThat(smallerOnes(smallest), fails);
    if (smaller === undefined) return smallest;
    smallest = smaller;
  }
}

async function firstThat<T>(
  values: readonly T[],
  holds: (value: T) => boolean | Promise<boolean>,
): Promise<T | undefined> {
  for (const value of values) if (await holds(value)) return value;
  return undefined;
}

/** Each with one thing less, the largest things first. */
function smallerOnes(scenario: SwarmScenario): SwarmScenario[] {
  const { peers, actions, rests, diskFaults } = scenario;
  return [
    // The first peer stays: somebody must be there to finish.
    ...without(peers.slice(1)).map((others) => ({ ...scenario, peers: [...peers.slice(0, 1), ...others] })),
    ...without(actions).map((fewer) => ({ ...scenario, actions: fewer })),
    ...without(rests).map((fewer) => ({ ...scenario, rests: fewer })),
    ...without(diskFaults).map((fewer) => ({ ...scenario, diskFaults: fewer })),
    ...peers.flatMap((peer, index) =>
      simplerPeers(peer).map((simpler) => ({ ...scenario, peers: peers.with(index, simpler) })),
    ),
    ...(scenario.writeMs > 0 ? [{ ...scenario, writeMs: 0 }] : []),
    ...simplerDisks(scenario),
  ];
}

function simplerPeers(peer: ScenarioPeer): ScenarioPeer[] {
  return [
    ...without(peer.faults).map((faults) => ({ ...peer, faults })),
    ...(peer.jitterMs > 0 ? [{ ...peer, jitterMs: 0 }] : []),
    ...(peer.latencyMs > 0 ? [{ ...peer, latencyMs: 0 }] : []),
    ...(peer.joinsAtMs > 0 ? [{ ...peer, joinsAtMs: 0 }] : []),
  ];
}

function simplerDisks({ disk, ...withoutDisk }: SwarmScenario): SwarmScenario[] {
  if (disk === undefined) return [];
  const simpler: ScenarioDisk[] = [
    ...without(disk.squeezes).map((squeezes) => ({ ...disk, squeezes })),
    ...(disk.fileCount > 1 ? [{ ...disk, fileCount: 1 }] : []),
    ...(disk.evictMs > 0 ? [{ ...disk, evictMs: 0 }] : []),
    ...(disk.readMs > 1 ? [{ ...disk, readMs: 1 }] : []),
    ...(disk.messageMs > 1 ? [{ ...disk, messageMs: 1 }] : []),
  ];
  return [withoutDisk, ...simpler.map((candidate) => ({ ...withoutDisk, disk: candidate }))];
}

/** The list without each of its values in turn. */
function without<T>(values: readonly T[]): T[][] {
  return values.map((_, left) => values.filter((_value, index) => index !== left));
}
