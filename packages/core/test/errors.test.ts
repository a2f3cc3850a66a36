import { describe, expect, it } from "vitest";
import {
  assertInvariant,
  InvariantError,
  MediaError,
  RiptideError,
  SourceError,
  StreamError,
  TranscodeError,
} from "../src/index.ts";

describe("RiptideError", () => {
  it.each([
    { name: "RiptideError", error: new RiptideError("torrent_not_found", "Add it first.") },
    { name: "SourceError", error: new SourceError("bad_source", "Paste a magnet link.") },
    { name: "StreamError", error: new StreamError("no_peers", "Try again later.") },
    { name: "MediaError", error: new MediaError("not_media", "Choose another file.") },
    { name: "TranscodeError", error: new TranscodeError("ffmpeg_missing", "Install ffmpeg.") },
  ])("has a subclass $name that keeps its code and its name", ({ name, error }) => {
    expect(error).toBeInstanceOf(RiptideError);
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe(name);
    expect(String(error)).toBe(`${name}: ${error.message}`);
    expect(error.code).toMatch(/^[a-z0-9_]+$/);
  });

  it("keeps what went wrong underneath, and when trying again may help", () => {
    const cause = new Error("ECONNREFUSED");
    const error = new StreamError("no_peers", "Nobody has this film right now.", { cause, retryAfterSeconds: 30 });
    expect(error.cause).toBe(cause);
    expect(error.retryAfterSeconds).toBe(30);
  });

  it("has no cause and no time to wait where none is given", () => {
    const error = new StreamError("no_peers", "Nobody has this film right now.");
    expect(Object.hasOwn(error, "cause")).toBe(false);
    expect(error.retryAfterSeconds).toBeUndefined();
  });
});

describe("assertInvariant", () => {
  it("does nothing while the invariant holds", () => {
    expect(() => assertInvariant(true, "never told")).not.toThrow();
  });

  it("throws a bug of our own, which is not an expected failure", () => {
    expect(() => assertInvariant(false, "Piece 3 of 2")).toThrow(InvariantError);
    expect(() => assertInvariant(false, "Piece 3 of 2")).toThrow("Piece 3 of 2");
    expect(new InvariantError("bug")).not.toBeInstanceOf(RiptideError);
    expect(new InvariantError("bug").name).toBe("InvariantError");
  });
});
