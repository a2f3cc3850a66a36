import { expect, test } from "vitest";
import { quietly, startCommandLine, urlOf } from "../support/command-line.ts";
import { expectRefusal } from "../support/refusal.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("F28 a data folder that another Riptide uses is left to it, and free once that was killed", async () => {
  await using folder = await temporaryFolder("two");
  {
    await using riptide = startCommandLine(quietly(folder.path));
    const url = await urlOf(riptide);
    await expectRefusal(
      folder.path,
      quietly(folder.path),
      `${folder.path}: Another Riptide is using this data folder. Stop it first, or choose another folder with --data-dir.`,
    );
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    await riptide.stop("SIGKILL");
  }
  await using next = startCommandLine(quietly(folder.path));
  expect((await fetch(`${await urlOf(next)}/livez`)).status).toBe(200);
});
