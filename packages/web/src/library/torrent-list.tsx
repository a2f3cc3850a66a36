import type { Torrent } from "@riptide/http";
import { useDeferredValue, useId, useMemo, useState } from "react";
import { useViewings } from "../api/viewings.ts";
import { useTexts } from "../i18n/language.tsx";
import controls from "../ui/controls.module.css";
import { SearchIcon } from "../ui/icons.tsx";
import { findTorrents, SORT_ORDERS, type SortOrder, sortTorrents, wordsOf } from "./search-and-sort.ts";
import { libraryTexts } from "./texts.ts";
import { TorrentCard } from "./torrent-card.tsx";
import styles from "./torrent-list.module.css";

/** All torrents, searched and sorted. */
export function TorrentList({ torrents }: { readonly torrents: readonly Torrent[] }) {
  const texts = useTexts(libraryTexts);
  const viewings = useViewings();
  const [query, setQuery] = useState("");
  const [order, setOrder] = useState<SortOrder>("newest");
  const words = useDeferredValue(useMemo(() => wordsOf(query), [query]));
  const shown = useMemo(() => sortTorrents(findTorrents(torrents, words), order), [torrents, words, order]);
  const headingId = useId();
  if (torrents.length === 0) return <Empty />;
  return (
    <section aria-labelledby={headingId}>
      <div className={styles["head"]}>
        <h1 id={headingId} tabIndex={-1} data-library-heading>
          {texts.library}
        </h1>
        <div className={styles["tools"]}>
          <label className={styles["search"]}>
            <span className="visually-hidden">{texts.search}</span>
            <SearchIcon />
            <input
              className={controls["field"]}
              type="search"
              value={query}
              placeholder={texts.search}
              data-testid="search"
              onChange={(event) => setQuery(event.currentTarget.value)}
            />
          </label>
          <SortChoice order={order} onChoose={setOrder} />
        </div>
      </div>
      {shown.length === 0 && (
        <p className={styles["quiet"]} role="status" data-testid="nothing-found">
          {texts.nothingFound}
        </p>
      )}
      <ul className={styles["list"]}>
        {shown.map((torrent) => (
          <TorrentCard key={torrent.infoHash} torrent={torrent} words={words} viewings={viewings} />
        ))}
      </ul>
    </section>
  );
}

function SortChoice({ order, onChoose }: { readonly order: SortOrder; readonly onChoose: (order: SortOrder) => void }) {
  const texts = useTexts(libraryTexts);
  return (
    <label className={styles["sort"]}>
      <span className="visually-hidden">{texts.sortBy}</span>
      <select
        className={controls["field"]}
        value={order}
        data-testid="sort"
        onChange={({ currentTarget: { value } }) => {
          const chosen = SORT_ORDERS.find((each) => each === value);
          if (chosen !== undefined) onChoose(chosen);
        }}
      >
        {SORT_ORDERS.map((each) => (
          <option key={each} value={each}>
            {texts.orders[each]}
          </option>
        ))}
      </select>
    </label>
  );
}

function Empty() {
  const texts = useTexts(libraryTexts);
  return (
    <section className={styles["empty"]} data-testid="empty">
      <h1 tabIndex={-1} data-library-heading>
        {texts.nothingHere}
      </h1>
      <p>{texts.howToBegin}</p>
    </section>
  );
}

/** Where the focus goes when what had it is gone. */
export function libraryHeading(): HTMLElement | true {
  return document.querySelector<HTMLElement>("[data-library-heading]") ?? true;
}
