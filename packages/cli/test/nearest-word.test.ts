import { expect, test } from "vitest";
import { nearestWord } from "../src/nearest-word.ts";

const WORDS = ["host", "port", "allow-host", "data-dir", "peer", "peer-host", "peer-port", "no-dht", "no-lsd", "json"];

test.each([
  ["port", "port"],
  ["prot", "port"],
  ["ports", "port"],
  ["prt", "port"],
  ["pprot", "port"],
  ["jsno", "json"],
  ["data", "data-dir"],
  ["data_dir", "data-dir"],
  ["dht", "no-dht"],
  ["all", "allow-host"],
  ["peer-prt", "peer-port"],
])("%s was meant to be %s", (typed, meant) => {
  expect(nearestWord(typed, WORDS)).toBe(meant);
});

test.each([["verbose"], ["x"], ["frobnicate"], [""], ["j".repeat(2_000)]])("nothing is near %j", (typed) => {
  expect(nearestWord(typed, WORDS)).toBeUndefined();
});

test("nothing is near if there are no words", () => {
  expect(nearestWord("port", [])).toBeUndefined();
});
