import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { isWeakToken, parseCommandLine, type ServeOptions } from "../src/arguments.ts";
import { UsageError } from "../src/usage-error.ts";

const HASH = "0123456789abcdef0123456789abcdef01234567";
const TOKEN = "q7Zr0w_kV2mB4tYx8nUcLg";
const HOME_DATA = join(homedir(), ".local", "share", "riptide");

const PROXY_RULE = "--proxy takes socks5://HOST:PORT or socks5://USER:PASSWORD@HOST:PORT.";
const DEFAULTS: ServeOptions = {
  mode: "serve",
  sources: [],
  host: "127.0.0.1",
  port: 8888,
  allowedHosts: [],
  dataDirectory: HOME_DATA,
  token: undefined,
  peers: [],
  peerHost: "::",
  bindInterface: undefined,
  proxy: undefined,
  usePortMapping: false,
  peerPort: 6881,
  maxDiskBytes: undefined,
  uploadBytesPerSecond: undefined,
  downloadBytesPerSecond: undefined,
  fetch: "nothing",
  useDht: true,
  useLsd: true,
  useUtp: true,
  ffmpegPath: undefined,
  neverTranscodeVideo: false,
  json: false,
  logFormat: undefined,
  logLevel: undefined,
};
const DEMO: ServeOptions = {
  ...DEFAULTS,
  mode: "demo",
  dataDirectory: undefined,
  peerHost: "127.0.0.1",
  peerPort: 0,
  useDht: false,
  useLsd: false,
  useUtp: false,
};

interface GoodLine {
  readonly title: string;
  readonly words: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  readonly expected: ServeOptions;
}

