import { RecentViewings } from "@riptide/core";
import { viewingStoreConformance } from "@riptide/sim/conformance";

viewingStoreConformance("viewings in memory", async (wallClockMs) => ({
  store: new RecentViewings({ wallClockMs }),
  [Symbol.asyncDispose]: async () => {},
}));
