import { expect, test } from "vitest";
import { ViewingSaver, type Watched } from "../../src/watch/viewing-saver.ts";

const at = (positionSeconds: number, more: Partial<Watched> = {}): Watched => ({
  positionSeconds,
  durationSeconds: 100,
  audio: undefined,
  subtitle: undefined,
  ...more,
});

function world() {
  const saved: number[] = [];
  const saver = new ViewingSaver(({ positionSeconds }) => saved.push(positionSeconds));
  return { saved, saver };
}

test("A place is saved every ten seconds, not with every picture", () => {
  const { saved, saver } = world();
  for (let second = 0; second <= 40; second += 0.25) saver.tell(at(second), second * 1_000);
  expect(saved).toEqual([2, 12, 22, 32]);
});

test("What was told last is saved when the film pauses or the page goes, once", () => {
  const { saved, saver } = world();
  saver.tell(at(5), 5_000);
  saver.tell(at(7), 7_000);
  saver.flush(7_100);
  saver.flush(7_200);
  expect(saved).toEqual([5, 7]);
});

test("Who opens a film and closes it has not begun to watch it", () => {
  const { saved, saver } = world();
  saver.tell(at(1.5), 1_500);
  saver.flush(1_600);
  expect(saved).toEqual([]);
});

test("A choice is saved at once", () => {
  const { saved, saver } = world();
  saver.tell(at(5), 5_000);
  saver.tell(at(6, { audio: 1 }), 6_000);
  saver.tell(at(7, { audio: 1, subtitle: "off" }), 7_000);
  expect(saved).toEqual([5, 6, 7]);
});
