import { setImmediate } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { Turns } from "../src/turns.ts";

const never = new AbortController().signal;

describe("Turns", () => {
  const log: string[] = [];
  const urgent = new Set<string>();
  const held = new Map<string, Disposable>();
  let turns = new Turns({ atOnce: 2, waiting: { max: 3, refusal: () => new Error("full") } });

  beforeEach(() => {
    log.length = 0;
    urgent.clear();
    held.clear();
    turns = new Turns({ atOnce: 2, waiting: { max: 3, refusal: () => new Error("full") } });
  });

  /** Everyone takes a turn, and writes down when it begins, or why it does not. */
  async function take(names: string, signal = never): Promise<void> {
    for (const name of names) {
      turns.take({ signal, isUrgent: () => urgent.has(name) }).then(
        (turn) => {
          held.set(name, turn);
          log.push(name);
        },
        (error: Error) => log.push(`${name}: ${error.message}`),
      );
    }
    await setImmediate();
  }

  async function end(name: string): Promise<void> {
    held.get(name)?.[Symbol.dispose]();
    await setImmediate();
  }

  it("lets two begin at once, and one more for each that ends, in the order in which they came", async () => {
    await take("abcde");
    expect(log).toEqual(["a", "b"]);
    await end("b");
    expect(log).toEqual(["a", "b", "c"]);
    for (const name of "cade") await end(name);
    expect(log).toEqual(["a", "b", "c", "d", "e"]);
    await take("fgh");
    expect(log.slice(5)).toEqual(["f", "g"]);
  });

  it("lets those go first that are urgent when a turn becomes free", async () => {
    await take("abcde");
    urgent.add("d");
    await end("a");
    await end("b");
    expect(log).toEqual(["a", "b", "d", "c"]);
  });

  it("forgets whoever stops waiting, and starts with nobody who has stopped", async () => {
    const controller = new AbortController();
    await take("ab");
    await take("c", controller.signal);
    await take("d");
    controller.abort(new Error("enough"));
    await setImmediate();
    await take("e", controller.signal);
    await end("a");
    expect(log).toEqual(["a", "b", "c: enough", "e: enough", "d"]);
  });

  it("turns away the last that is not urgent when too many wait", async () => {
    await take("abcde");
    urgent.add("e");
    await take("f");
    expect(log).toEqual(["a", "b", "f: full"]);
    urgent.add("g");
    await take("g");
    expect(log.slice(3)).toEqual(["d: full"]);
    for (const name of "chi") urgent.add(name);
    await take("h");
    expect(log.slice(4)).toEqual(["h: full"]);
  });

  it("turns nobody away without a limit, nor lets anybody pass who does not say that he is in a hurry", async () => {
    const endless = new Turns({ atOnce: 1 });
    const begun: number[] = [];
    const ends: Disposable[] = [];
    for (let number = 0; number < 1_000; number += 1) {
      void endless.take({ signal: never }).then((turn) => {
        begun.push(number);
        ends.push(turn);
      });
    }
    for (let number = 0; number < 1_000; number += 1) {
      await setImmediate();
      expect(begun).toHaveLength(number + 1);
      ends[number]![Symbol.dispose]();
    }
    expect(begun).toEqual(Array.from({ length: 1_000 }, (_, number) => number));
  });

  it("rejects all who wait when it is cleared, and goes on", async () => {
    await take("abcd");
    turns.clear(new Error("closed"));
    await take("e");
    await end("a");
    expect(log).toEqual(["a", "b", "c: closed", "d: closed", "e"]);
  });
});
