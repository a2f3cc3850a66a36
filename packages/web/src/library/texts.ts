import type { Translated } from "../i18n/language.tsx";
import type { GroupKind } from "./group-files.ts";
import type { SortOrder } from "./search-and-sort.ts";

interface LibraryTexts {
  readonly library: string;
  readonly nothingHere: string;
  readonly nothingFound: string;
  readonly howToBegin: string;
  readonly addLabel: string;
  readonly addPlaceholder: string;
  readonly addHint: string;
  readonly add: string;
  readonly chooseFile: string;
  readonly dropHere: string;
  readonly sourceMissing: string;
  added(name: string): string;
  readonly handleMagnets: string;
  readonly handlesMagnets: string;
  readonly confirmAdd: string;
  readonly confirmAddHint: string;
  readonly cancel: string;
  readonly search: string;
  readonly sortBy: string;
  readonly orders: Readonly<Record<SortOrder, string>>;
  readonly continueWatching: string;
  forget(name: string): string;
  readonly upNext: string;
  timeOf(position: string, duration: string): string;
  readonly groups: Readonly<Record<GroupKind, string>>;
  season(number: number): string;
  episode(number: number): string;
  readonly play: string;
  playFile(path: string): string;
  moreFor(name: string): string;
  readonly copyUrl: string;
  readonly openInVlc: string;
  readonly openInInfuse: string;
  readonly playlist: string;
  readonly playlistOfAll: string;
  readonly download: string;
  readonly forgetWatched: string;
  readonly watched: string;
  watchedShare(percent: number): string;
  showMore(count: number, hidden: number): string;
  readonly downloaded: string;
  readonly waitingForMetadata: string;
  shareOf(share: string, size: string): string;
  peers(connected: number, known: number): string;
  enough(given: string, needed: string): string;
  tooSlow(given: string, needed: string): string;
  readonly whole: string;
  readonly copyMagnet: string;
  remove(name: string): string;
  removeQuestion(name: string): string;
  removeHint(size: string): string;
  readonly keepData: string;
  readonly deleteData: string;
}

