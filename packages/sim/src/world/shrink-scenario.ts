import type { ScenarioPeer, SwarmScenario } from "./swarm-scenario.ts";

/**
 * A smaller scenario that fails as well: leaves out peers, faults, seeks and troubles as long as `fails` says so. Takes
 * some hundred runs at most.
 */
export function shrinkScenario(scenario: SwarmScenario, fails: (smaller: SwarmScenario) => boolean): SwarmScenario {
  let smallest = scenario;
  for (;;) {
    const smaller = smallerOnes(smallest).find((candidate) => fails(candidate));
    if (smaller === undefined) return smallest;
    smallest = smaller;
  }
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

/** The list without each of its values in turn. */
function without<T>(values: readonly T[]): T[][] {
  return values.map((_, left) => values.filter((_value, index) => index !== left));
}
