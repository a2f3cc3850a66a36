import type { Translated } from "../i18n/language.tsx";
import type { Phase } from "./start-phase.ts";

interface WatchTexts {
  readonly player: string;
  readonly back: string;
  readonly play: string;
  readonly pause: string;
  readonly again: string;
  readonly next: string;
  readonly mute: string;
  readonly unmute: string;
  readonly volume: string;
  readonly seek: string;
  timeOf(time: string, length: string, chapter: string | undefined): string;
  readonly speed: string;
  readonly usualSpeed: string;
  readonly sound: string;
  track(number: number): string;
  readonly subtitles: string;
  readonly subtitlesOff: string;
  readonly forced: string;
  readonly size: string;
  readonly position: string;
  readonly delay: string;
  readonly uploadSubtitles: string;
  readonly chapters: string;
  chapter(number: number): string;
  readonly quality: string;
  readonly cast: string;
  readonly pictureInPicture: string;
  readonly enterFullscreen: string;
  readonly leaveFullscreen: string;
  readonly help: string;
  readonly close: string;
  resumed(time: string): string;
  readonly fromTheStart: string;
  readonly gone: string;
  nextUp(seconds: number): string;
  readonly playNow: string;
  readonly cancel: string;
  /** Rows of the panel about quality. */
  readonly facts: Readonly<Record<Fact, string>>;
  readonly modes: Readonly<Record<Mode, string>>;
  peers(connected: number, known: number): string;
  seconds(text: string): string;
  /** What the trace says of each phase. */
  readonly phases: Readonly<Record<Phase, string>>;
  progress(phase: string, elapsed: string, downloaded: string, peers: number): string;
  firstPicture(elapsed: string, downloaded: string): string;
  alone(seconds: number): string;
  readonly tryAgain: string;
  readonly openInVlc: string;
  readonly copyAddress: string;
  readonly download: string;
  tooSlow(given: string, needed: string): string;
  bufferAhead(length: string): string;
  buffering(have: string, wanted: string): string;
  readonly goOn: string;
  /** What the keys do, in the order in which they are listed. */
  readonly keys: Readonly<Record<KeyGroup, string>>;
}

type Fact = "mode" | "reasons" | "picture" | "bitRate" | "buffer" | "peers" | "down" | "up" | "there";
type Mode = "direct" | "virtual" | "hls" | "remux" | "transcode" | "unsupported";
export type KeyGroup =
  | "play"
  | "seekFar"
  | "seekNear"
  | "volume"
  | "fullscreen"
  | "mute"
  | "subtitles"
  | "speed"
  | "digits"
  | "frames"
  | "ends"
  | "next"
  | "pictureInPicture"
  | "help";

const en: WatchTexts = {
  player: "Player",
  back: "Back to the library",
  play: "Play",
  pause: "Pause",
  again: "Watch again",
  next: "Next",
  mute: "Mute",
  unmute: "Unmute",
  volume: "Volume",
  seek: "Place in the film",
  timeOf: (time, length, chapter) => `${time} of ${length}${chapter === undefined ? "" : `, ${chapter}`}`,
  speed: "Speed",
  usualSpeed: "Normal",
  sound: "Sound",
  track: (number) => `Track ${number}`,
  subtitles: "Subtitles",
  subtitlesOff: "Off",
  forced: "forced",
  size: "Size",
  position: "Height",
  delay: "Delay",
  uploadSubtitles: "Open a file of subtitles…",
  chapters: "Chapters",
  chapter: (number) => `Chapter ${number}`,
  quality: "How it plays",
  cast: "Play on another device",
  pictureInPicture: "Picture in picture",
  enterFullscreen: "Full screen",
  leaveFullscreen: "Leave full screen",
  help: "Keys",
  close: "Close",
  resumed: (time) => `Going on at ${time}`,
  fromTheStart: "From the start",
  gone: "There is no such file in the library.",
  nextUp: (seconds) => `Next in ${seconds} s`,
  playNow: "Play now",
  cancel: "Cancel",
  facts: {
    mode: "Way",
    reasons: "Why",
    picture: "Picture",
    bitRate: "Bit rate",
    buffer: "Buffer",
    peers: "Peers",
    down: "Download",
    up: "Upload",
    there: "There",
  },
  modes: {
    direct: "The file as it is",
    virtual: "A file made on the way",
    hls: "In segments",
    remux: "One stream, repackaged",
    transcode: "One stream, converted",
    unsupported: "It does not play here",
  },
  peers: (connected, known) => `${connected} of ${known}`,
  seconds: (text) => `${text} s`,
  phases: {
    metadata: "Asking peers what is in the torrent…",
    peers: "Looking for peers…",
    head: "Reading the head of the film…",
    index: "Reading its index…",
    fragment: "Waiting for the first picture…",
  },
  progress: (phase, elapsed, downloaded, peers) =>
    `${phase} ${elapsed}, ${downloaded} from ${peers} ${peers === 1 ? "peer" : "peers"}`,
  firstPicture: (elapsed, downloaded) => `First picture after ${elapsed}, ${downloaded} downloaded`,
  alone: (seconds) =>
    `Nobody who has this film was found for ${seconds} s. Leave this open: it starts as soon as somebody comes. Or look for a torrent with more seeds.`,
  tryAgain: "Try again",
  openInVlc: "Open in VLC",
  copyAddress: "Copy URL",
  download: "Download",
  tooSlow: (given, needed) => `The swarm gives ${given}, this film needs ${needed}.`,
  bufferAhead: (length) => `Wait for ${length} of it`,
  buffering: (have, wanted) => `${have} of ${wanted} are there. It goes on by itself.`,
  goOn: "Go on now",
  keys: {
    play: "Play or pause",
    seekFar: "10 seconds back or ahead",
    seekNear: "5 seconds back or ahead",
    volume: "Louder or quieter",
    fullscreen: "Full screen",
    mute: "Mute",
    subtitles: "Subtitles on or off",
    speed: "Slower or faster",
    digits: "To 0 % … 90 % of the film",
    frames: "One picture back or ahead, while paused",
    ends: "To the start or the end",
    next: "Next",
    pictureInPicture: "Picture in picture",
    help: "This list",
  },
};

