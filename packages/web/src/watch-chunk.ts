import { lazy } from "react";

const load = async () => ({ default: (await import("./watch/watch-page.tsx")).WatchPage });

/** What a film takes is loaded with the first film. */
export const WatchPage = lazy(load);

/** Loads it a little earlier, for a film that is about to be opened. What fails here is told when it is. */
export function preloadWatchPage(): void {
  load().catch(() => {});
}
