import { RiptideError } from "@riptide/core";
import { expect, test } from "vitest";
import { failureText } from "../src/failure-text.ts";

test("a failure that users meet is its sentence", () => {
  expect(failureText(new RiptideError("no_peers", "No peer answers."))).toBe("No peer answers.");
});

test("what went wrong underneath follows it", () => {
  const cause = new RiptideError("storage_failed", "The disk is broken.", { cause: "EIO" });
  const error = new RiptideError("fetch_failed", "It cannot be fetched.", { cause });
  expect(failureText(error)).toBe("It cannot be fetched. Cause: The disk is broken. Cause: EIO");
});

test("a fault of ours tells where it happened, on one line", () => {
  const text = failureText(new TypeError("x is not a function"));
  expect(text).toMatch(/^TypeError: x is not a function \| at .*failure-text\.test\.ts/);
  expect(text).not.toContain("\n");
});

test("no message can end the line or colour the log", () => {
  expect(failureText(new RiptideError("bad_torrent", 'a\n{"level":50}\u001b[31m'))).toBe('a·{"level":50}·[31m');
  expect(failureText("thrown\r\n\u009b2J")).toBe("thrown | ·2J");
});

test("an error without a stack is its message", () => {
  const error = new Error("from another thread");
  delete error.stack;
  expect(failureText(error)).toBe("from another thread");
});

test("causes that go round in a circle end", () => {
  const error = new RiptideError("no_peers", "Round.");
  Object.defineProperty(error, "cause", { value: error });
  expect(failureText(error)).toBe("Round. Cause: Round. Cause: Round. Cause: Round.");
});

test("whatever is thrown is told, and so is that there is nothing to tell", () => {
  expect(failureText(null)).toBe("null");
  expect(failureText(undefined)).toBe("No reason is known.");
});
