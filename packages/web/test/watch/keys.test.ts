import { describe, expect, test } from "vitest";
import { commandOf, type KeyTarget, nextSpeed, type PressedKey } from "../../src/watch/keys.ts";

const PLAIN = { altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, repeat: false };
const press = (key: string, more: Partial<PressedKey> = {}, target: KeyTarget = "page") =>
  commandOf({ ...PLAIN, key, ...more }, target);

describe("A key", () => {
  test.each([
    [" ", { kind: "togglePlay" }],
    ["k", { kind: "togglePlay" }],
    ["K", { kind: "togglePlay" }],
    ["j", { kind: "seekBy", seconds: -10 }],
    ["l", { kind: "seekBy", seconds: 10 }],
    ["ArrowLeft", { kind: "seekBy", seconds: -5 }],
    ["ArrowRight", { kind: "seekBy", seconds: 5 }],
    ["ArrowUp", { kind: "volumeBy", share: 0.05 }],
    ["ArrowDown", { kind: "volumeBy", share: -0.05 }],
    ["0", { kind: "seekTo", share: 0 }],
    ["7", { kind: "seekTo", share: 0.7 }],
    ["Home", { kind: "start" }],
    ["End", { kind: "end" }],
    ["f", { kind: "toggleFullscreen" }],
    ["m", { kind: "toggleMute" }],
    ["c", { kind: "toggleSubtitles" }],
    ["<", { kind: "speedBy", steps: -1 }],
    [">", { kind: "speedBy", steps: 1 }],
    [",", { kind: "frameBy", frames: -1 }],
    [".", { kind: "frameBy", frames: 1 }],
    ["?", { kind: "help" }],
  ])("%j does as on YouTube", (key, command) => {
    expect(press(key)).toEqual(command);
  });

  test("that means nothing here is left to the browser", () => {
    expect([press("x"), press("Tab"), press("Escape"), press("Enter"), press("n")]).toEqual(Array(5).fill(undefined));
    expect(press("f", { ctrlKey: true })).toBeUndefined();
    expect(press("l", { altKey: true })).toBeUndefined();
    expect(press("k", { metaKey: true })).toBeUndefined();
  });

  test("with shift goes to the next episode", () => {
    expect(press("N", { shiftKey: true })).toEqual({ kind: "next" });
  });

  test("goes to what has the focus if that has a use for it", () => {
    expect([press("k", {}, "text"), press("ArrowDown", {}, "menu"), press("0", {}, "menu")]).toEqual(
      Array(3).fill(undefined),
    );
    expect([press(" ", {}, "button"), press("Enter", {}, "button")]).toEqual([undefined, undefined]);
    expect(press("ArrowLeft", {}, "button")).toEqual({ kind: "seekBy", seconds: -5 });
    expect([press("ArrowLeft", {}, "slider"), press("Home", {}, "slider")]).toEqual([undefined, undefined]);
    expect(press("k", {}, "slider")).toEqual({ kind: "togglePlay" });
  });

  test("that is held down seeks on, and toggles nothing", () => {
    const held = { repeat: true };
    expect(press("l", held)).toEqual({ kind: "seekBy", seconds: 10 });
    expect(press("ArrowUp", held)).toEqual({ kind: "volumeBy", share: 0.05 });
    expect(press(".", held)).toEqual({ kind: "frameBy", frames: 1 });
    expect([press("k", held), press("f", held), press("m", held), press("?", held)]).toEqual(Array(4).fill(undefined));
  });
});

test("Speeds go up and down in steps, and no further than they go", () => {
  expect([nextSpeed(1, 1), nextSpeed(1, -1), nextSpeed(2, 1), nextSpeed(0.25, -1)]).toEqual([1.25, 0.75, 2, 0.25]);
  expect(nextSpeed(1.1, 1)).toBe(1.25);
});
