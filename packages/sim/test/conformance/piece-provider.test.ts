import { createSimulatedPieceProvider, createVirtualClock } from "@riptide/sim";
import { pieceProviderConformance } from "@riptide/sim/conformance";
import { drainEventLoop } from "../support/drain-event-loop.ts";

pieceProviderConformance("the simulated piece provider", {
  create: async (file) => {
    const clock = createVirtualClock({ drain: drainEventLoop });
    const provider = createSimulatedPieceProvider({ ...file, clock, arrivals: { kind: "manual" } });
    return {
      provider,
      deliver: async (piece) => provider.deliver(piece),
      fail: async (error) => provider.fail(error),
      demands: () => provider.demands(),
      settle: drainEventLoop,
      dispose: async () => provider[Symbol.dispose](),
    };
  },
});
