import { describe, expect, it } from "vitest";
import { BlockGrid } from "../../src/download/block-grid.ts";
import { Outbox } from "../../src/download/outbox.ts";
import { RecordedOutput, smallGeometry } from "./scheduler-fixture.ts";

function newOutbox() {
  const output = new RecordedOutput();
  return { output, outbox: new Outbox(output, new BlockGrid(smallGeometry(4))) };
}

describe("the outbox", () => {
  it("sends one batch of each kind to each peer, cancels first", () => {
    const { output, outbox } = newOutbox();
    outbox.request(1, 0);
    outbox.request(2, 1);
    expect(outbox.cancel(1, 5)).toBe(true);
    outbox.request(1, 2);
    expect(output.take()).toEqual([]);
    outbox.flush();
    expect(output.take()).toEqual(["cancel 1 1.1", "request 1 0.0 0.2", "request 2 0.1"]);
    outbox.flush();
    expect(output.take()).toEqual([]);
  });

  it("never sends a request that was taken back in the same call", () => {
    const { output, outbox } = newOutbox();
    outbox.request(1, 0);
    expect(outbox.cancel(1, 0)).toBe(false);
    outbox.request(1, 1);
    expect(outbox.withdraw(1, 1)).toBe(false);
    expect(outbox.withdraw(1, 2)).toBe(true);
    outbox.request(2, 3);
    outbox.forget(2);
    outbox.flush();
    expect(output.take()).toEqual([]);
  });

  it("delivers what a listener causes by calling back, once the listener is done", () => {
    const { output, outbox } = newOutbox();
    output.ban = (peer, host) => {
      outbox.request(2, 4);
      outbox.flush();
      output.said.push(`ban ${peer} ${host}`);
    };
    outbox.ban(1, "evil", "lied");
    outbox.verified(3, new Uint8Array());
    outbox.flush();
    expect(output.take()).toEqual(["ban 1 evil", "request 2 1.0", "verified 3"]);
  });

  it("goes on after a listener threw", () => {
    const { output, outbox } = newOutbox();
    output.pieceFailed = () => {
      throw new TypeError("listener");
    };
    outbox.failed(0);
    expect(() => outbox.flush()).toThrow("listener");
    outbox.request(1, 0);
    outbox.flush();
    expect(output.take()).toEqual(["request 1 0.0"]);
  });
});
