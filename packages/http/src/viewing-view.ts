import { isFinished, type Viewing as RecordedViewing } from "@riptide/core";
import type { Viewing } from "./viewing-schemas.ts";

/** A viewing as the API shows it. */
export function viewingView(viewing: RecordedViewing): Viewing {
  const { infoHash, index, positionSeconds, durationSeconds, watchedAtMs, audio, subtitle } = viewing;
  return {
    infoHash,
    index,
    positionSeconds,
    ...(durationSeconds !== undefined && { durationSeconds }),
    watchedAt: new Date(watchedAtMs).toISOString(),
    isFinished: isFinished(viewing),
    ...(audio !== undefined && { audio }),
    ...(subtitle !== undefined && { subtitle }),
  };
}
