import type { MediaInfo } from "./media-info.ts";
import type { MediaReader } from "./reader.ts";

/** What the headers of one container tell; the container itself was told by the sniff. */
export type ProbeResult = Omit<MediaInfo, "container">;

/** Reads the headers of a file whose container is known. Throws `MediaError` `damaged_media`. */
export type Probe = (reader: MediaReader) => Promise<ProbeResult>;
