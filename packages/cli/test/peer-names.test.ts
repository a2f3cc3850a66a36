import { describe, expect, it } from "vitest";
import { findPeers } from "../src/peer-names.ts";
import { never } from "./support/world.ts";

const find = async (name: string) => {
  if (name !== "nas.example") throw new Error("ENOTFOUND");
  return [{ address: "192.0.2.7" }, { address: "2001:db8::7" }];
};

describe("the peers of the command line", () => {
  it("are looked up where they are names, each address of them", async () => {
    const peers = [
      { host: "192.0.2.1", port: 1 },
      { host: "nas.example", port: 2 },
      { host: "2001:db8::1", port: 3 },
    ];
    expect(await findPeers(peers, { signal: never, note: () => {}, find })).toEqual([
      { host: "192.0.2.1", port: 1 },
      { host: "192.0.2.7", port: 2 },
      { host: "2001:db8::7", port: 2 },
      { host: "2001:db8::1", port: 3 },
    ]);
  });

  it("are left out, with a sentence, where nobody knows the name", async () => {
    const notes: string[] = [];
    const note = (line: string) => void notes.push(line);
    expect(await findPeers([{ host: "no.example", port: 5 }], { signal: never, note, find })).toEqual([]);
    expect(notes).toEqual([
      "--peer no.example:5 is left out: nobody knows this name now. Check it, or give its address.",
    ]);
  });

  it("end the start when that is given up", async () => {
    const signal = AbortSignal.abort(new Error("stopped"));
    const asked = findPeers([{ host: "nas.example", port: 5 }], {
      signal,
      note: () => {},
      find: () => new Promise(() => {}),
    });
    await expect(asked).rejects.toThrow("stopped");
  });

  it("are found by the system's own resolver", async () => {
    const found = await findPeers([{ host: "localhost", port: 5 }], { signal: never, note: () => {} });
    expect(found.map(({ host }) => host)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^(127\.0\.0\.1|::1)$/)]),
    );
  });
});