const goodLines: readonly GoodLine[] = [
  { title: "nothing at all serves with the defaults", words: [], expected: DEFAULTS },
  { title: "the word serve changes nothing", words: ["serve"], expected: DEFAULTS },
  {
    title: "sources need no word before them",
    words: [HASH, "a.torrent"],
    expected: { ...DEFAULTS, sources: [HASH, "a.torrent"] },
  },
  { title: "sources may follow the word serve", words: ["serve", HASH], expected: { ...DEFAULTS, sources: [HASH] } },
  { title: "only the first word is a command", words: ["serve", "demo"], expected: { ...DEFAULTS, sources: ["demo"] } },
  {
    title: "a file may begin with a dash behind --",
    words: ["--", "-a.torrent"],
    expected: { ...DEFAULTS, sources: ["-a.torrent"] },
  },
  { title: "the demo keeps to loopback and to a temporary folder", words: ["demo"], expected: DEMO },
  { title: "options may stand before the demo", words: ["--port", "0", "demo"], expected: { ...DEMO, port: 0 } },
  {
    title: "the demo can be told other places",
    words: ["demo", "--data-dir", "/films", "--peer-port=7000", "--peer-host", "0.0.0.0"],
    expected: { ...DEMO, dataDirectory: "/films", peerPort: 7000, peerHost: "0.0.0.0" },
  },
  {
    title: "one interface alone may be used",
    words: ["--bind-interface", "tun0"],
    expected: { ...DEFAULTS, bindInterface: "tun0" },
  },
  {
    title: "routers are asked to let peers in, but not for the demo",
    words: ["--port-mapping"],
    expected: { ...DEFAULTS, usePortMapping: true },
  },
  {
    title: "a proxy has a usual port",
    words: ["--proxy", "socks5://proxy.example"],
    expected: { ...DEFAULTS, proxy: { host: "proxy.example", port: 1080, login: undefined } },
  },
  {
    title: "a proxy may want a name and a password, spelled as in any URL",
    words: ["--proxy=socks5h://me:p%40ss%3A@[::1]:9050/"],
    expected: { ...DEFAULTS, proxy: { host: "::1", port: 9050, login: { username: "me", password: "p@ss:" } } },
  },
  {
    title: "a proxy may come from the environment",
    words: [],
    environment: { RIPTIDE_PROXY: "socks5://10.0.0.1:1" },
    expected: { ...DEFAULTS, proxy: { host: "10.0.0.1", port: 1, login: undefined } },
  },
  {
    title: "the demo takes no proxy from the environment",
    words: ["demo"],
    environment: { RIPTIDE_PROXY: "socks5://10.0.0.1:1" },
    expected: DEMO,
  },
  { title: "a port may be glued to its option", words: ["--port=65535"], expected: { ...DEFAULTS, port: 65_535 } },
  {
    title: "of an option given twice the last counts",
    words: ["--port=1", "--port=2"],
    expected: { ...DEFAULTS, port: 2 },
  },
  {
    title: "localhost is loopback in any spelling",
    words: ["--host", "LocalHost"],
    expected: { ...DEFAULTS, host: "localhost" },
  },
  {
    title: "all of 127.0.0.0/8 is loopback",
    words: ["--host", "127.8.9.1"],
    expected: { ...DEFAULTS, host: "127.8.9.1" },
  },
  { title: "::1 is loopback", words: ["--host", "::1"], expected: { ...DEFAULTS, host: "::1" } },
  { title: "an IPv6 host may wear its brackets", words: ["--host", "[::1]"], expected: { ...DEFAULTS, host: "::1" } },
  {
    title: "::1 is loopback when it is spelled out",
    words: ["--host=0:0:0:0:0:0:0:1"],
    expected: { ...DEFAULTS, host: "0:0:0:0:0:0:0:1" },
  },
  {
    title: "a token opens the door to any address",
    words: ["--host", "0.0.0.0", "--token", TOKEN],
    expected: { ...DEFAULTS, host: "0.0.0.0", token: TOKEN },
  },
  {
    title: "a token may come from the environment",
    words: ["--host", "films.example"],
    environment: { RIPTIDE_TOKEN: TOKEN },
    expected: { ...DEFAULTS, host: "films.example", token: TOKEN },
  },
  {
    title: "the token of the command line counts more",
    words: ["--token", TOKEN],
    environment: { RIPTIDE_TOKEN: "short" },
    expected: { ...DEFAULTS, token: TOKEN },
  },
  {
    title: "who lets everybody in may have a short token, too",
    words: ["--host", "0.0.0.0", "--token", "a", "--insecure-no-auth"],
    expected: { ...DEFAULTS, host: "0.0.0.0", token: "a" },
  },
  { title: "an empty variable is no token", words: [], environment: { RIPTIDE_TOKEN: "" }, expected: DEFAULTS },
  {
    title: "host names may be allowed, one by one",
    words: ["--allow-host", "Films.example", "--allow-host=192.0.2.7"],
    expected: { ...DEFAULTS, allowedHosts: ["films.example", "192.0.2.7"] },
  },
  {
    title: "peers are addresses or names with a port",
    words: [
      "--peer",
      "192.0.2.1:6881",
      "--peer=[2001:db8::1]:51413",
      "--peer",
      "localhost:1",
      "--peer",
      "seed.lan:65535",
    ],
    expected: {
      ...DEFAULTS,
      peers: [
        { host: "192.0.2.1", port: 6881 },
        { host: "2001:db8::1", port: 51_413 },
        { host: "127.0.0.1", port: 1 },
        { host: "seed.lan", port: 65_535 },
      ],
    },
  },
  ...(
    [
      ["64M", 64 * 1024 ** 2],
      ["20G", 20 * 1024 ** 3],
      ["1.5t", 1.5 * 1024 ** 4],
      ["500MiB", 500 * 1024 ** 2],
    ] as const
  ).map(([size, maxDiskBytes]) => ({
    title: `${size} bounds what is kept on the disk`,
    words: ["--max-disk", size],
    expected: { ...DEFAULTS, maxDiskBytes },
  })),
  {
    title: "uploads and downloads are limited in bytes per second",
    words: ["--upload-limit", "100k", "--download-limit", "2.5MB"],
    expected: { ...DEFAULTS, uploadBytesPerSecond: 102_400, downloadBytesPerSecond: 2_621_440 },
  },
  ...(["ahead", "rarest", "nothing"] as const).map((fetch) => ({
    title: `spare bandwidth can fetch what the user chooses: ${fetch}`,
    words: ["--fetch", fetch],
    expected: { ...DEFAULTS, fetch },
  })),
  {
    title: "the DHT, the local search and uTP can be left out",
    words: ["--no-dht", "--no-lsd", "--no-utp"],
    expected: { ...DEFAULTS, useDht: false, useLsd: false, useUtp: false },
  },
  {
    title: "ffmpeg may be named",
    words: ["--ffmpeg", "/opt/ffmpeg"],
    expected: { ...DEFAULTS, ffmpegPath: "/opt/ffmpeg" },
  },
  {
    title: "pictures may be left as they are",
    words: ["--never-transcode-video"],
    expected: { ...DEFAULTS, neverTranscodeVideo: true },
  },
  {
    title: "the log may be for programs, and say more",
    words: ["--log-format=json", "--log-level=debug"],
    environment: { RIPTIDE_LOG_FORMAT: "pretty" },
    expected: { ...DEFAULTS, logFormat: "json", logLevel: "debug" },
  },
  {
    title: "the environment may say how the log is to look",
    words: [],
    environment: { RIPTIDE_LOG_FORMAT: "pretty", RIPTIDE_LOG_LEVEL: "" },
    expected: { ...DEFAULTS, logFormat: "pretty" },
  },
  { title: "lines may be JSON", words: ["--json"], expected: { ...DEFAULTS, json: true } },
  {
    title: "a folder is made absolute",
    words: ["--data-dir", "films"],
    expected: { ...DEFAULTS, dataDirectory: resolve("films") },
  },
  {
    title: "torrents are kept where the desktop wants data",
    words: [],
    environment: { XDG_DATA_HOME: "/home/ann/data" },
    expected: { ...DEFAULTS, dataDirectory: "/home/ann/data/riptide" },
  },
];

