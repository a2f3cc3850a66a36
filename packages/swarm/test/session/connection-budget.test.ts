import { describe, expect, it } from "vitest";
import { ConnectionBudget, type Need, type Tenant } from "../../src/session/connection-budget.ts";

/** A torrent with connections that are nothing but the time of their last use. */
class FakeTenant implements Tenant {
  need: Need;
  dials = 0;
  readonly usedAtMs: number[];

  constructor(budget: ConnectionBudget, need: Need, size = 0, usedAtMs = 0) {
    this.need = need;
    this.usedAtMs = Array.from({ length: size }, () => usedAtMs);
    budget.enter(this);
  }
  get size(): number {
    return this.usedAtMs.length;
  }
  longestIdle() {
    const sinceMs = Math.min(...this.usedAtMs);
    if (this.usedAtMs.length === 0) return undefined;
    return { sinceMs, giveWay: () => void this.usedAtMs.splice(this.usedAtMs.indexOf(sinceMs), 1) };
  }
}

describe("ConnectionBudget", () => {
  it.each<[Need, number, number, number, number]>([
    ["wanted", 0, 0, 20, 60],
    ["wanted", 30, 15, 5, 30],
    ["wanted", 55, 0, 5, 5],
    ["wanted", 60, 0, 0, 0],
    ["unknown", 10, 10, 10, 50],
    ["idle", 0, 0, 2, 8],
    ["idle", 7, 0, 1, 1],
    ["idle", 3, 2, 0, 5],
    ["idle", 60, 0, 0, 0],
  ])(
    "lets a torrent that is %s and has %i connections, %i of them dials, dial %i more and take %i",
    (need, size, dials, moreDials, more) => {
      const budget = new ConnectionBudget();
      const tenant = new FakeTenant(budget, need, size);
      tenant.dials = dials;
      expect(budget.freeDials(tenant)).toBe(moreDials);
      let taken = 0;
      for (; budget.mayAccept(tenant); taken += 1) tenant.usedAtMs.push(0);
      expect(taken).toBe(more);
    },
  );

  it("lets the idle fill half of all, those without metadata three quarters, and neither stand in a reader's way", () => {
    const budget = new ConnectionBudget(100);
    const fill = (need: Need): number => {
      const before = total();
      for (let round = 0; round < 50; round += 1) {
        const tenant = new FakeTenant(budget, need);
        tenants.push(tenant);
        while (budget.mayAccept(tenant)) tenant.usedAtMs.push(0);
      }
      return total() - before;
    };
    const tenants: FakeTenant[] = [];
    const total = (): number => tenants.reduce((sum, { size }) => sum + size, 0);
    expect([fill("idle"), fill("unknown"), fill("wanted")]).toEqual([50, 75, 100]);
  });

  it("closes what was used longest ago, of those that are needed least", () => {
    const budget = new ConnectionBudget(6);
    const unknown = new FakeTenant(budget, "unknown", 2, 1);
    const idle = [new FakeTenant(budget, "idle", 2, 30), new FakeTenant(budget, "idle", 2, 20)];
    const wanted = new FakeTenant(budget, "wanted");
    const sizes: number[][] = [];
    while (budget.mayAccept(wanted)) {
      budget.makeRoomFor(wanted);
      wanted.usedAtMs.push(0);
      sizes.push([unknown, ...idle].map(({ size }) => size));
    }
    expect(sizes).toEqual([
      [2, 2, 1],
      [2, 2, 0],
      [2, 1, 0],
      [2, 0, 0],
      [1, 0, 0],
      [0, 0, 0],
    ]);
  });

  it("closes nothing while there is room, and nothing of those that are needed as much", () => {
    const budget = new ConnectionBudget(4);
    const [idle, first] = [new FakeTenant(budget, "idle", 2), new FakeTenant(budget, "wanted", 1)];
    const second = new FakeTenant(budget, "wanted");
    budget.makeRoomFor(second);
    expect(idle.size).toBe(2);
    first.usedAtMs.push(0, 0, 0);
    expect([budget.mayAccept(second), budget.freeDials(second)]).toEqual([false, 0]);
    budget.leave(first);
    expect(budget.mayAccept(second)).toBe(true);
  });
});
