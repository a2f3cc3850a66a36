import { expect, it } from "vitest";
import { recallBlock } from "../../src/download/block-requests.ts";
import { fill } from "../../src/download/fill.ts";
import { addPeer, stateWith } from "./scheduler-fixture.ts";

it.each([
  { what: "costs the peer nothing if it was not sent yet", isSent: false, said: ["request 1 0.1 0.2 0.3"] },
  { what: "leaves the peer busy with the block if it was", isSent: true, said: ["cancel 1 0.0"] },
])("a request that is taken back $what", ({ isSent, said }) => {
  const { state, output } = stateWith([[0, 4000]]);
  const peer = addPeer(state, { key: 1, msPerBlock: 60 });
  fill(state, peer, 0);
  if (isSent) state.outbox.flush();
  output.take();
  recallBlock(state, peer, state.grid.key(0, 0));
  state.outbox.flush();
  expect(output.take()).toEqual(said);
  expect(peer.sendingMs(0) < 0).toBe(isSent);
  expect([...peer.inFlight.keys()]).toEqual([1, 2, 3].map((block) => state.grid.key(0, block)));
  expect(state.counters.cancels).toBe(isSent ? 1 : 0);
});
