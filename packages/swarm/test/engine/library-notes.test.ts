import { StreamError } from "@riptide/core";
import { expect, it } from "vitest";
import { libraryNotes } from "../../src/engine/library-notes.ts";
import type { Library } from "../../src/storage/index.ts";

const FAILURE = new StreamError("disk_full", "The disk is full.");
const reject = () => Promise.reject(FAILURE);

const unused = () => {
  throw new Error("Notes need nothing else");
};

function libraryWith(notes: Pick<Library, "readNote" | "writeNote">): Library {
  return {
    torrents: unused,
    directoryOf: unused,
    save: unused,
    remove: unused,
    isHeld: unused,
    close: unused,
    ...notes,
  };
}

it("Notes are those of the library", async () => {
  const kept = new Map<string, Uint8Array>();
  const library = libraryWith({
    readNote: async (infoHash, name) => kept.get(`${infoHash}/${name}`),
    writeNote: async (infoHash, name, content) => void kept.set(`${infoHash}/${name}`, content),
  });
  const logged: string[] = [];
  const notes = libraryNotes(library, (message) => logged.push(message));
  await notes.write("a", "info-0", Uint8Array.of(7));
  expect(await notes.read("a", "info-0")).toEqual(Uint8Array.of(7));
  expect(await notes.read("b", "info-0")).toBeUndefined();
  expect(logged).toEqual([]);
});

it("A note that cannot be kept or read is said, and fails nobody", async () => {
  const logged: [string, unknown][] = [];
  const notes = libraryNotes(libraryWith({ readNote: reject, writeNote: reject }), (...entry) => logged.push(entry));
  expect(await notes.read("a", "info-0")).toBeUndefined();
  await notes.write("a", "info-0", Uint8Array.of(7));
  expect(logged).toEqual([
    ["What was learnt of a film could not be read", FAILURE],
    ["What was learnt of a film could not be kept", FAILURE],
  ]);
});