test.each(goodLines)("$title", ({ words, environment = {}, expected }) => {
  expect(parseCommandLine(words, environment)).toEqual({ kind: "serve", options: expected });
});

test("the doctor looks at what would be served", () => {
  const words = ["doctor", "--json", "--port=0"];
  expect(parseCommandLine(words, {})).toEqual({ kind: "doctor", options: { ...DEFAULTS, json: true, port: 0 } });
});

test.each([
  [["--help"], "help"],
  [["-h"], "help"],
  [["demo", "film.mkv", "--help"], "help"],
  [["--version"], "version"],
  [["-V"], "version"],
  [["--help", "--version"], "help"],
])("%j asks for the %s", (words, kind) => {
  expect(parseCommandLine(words, {})).toEqual({ kind });
});

const TOKEN_RULE = "must be ASCII characters without spaces: openssl rand -hex 16 makes a good one.";
const badLines: readonly (readonly [words: readonly string[], sentence: string])[] = [
  [["--prot", "1"], "There is no option --prot. Did you mean --port?"],
  [["--pot=1"], "There is no option --pot. Did you mean --port?"],
  [["--data", "/films"], "There is no option --data. Did you mean --data-dir?"],
  [["--nodht"], "There is no option --nodht. Did you mean --no-dht?"],
  [["--tokne=my-secret-token"], "There is no option --tokne. Did you mean --token?"],
  [["--frobnicate"], "There is no option --frobnicate. Try --help for the list of options."],
  [["-p", "1"], "There is no option -p. Try --help for the list of options."],
  [["--constructor"], "There is no option --constructor. Try --help for the list of options."],
  [["--no-json"], "There is no option --no-json. Try --help for the list of options."],
  [["--port"], "--port needs a value."],
  [["--port="], "--port needs a value."],
  [["--data-dir", ""], "--data-dir needs a value."],
  [["--token", ""], "--token needs a value."],
  [["--token", "--json"], "--token needs a value."],
  [["--json=yes"], "--json takes no value."],
  [["--help=yes"], "--help takes no value."],
  [["--port", "http"], '--port takes a number from 0 to 65535, not "http".'],
  [["--port", "65536"], '--port takes a number from 0 to 65535, not "65536".'],
  [["--port=-1"], '--port takes a number from 0 to 65535, not "-1".'],
  [["--port", "1e3"], '--port takes a number from 0 to 65535, not "1e3".'],
  [["--peer-port", "1.5"], '--peer-port takes a number from 0 to 65535, not "1.5".'],
  [["--host", "127.0.0.1:80"], '--host takes an address or a name without a port, not "127.0.0.1:80".'],
  [["--host", "http://a"], '--host takes an address or a name without a port, not "http://a".'],
  [["--host", "[127.0.0.1]"], '--host takes an address or a name without a port, not "[127.0.0.1]".'],
  [["--host", "a b"], '--host takes an address or a name without a port, not "a b".'],
  [["--allow-host", "a:80"], '--allow-host takes an address or a name without a port, not "a:80".'],
  [["--peer-host", "/"], '--peer-host takes an address or a name without a port, not "/".'],
  [["--host", "0.0.0.0"], "Listening on 0.0.0.0 lets others in: give a --token, or leave --host out."],
  [["--host", "::"], "Listening on :: lets others in: give a --token, or leave --host out."],
  [["--host", "192.168.1.5"], "Listening on 192.168.1.5 lets others in: give a --token, or leave --host out."],
  [
    ["--host", "127.0.0.1.evil.example"],
    "Listening on 127.0.0.1.evil.example lets others in: give a --token, or leave --host out.",
  ],
  [["--host", "127.0.0.999"], "Listening on 127.0.0.999 lets others in: give a --token, or leave --host out."],
  [
    ["--host", "0.0.0.0", "--token", TOKEN.slice(1)],
    "Listening on 0.0.0.0 lets others guess a token of less than 22 characters: openssl rand -hex 16 makes a good one.",
  ],
  [["--token", "with spaces in between"], `--token ${TOKEN_RULE}`],
  [["--token", "schlüsselschlüssel"], `--token ${TOKEN_RULE}`],
  [["--peer", "192.0.2.1"], '--peer takes HOST:PORT, not "192.0.2.1".'],
  [["--peer", "192.0.2.1:0"], '--peer takes HOST:PORT, not "192.0.2.1:0".'],
  [["--peer", "192.0.2.1:65536"], '--peer takes HOST:PORT, not "192.0.2.1:65536".'],
  [["--peer", "2001:db8::1"], '--peer takes HOST:PORT, not "2001:db8::1".'],
  [["--peer", "[2001:db8::1]"], '--peer takes HOST:PORT, not "[2001:db8::1]".'],
  [
    ["--peer", "nas.example:6881", "--proxy=socks5://proxy:1080"],
    'With a proxy no name is looked up from here: give --peer an address, not "nas.example:6881".',
  ],
  [["--peer", ":6881"], '--peer takes HOST:PORT, not ":6881".'],
  [["--bind-interface"], "--bind-interface needs a value."],
  [
    ["--bind-interface=tun0", "--peer-host=127.0.0.1"],
    "--bind-interface says where peers connect to: leave --peer-host out.",
  ],
  [["--proxy", "http://secret@proxy:1"], PROXY_RULE],
  [["--proxy", "socks5://secret:@proxy:1"], PROXY_RULE],
  [["--proxy", "socks5://u:%ff@proxy:1"], PROXY_RULE],
  [["--proxy", `socks5://u:${"x".repeat(256)}@proxy:1`], PROXY_RULE],
  [["--proxy", "socks5://proxy:0"], PROXY_RULE],
  [["--proxy", "socks5://proxy:1/secret"], PROXY_RULE],
  [["--proxy", "secret"], PROXY_RULE],
  [
    ["demo", "--proxy=socks5://proxy"],
    "The peers of the demo are on this machine: leave --bind-interface and --proxy out.",
  ],
  ...["0", "63M", "20", "G", "1e9", "-1G", "1.G", "9".repeat(30)].map((size): [string[], string] => [
    [`--max-disk=${size}`],
    `--max-disk takes a size of at least 64M, as 500M, 20G or 1.5T, not "${size}".`,
  ]),
  [["--max-disc", "20G"], "There is no option --max-disc. Did you mean --max-disk?"],
  ...["0", "100", "fast", "-5M", "5T", "1e9", "0.5K", "13G", "9".repeat(30), "5 M"].map((limit): [string[], string] => [
    [`--upload-limit=${limit}`],
    `--upload-limit takes bytes per second from 4K on, as in 500K or 5M, not ${JSON.stringify(limit)}.`,
  ]),
  [["--download-limit", "1K"], '--download-limit takes bytes per second from 4K on, as in 500K or 5M, not "1K".'],
  [["--port-mapping", "--proxy=socks5://proxy"], "Through a proxy nobody can connect to us: leave --port-mapping out."],
  [["--fetch", "all"], '--fetch takes ahead, rarest or nothing, not "all".'],
  [["--log-format", "xml"], '--log-format takes pretty or json, not "xml".'],
  [["--log-level=trace"], '--log-level takes error, warn, info or debug, not "trace".'],
  [["doctor", HASH], "The doctor takes no sources, only options."],
  [["demo", HASH], "The demo takes no sources. Leave the word demo out to play your own torrents."],
];

test.each(badLines)("%j is refused: %s", (words, sentence) => {
  expect(() => parseCommandLine(words, {})).toThrow(new UsageError(sentence));
});

test.each([
  [undefined, false],
  ["secret", true],
  [TOKEN.slice(1), true],
  [TOKEN, false],
])("the token %s can be guessed: %s", (token, isWeak) => {
  expect(isWeakToken(token)).toBe(isWeak);
});

test("a bad word for the log from the environment is named as such", () => {
  const environment = { RIPTIDE_LOG_LEVEL: "loud" };
  const sentence = 'RIPTIDE_LOG_LEVEL takes error, warn, info or debug, not "loud".';
  expect(() => parseCommandLine([], environment)).toThrow(new UsageError(sentence));
});

test("a bad token from the environment is named as such", () => {
  const environment = { RIPTIDE_TOKEN: "two words" };
  expect(() => parseCommandLine([], environment)).toThrow(new UsageError(`RIPTIDE_TOKEN ${TOKEN_RULE}`));
});
