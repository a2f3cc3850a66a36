import { expect, test } from "vitest";
import { ClosingStack } from "../src/closing-stack.ts";

test("undoes the last step first, one after the other", async () => {
  const done: string[] = [];
  const closing = new ClosingStack();
  for (const name of ["engine", "server", "view"]) {
    closing.defer(async () => {
      done.push(`${name} begins`);
      await Promise.resolve();
      done.push(`${name} ends`);
    });
  }
  await closing[Symbol.asyncDispose]();
  expect(done).toEqual(["view begins", "view ends", "server begins", "server ends", "engine begins", "engine ends"]);
});

test("takes every step although some fail, and rejects with the first failure", async () => {
  const done: string[] = [];
  const closing = new ClosingStack();
  closing.defer(() => done.push("first opened"));
  closing.defer(() => Promise.reject(new Error("later")));
  closing.defer(() => {
    throw new Error("sooner");
  });
  await expect(closing[Symbol.asyncDispose]()).rejects.toThrow("sooner");
  expect(done).toEqual(["first opened"]);
});

test("undoes nothing twice", async () => {
  let count = 0;
  const closing = new ClosingStack();
  closing.defer(() => {
    count += 1;
  });
  await closing[Symbol.asyncDispose]();
  await closing[Symbol.asyncDispose]();
  expect(count).toBe(1);
});

test("takes a step that is added while it closes", async () => {
  const done: string[] = [];
  const closing = new ClosingStack();
  closing.defer(() => done.push("first opened"));
  closing.defer(() => {
    done.push("last opened");
    closing.defer(() => done.push("opened meanwhile"));
  });
  await closing[Symbol.asyncDispose]();
  expect(done).toEqual(["last opened", "opened meanwhile", "first opened"]);
});
