import { expect, test, vi } from "vitest";
import { followingController } from "../src/index.ts";

test("A following controller aborts with the signal that it follows, and for its reason", () => {
  const leader = new AbortController();
  const follower = followingController(leader.signal);
  expect(follower.signal.aborted).toBe(false);
  leader.abort("gone");
  expect([follower.signal.aborted, follower.signal.reason]).toEqual([true, "gone"]);
});

test("A following controller is aborted from the start where the signal is", () => {
  expect(followingController(AbortSignal.abort("gone")).signal.reason).toBe("gone");
});

test("A following controller is not held any more once it is aborted", () => {
  const { signal } = new AbortController();
  const added = vi.spyOn(signal, "addEventListener");
  const removed = vi.spyOn(signal, "removeEventListener");
  const follower = followingController(signal);
  expect(removed).not.toHaveBeenCalled();
  follower.abort();
  expect(removed.mock.calls.map(([type, listener]) => [type, listener])).toEqual(
    added.mock.calls.map(([type, listener]) => [type, listener]),
  );
  expect(added).toHaveBeenCalledOnce();
});

test("A following controller aborts alone, and keeps its reason", () => {
  const leader = new AbortController();
  const follower = followingController(leader.signal);
  follower.abort("enough");
  leader.abort("gone");
  expect([leader.signal.reason, follower.signal.reason]).toEqual(["gone", "enough"]);
});
