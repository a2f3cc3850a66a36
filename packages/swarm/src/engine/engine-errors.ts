import { RiptideError, StreamError } from "@riptide/core";

export function shuttingDown(): StreamError {
  return new StreamError("engine_unavailable", "Riptide is shutting down. Start it again to go on.");
}

export function sessionUnavailable(): StreamError {
  return new StreamError(
    "engine_unavailable",
    "The part of Riptide that talks to peers does not start. Look at the log for the reason.",
  );
}

export function fileNotFound(index: number): RiptideError {
  return new RiptideError("file_not_found", `This torrent has no file ${index}. Ask for the list of its files first.`);
}

export function torrentNotFound(): RiptideError {
  return new RiptideError("torrent_not_found", "This torrent is not on the list. Add it first.");
}

export function torrentRemoved(): StreamError {
  return new StreamError("torrent_removed", "This torrent was removed. Add it again to play it.");
}