const de: WatchTexts = {
  player: "Player",
  back: "Zurück zur Bibliothek",
  play: "Abspielen",
  pause: "Pause",
  again: "Noch einmal ansehen",
  next: "Nächste Folge",
  mute: "Stummschalten",
  unmute: "Ton einschalten",
  volume: "Lautstärke",
  seek: "Stelle im Film",
  timeOf: (time, length, chapter) => `${time} von ${length}${chapter === undefined ? "" : `, ${chapter}`}`,
  speed: "Tempo",
  usualSpeed: "Normal",
  sound: "Ton",
  track: (number) => `Spur ${number}`,
  subtitles: "Untertitel",
  subtitlesOff: "Aus",
  forced: "erzwungen",
  size: "Größe",
  position: "Höhe",
  delay: "Verzögerung",
  uploadSubtitles: "Untertiteldatei öffnen…",
  chapters: "Kapitel",
  chapter: (number) => `Kapitel ${number}`,
  quality: "Wie es läuft",
  cast: "Auf anderem Gerät abspielen",
  pictureInPicture: "Bild im Bild",
  enterFullscreen: "Vollbild",
  leaveFullscreen: "Vollbild verlassen",
  help: "Tasten",
  close: "Schließen",
  resumed: (time) => `Weiter bei ${time}`,
  fromTheStart: "Von vorn",
  gone: "Diese Datei ist nicht in der Bibliothek.",
  nextUp: (seconds) => `Weiter in ${seconds} s`,
  playNow: "Jetzt abspielen",
  cancel: "Abbrechen",
  facts: {
    mode: "Weg",
    reasons: "Warum",
    picture: "Bild",
    bitRate: "Bitrate",
    buffer: "Puffer",
    peers: "Peers",
    down: "Download",
    up: "Upload",
    there: "Vorhanden",
  },
  modes: {
    direct: "Die Datei, wie sie ist",
    virtual: "Eine unterwegs erzeugte Datei",
    hls: "In Segmenten",
    remux: "Ein Strom, neu verpackt",
    transcode: "Ein Strom, umgewandelt",
    unsupported: "Läuft hier nicht",
  },
  peers: (connected, known) => `${connected} von ${known}`,
  seconds: (text) => `${text} s`,
  phases: {
    metadata: "Peers werden gefragt, was im Torrent ist…",
    peers: "Peers werden gesucht…",
    head: "Der Anfang des Films wird gelesen…",
    index: "Sein Index wird gelesen…",
    fragment: "Gleich kommt das erste Bild…",
  },
  progress: (phase, elapsed, downloaded, peers) =>
    `${phase} ${elapsed}, ${downloaded} von ${peers} ${peers === 1 ? "Peer" : "Peers"}`,
  firstPicture: (elapsed, downloaded) => `Erstes Bild nach ${elapsed}, ${downloaded} geladen`,
  alone: (seconds) =>
    `Seit ${seconds} s hat sich niemand gefunden, der diesen Film hat. Lass die Seite offen: Er startet, sobald jemand kommt. Oder suche einen Torrent mit mehr Seeds.`,
  tryAgain: "Noch einmal versuchen",
  openInVlc: "In VLC öffnen",
  copyAddress: "URL kopieren",
  download: "Herunterladen",
  tooSlow: (given, needed) => `Der Schwarm gibt ${given}, dieser Film braucht ${needed}.`,
  bufferAhead: (length) => `Auf ${length} davon warten`,
  buffering: (have, wanted) => `${have} von ${wanted} sind da. Es geht von selbst weiter.`,
  goOn: "Jetzt weiter",
  keys: {
    play: "Abspielen oder anhalten",
    seekFar: "10 Sekunden zurück oder vor",
    seekNear: "5 Sekunden zurück oder vor",
    volume: "Lauter oder leiser",
    fullscreen: "Vollbild",
    mute: "Stummschalten",
    subtitles: "Untertitel ein oder aus",
    speed: "Langsamer oder schneller",
    digits: "Zu 0 % … 90 % des Films",
    frames: "Ein Bild zurück oder vor, bei Pause",
    ends: "Zum Anfang oder Ende",
    next: "Nächste Folge",
    pictureInPicture: "Bild im Bild",
    help: "Diese Liste",
  },
};

/** Texts of the player. */
export const watchTexts: Translated<WatchTexts> = { en, de };
