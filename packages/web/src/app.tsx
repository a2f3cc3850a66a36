import { Suspense } from "react";
import { Route, Switch } from "wouter";
import { useLiveTorrents, useTorrent } from "./api/torrents.ts";
import { useTexts } from "./i18n/language.tsx";
import { cleanName, withoutExtension } from "./library/clean-name.ts";
import { LibraryPage } from "./library/library-page.tsx";
import { ServerBanner } from "./ui/server-banner.tsx";
import { pageTexts } from "./ui/texts.ts";
import { useTitle } from "./ui/use-title.ts";
import { WatchPage } from "./watch-chunk.ts";

/** The whole page: the library at `/`, one film at `/watch/IH/N`. */
export function App() {
  const server = useLiveTorrents();
  return (
    <>
      <ServerBanner {...server} />
      <Switch>
        <Route path="/watch/:infoHash/:index">
          {({ infoHash, index }) => <WatchRoute infoHash={infoHash} index={Number(index)} />}
        </Route>
        <Route>
          <LibraryPage />
        </Route>
      </Switch>
    </>
  );
}

function WatchRoute({ infoHash, index }: { readonly infoHash: string; readonly index: number }) {
  const texts = useTexts(pageTexts);
  const path = useTorrent(infoHash)?.files.find((file) => file.index === index)?.path;
  const name = path?.slice(path.lastIndexOf("/") + 1) ?? "";
  const { title, season, episode } = cleanName(name);
  const film = title === withoutExtension(name) ? name : title;
  useTitle(episode === undefined ? film : `${film} ${season}×${episode}`);
  return (
    <Suspense fallback={<p role="status">{texts.loading}</p>}>
      <WatchPage infoHash={infoHash} index={index} />
    </Suspense>
  );
}