export const libraryTexts: Translated<LibraryTexts> = {
  en: {
    library: "Library",
    nothingHere: "Nothing here yet. Paste a magnet link above.",
    nothingFound: "Nothing here is called that.",
    howToBegin: "It plays while it downloads: the first picture comes as soon as its bytes are there.",
    addLabel: "Add a torrent",
    addPlaceholder: "Magnet link, address or info hash",
    addHint: "Or paste it anywhere on this page, or drop a .torrent file.",
    add: "Add",
    chooseFile: "Choose .torrent file",
    dropHere: "Drop it here",
    sourceMissing: "Paste a magnet link, an address or an info hash first.",
    added: (name) => `Added ${name}`,
    handleMagnets: "Open magnet links here",
    handlesMagnets: "Your browser asks whether Riptide may open magnet links.",
    confirmAdd: "Add this torrent?",
    confirmAddHint: "A link asks for it. Nothing is fetched before you add it.",
    cancel: "Cancel",
    search: "Search",
    sortBy: "Sort by",
    orders: { newest: "Newest", name: "Name", size: "Size", progress: "Progress" },
    continueWatching: "Continue watching",
    forget: (name) => `Remove ${name} from here`,
    upNext: "Up next",
    timeOf: (position, duration) => `${position} of ${duration}`,
    groups: { films: "Films", season: "Season", extras: "Extras", sound: "Sound", others: "Other files" },
    season: (number) => `Season ${number}`,
    episode: (number) => `Episode ${number}`,
    play: "Play",
    playFile: (path) => `Play ${path}`,
    moreFor: (name) => `More for ${name}`,
    copyUrl: "Copy stream URL",
    openInVlc: "Open in VLC",
    openInInfuse: "Open in Infuse",
    playlist: "Playlist for mpv and others (.m3u8)",
    playlistOfAll: "Playlist of all files (.m3u8)",
    download: "Download the original",
    forgetWatched: "Mark as not watched",
    watched: "Watched",
    watchedShare: (percent) => `${percent} % watched`,
    showMore: (count, hidden) =>
      count === hidden ? `Show ${count} more` : `Show ${count} more of ${hidden.toLocaleString("en")}`,
    downloaded: "Downloaded",
    waitingForMetadata: "Waiting for metadata",
    shareOf: (share, size) => `${share} of ${size}`,
    peers: (connected, known) => `${connected} of ${known} ${known === 1 ? "peer" : "peers"}`,
    enough: (given, needed) => `The swarm gives ${given}, this film needs ${needed}.`,
    tooSlow: (given, needed) => `The swarm gives ${given}, this film needs ${needed}: it will pause.`,
    whole: "All there",
    copyMagnet: "Copy magnet link",
    remove: (name) => `Remove ${name}`,
    removeQuestion: (name) => `Remove “${name}”?`,
    removeHint: (size) => `${size} of it are on the disk.`,
    keepData: "Keep data",
    deleteData: "Delete data",
  },
  de: {
    library: "Bibliothek",
    nothingHere: "Noch ist nichts da. Füge oben einen Magnet-Link ein.",
    nothingFound: "Hier heißt nichts so.",
    howToBegin: "Es spielt, während es lädt: das erste Bild kommt, sobald seine Bytes da sind.",
    addLabel: "Torrent hinzufügen",
    addPlaceholder: "Magnet-Link, Adresse oder Info-Hash",
    addHint: "Oder füge ihn irgendwo auf dieser Seite ein, oder lass eine .torrent-Datei fallen.",
    add: "Hinzufügen",
    chooseFile: ".torrent-Datei wählen",
    dropHere: "Hier fallen lassen",
    sourceMissing: "Füge erst einen Magnet-Link, eine Adresse oder einen Info-Hash ein.",
    added: (name) => `${name} hinzugefügt`,
    handleMagnets: "Magnet-Links hier öffnen",
    handlesMagnets: "Dein Browser fragt, ob Riptide Magnet-Links öffnen darf.",
    confirmAdd: "Diesen Torrent hinzufügen?",
    confirmAddHint: "Ein Link verlangt danach. Nichts wird geladen, bevor du ihn hinzufügst.",
    cancel: "Abbrechen",
    search: "Suchen",
    sortBy: "Sortieren nach",
    orders: { newest: "Neueste", name: "Name", size: "Größe", progress: "Fortschritt" },
    continueWatching: "Weiterschauen",
    forget: (name) => `${name} von hier entfernen`,
    upNext: "Als Nächstes",
    timeOf: (position, duration) => `${position} von ${duration}`,
    groups: { films: "Filme", season: "Staffel", extras: "Extras", sound: "Ton", others: "Andere Dateien" },
    season: (number) => `Staffel ${number}`,
    episode: (number) => `Folge ${number}`,
    play: "Abspielen",
    playFile: (path) => `${path} abspielen`,
    moreFor: (name) => `Mehr zu ${name}`,
    copyUrl: "Stream-URL kopieren",
    openInVlc: "In VLC öffnen",
    openInInfuse: "In Infuse öffnen",
    playlist: "Playlist für mpv und andere (.m3u8)",
    playlistOfAll: "Playlist aller Dateien (.m3u8)",
    download: "Original herunterladen",
    forgetWatched: "Als nicht gesehen markieren",
    watched: "Gesehen",
    watchedShare: (percent) => `${percent} % gesehen`,
    showMore: (count, hidden) =>
      count === hidden ? `${count} weitere zeigen` : `${count} weitere von ${hidden.toLocaleString("de")} zeigen`,
    downloaded: "Heruntergeladen",
    waitingForMetadata: "Wartet auf Metadaten",
    shareOf: (share, size) => `${share} von ${size}`,
    peers: (connected, known) => `${connected} von ${known} ${known === 1 ? "Peer" : "Peers"}`,
    enough: (given, needed) => `Der Schwarm gibt ${given}, dieser Film braucht ${needed}.`,
    tooSlow: (given, needed) => `Der Schwarm gibt ${given}, dieser Film braucht ${needed}: er wird stocken.`,
    whole: "Alles da",
    copyMagnet: "Magnet-Link kopieren",
    remove: (name) => `${name} entfernen`,
    removeQuestion: (name) => `„${name}“ entfernen?`,
    removeHint: (size) => `${size} davon liegen auf der Platte.`,
    keepData: "Daten behalten",
    deleteData: "Daten löschen",
  },
};
