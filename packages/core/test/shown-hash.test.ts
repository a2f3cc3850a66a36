import { expect, test } from "vitest";
import { shownHash } from "../src/index.ts";

test("eight digits of an info hash are shown", () => {
  expect(shownHash("0123456789abcdef0123456789abcdef01234567")).toBe("01234567");
});
