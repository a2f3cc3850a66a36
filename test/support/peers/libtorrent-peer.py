"""One libtorrent session with one torrent, for tests. Prints a JSON line with its port, then one for each change.

usage: libtorrent-peer.py TORRENT SAVE_DIRECTORY ROLE ENCRYPTION UPLOAD_LIMIT HOST:PORT LSD LISTEN TRANSPORT
  TORRENT     a file, or a magnet
  ROLE        seed (trusts the files in SAVE_DIRECTORY), leech, or idle (meets peers, and takes nothing of them)
  ENCRYPTION  off | default | forced | rc4
  UPLOAD_LIMIT  bytes per second, 0 = unlimited
  HOST:PORT   a peer to connect to; - for none
  LSD         lsd (finds peers in the local network), dht=HOST:PORT (in the DHT of that node) or no-lsd
  LISTEN      an address to listen on, an IPv6 one in brackets
  TRANSPORT   tcp or utp: what it knows
Ends when its standard input ends.
"""

import json
import sys
import threading
import time

import libtorrent as lt

torrent_path, save_directory, role, encryption, upload_limit, target, lsd, listen, transport = sys.argv[1:10]
connect_to = None if target == "-" else target

POLICIES = {
    "off": {"in_enc_policy": 2, "out_enc_policy": 2},
    "default": {},
    "forced": {"in_enc_policy": 0, "out_enc_policy": 0, "allowed_enc_level": 3},
    "rc4": {"in_enc_policy": 0, "out_enc_policy": 0, "allowed_enc_level": 2, "prefer_rc4": True},
}
DHT = {
    "enable_dht": True,
    "dht_bootstrap_nodes": lsd.removeprefix("dht="),
    # Its nodes all have one address here, and look like one that lies about how many it is.
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_ignore_dark_internet": False,
    # Whoever looks before the nodes know each other would look again in a quarter of an hour.
    "dht_announce_interval": 5,
}
# `peer_info::utp_socket`, which Python is not told.
UTP_SOCKET = 1 << 17
settings = {
    "listen_interfaces": f"{listen}:0",
    "enable_dht": False,
    "enable_lsd": lsd == "lsd",
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_incoming_tcp": transport == "tcp",
    "enable_outgoing_tcp": transport == "tcp",
    "enable_incoming_utp": transport == "utp",
    "enable_outgoing_utp": transport == "utp",
    "allow_multiple_connections_per_ip": True,
    # The rate limit is the point of these tests, and libtorrent leaves loopback out of it unless told otherwise.
    "upload_rate_limit": int(upload_limit),
    "unchoke_slots_limit": 20,
    # A seed in seed mode hashes each piece before it first sends of it, others overtaking it: a seed that has run for a while does not.
    "disable_hash_checks": role == "seed",
    # Who takes nothing would leave a seed.
    "close_redundant_connections": role != "idle",
    "alert_mask": 0,
    **POLICIES[encryption],
    **(DHT if lsd.startswith("dht=") else {}),
}
session = lt.session(settings)
is_magnet = torrent_path.startswith("magnet:")
params = {"url": torrent_path} if is_magnet else {"ti": lt.torrent_info(torrent_path)}
params["save_path"] = save_directory
if role == "seed":
    params["flags"] = lt.torrent_flags.seed_mode | lt.torrent_flags.upload_mode
elif role == "idle":
    params["flags"] = lt.torrent_flags.upload_mode
handle = session.add_torrent(params)
handle.unset_flags(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
if role == "seed":
    handle.unset_flags(lt.torrent_flags.upload_mode)
# Peers of the local network have a class of their own, without limits: put loopback back under them.
filter_ = lt.ip_filter()
filter_.add_rule("0.0.0.0", "255.255.255.255", 1 << lt.session.global_peer_class_id)
filter_.add_rule("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1 << lt.session.global_peer_class_id)
session.set_peer_class_filter(filter_)
while session.listen_port() == 0:
    time.sleep(0.01)
if connect_to is not None:
    host, port = connect_to.rsplit(":", 1)
    host = host.strip("[]")
    handle.connect_peer((host, int(port)))

threading.Thread(target=lambda: (sys.stdin.read(), sys.stdout.flush(), __import__("os")._exit(0)), daemon=True).start()
previous = None
while True:
    status = handle.status()
    line = {
        "port": session.listen_port(),
        "progress": status.progress,
        "isSeeding": status.is_seeding,
        "uploadedBytes": status.total_payload_upload,
        "downloadedBytes": status.total_payload_download,
        "peers": [
            {
                "flags": int(peer.flags),
                "isUtp": bool(peer.flags & UTP_SOCKET),
                "isRc4": bool(peer.flags & lt.peer_info.rc4_encrypted),
                "isPlaintext": bool(peer.flags & lt.peer_info.plaintext_encrypted),
            }
            for peer in handle.get_peer_info()
        ],
    }
    text = json.dumps(line)
    if text != previous:
        print(text, flush=True)
        previous = text
    if role == "leech" and connect_to is not None and status.num_peers == 0:
        handle.connect_peer((host, int(port)))
    time.sleep(0.05)
