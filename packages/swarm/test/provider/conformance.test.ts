import { pieceProviderConformance } from "@riptide/sim/conformance";
import { createProviderFixture } from "./provider-fixture.ts";

pieceProviderConformance("the provider of a real torrent", {
  create: async (file) => {
    const fixture = await createProviderFixture(file);
    return {
      provider: fixture.provider,
      deliver: (piece) => fixture.deliver(piece),
      fail: async (error) => fixture.view.failWaiting(error),
      demands: () => fixture.view.demandsOf(fixture.file),
      settle: () => fixture.settle(),
      dispose: () => fixture.dispose(),
    };
  },
});
