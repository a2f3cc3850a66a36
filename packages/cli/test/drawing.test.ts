import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Drawing } from "../src/drawing.ts";
import { FakeOutput } from "./support/fake-output.ts";
import { screenOf } from "./support/screen.ts";

test("replaces one drawing by the next and leaves what stood above", () => {
  const output = new FakeOutput();
  output.write("Riptide is listening\n");
  const drawing = new Drawing(output);
  drawing.draw(["one", "a long second line", "three"]);
  drawing.draw(["one", "two", "new", "three"]);
  expect(screenOf(output.text)).toEqual(["Riptide is listening", "one", "two", "new", "three", ""]);
  drawing.draw(["less"]);
  expect(screenOf(output.text)).toEqual(["Riptide is listening", "less", ""]);
});

test("lets a line stay above the drawing", () => {
  const output = new FakeOutput();
  const drawing = new Drawing(output);
  drawing.draw(["one", "two"]);
  drawing.erase();
  output.write("a note\n");
  drawing.draw(["one", "two"]);
  expect(screenOf(output.text)).toEqual(["a note", "one", "two", ""]);
});

test("erases nothing that it has not drawn", () => {
  const output = new FakeOutput();
  output.write("kept\n");
  const drawing = new Drawing(output);
  drawing.erase();
  drawing.draw([]);
  drawing.erase();
  expect(screenOf(output.text)).toEqual(["kept", ""]);
});

test("always leaves the last drawing and nothing else", () => {
  const line = fc.string({ unit: "grapheme-ascii", maxLength: 12 });
  fc.assert(
    fc.property(fc.array(fc.array(line, { maxLength: 5 }), { minLength: 1, maxLength: 6 }), (drawings) => {
      const output = new FakeOutput();
      const drawing = new Drawing(output);
      for (const lines of drawings) drawing.draw(lines);
      expect(screenOf(output.text)).toEqual([...drawings.at(-1)!, ""]);
    }),
    { numRuns: 300 },
  );
});
