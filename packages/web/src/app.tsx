import { lazy, Suspense } from "react";
import { Route, Switch } from "wouter";
import { useLiveTorrents } from "./api/torrents.ts";
import { LibraryPage } from "./library/library-page.tsx";

/** What a film takes is loaded with the first film. */
const WatchPage = lazy(async () => ({ default: (await import("./watch/watch-page.tsx")).WatchPage }));

/** The whole page: the library at `/`, one film at `/watch/IH/N`. */
export function App() {
  const isConnected = useLiveTorrents();
  return (
    <Switch>
      <Route path="/watch/:infoHash/:index">
        {({ infoHash, index }) => (
          <Suspense>
            <WatchPage key={`${infoHash}/${index}`} infoHash={infoHash} index={Number(index)} />
          </Suspense>
        )}
      </Route>
      <Route>
        <LibraryPage isConnected={isConnected} />
      </Route>
    </Switch>
  );
}
