export const HELP = `Riptide plays a torrent the moment you ask for it.

  riptide [serve] [SOURCE…]   start the server; a SOURCE is a magnet URI, a .torrent path or URL, or an info hash
  riptide demo                serve, plus a small built-in swarm on loopback that shares the bundled sample films
  riptide doctor              look at what Riptide needs of this machine with the options below, and say what to do

  --host HOST         address to listen on (127.0.0.1; anything beyond loopback needs a token)
  --port PORT         port to listen on (8888; 0 = any free one)
  --allow-host NAME   another host name the server may be called by (repeatable)
  --data-dir DIR      where torrents are kept (~/.local/share/riptide; demo: a temporary folder)
  --max-disk SIZE     keep at most so much of all torrents, as 20G (M, G, T; at least 64M; unlimited): what was read longest
                      ago makes way for what is read next
  --token TOKEN       ask for this token, of 22 characters or more; RIPTIDE_TOKEN keeps it out of the process list
  --token-file FILE   the same, out of a file that only you may read (chmod 600)
  --insecure-no-auth  listen beyond loopback without a token: whoever reaches the port may do everything
  --peer HOST:PORT    a peer to try for every torrent (repeatable)
  --peer-host HOST    address that peers connect to (::, all of IPv6 and IPv4; demo: 127.0.0.1)
  --peer-port PORT    port that peers connect to (6881; 0 = any free one, as in the demo)
  --bind-interface NAME|ADDRESS
                      the only interface to use for peers, trackers and DHT, as that of a VPN; never another one in its place
  --proxy socks5://[USER:PASSWORD@]HOST:PORT
                      reach peers, trackers and .torrent URLs through this proxy only, which looks up names, too (UDP trackers
                      if it passes on datagrams). Then nobody connects to us, and DHT and local network are off;
                      RIPTIDE_PROXY keeps the password out of the process list
  --port-mapping      ask the router to let peers in, by PCP, NAT-PMP or UPnP, until Riptide ends
  --upload-limit N    bytes per second for all uploads together, as in 500K or 5M (unlimited; K = 1024)
  --download-limit N  bytes per second for all downloads together: what a player needs first comes first (unlimited)
  --fetch WHAT        what to fetch of a film that plays while all its player asks for is there: ahead of it, the
                      rarest pieces first, or nothing beyond (nothing)
  --no-dht            do not use the DHT (the demo never does)
  --no-lsd            do not look for peers in the local network (the demo never does)
  --no-utp            connect to peers by TCP alone, and listen on no UDP port for them (the demo never does)
  --ffmpeg PATH       the ffmpeg to use (otherwise FFMPEG_PATH, then the PATH)
  --never-transcode-video
                      refuse films whose picture would have to be converted (sound is converted all the same)
  --json              stdout holds one JSON object a line, its "type" being listening (with url), added or updated
                      (with torrent), removed (with infoHash), engine (with health) or stopping
  --log-format FORMAT what stderr holds: json, one object a line, or pretty (pretty in a terminal, json elsewhere;
                      RIPTIDE_LOG_FORMAT)
  --log-level LEVEL   error, warn, info (each request) or debug (warn if pretty, info if json; RIPTIDE_LOG_LEVEL)
  -h, --help          this text
  -V, --version       the version

The first line on stdout says where to go: Riptide is listening on http://HOST:PORT
Exit codes: 0 stopped by SIGINT or SIGTERM, 1 cannot start (stderr says why; of the doctor: would not start), 70 a fault of Riptide itself.
`;
