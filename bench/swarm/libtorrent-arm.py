"""libtorrent as an arm of the bench: the commands of arm-process.ts, answered in the same way.

usage: libtorrent-arm.py SETTINGS_JSON

Tuned for streaming as well as it can be: one piece is wanted until the first bytes are there (every other piece has
priority 0, or its normal picker fills the pipe before the tick of once a second that looks at deadlines), then a window.
"""

import json
import os
import queue
import sys
import threading
import time

import libtorrent as lt

MIB = 1024 * 1024
WINDOW_BYTES = 16 * MIB
# Between the deadlines of a window: they order its pieces.
STEP_MS = 100

arm = json.loads(sys.argv[1])
session = lt.session(
    {
        "listen_interfaces": "127.0.0.1:0",
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_incoming_utp": False,
        "enable_outgoing_utp": False,
        "in_enc_policy": 2,
        "out_enc_policy": 2,
        "allow_multiple_connections_per_ip": True,
        "request_queue_time": 1,
        "piece_timeout": 5,
        "whole_pieces_threshold": 2,
        # With all priorities 0 for a moment, it would leave the seeds.
        "close_redundant_connections": False,
        "alert_mask": lt.alert.category_t.status_notification | lt.alert.category_t.piece_progress_notification,
    }
)
info = lt.torrent_info(arm["torrentPath"])
piece_bytes = info.piece_length()
handle = None
# The reader: where it began, the first piece it still waits for, and the longest wait between two pieces.
start_piece = next_piece = 0
gap_ms = 0.0
last_ms = None
commands = queue.Queue()


def epoch_ms():
    return time.time() * 1000


def add(priority):
    global handle
    params = lt.add_torrent_params()
    params.ti = info
    params.save_path = arm["saveDirectory"]
    params.piece_priorities = [priority] * info.num_pieces()
    params.flags = params.flags & ~lt.torrent_flags.auto_managed & ~lt.torrent_flags.paused
    handle = session.add_torrent(params)
    if priority == 0:
        read_from(0)
    for peer in arm["peers"]:
        handle.connect_peer((peer["host"], peer["port"]))


def read_from(offset):
    """Wants the piece there, and no other."""
    global start_piece, next_piece, gap_ms, last_ms
    start_piece = next_piece = offset // piece_bytes
    gap_ms, last_ms = 0.0, None
    priorities = [0] * info.num_pieces()
    priorities[start_piece] = 7
    handle.clear_piece_deadlines()
    handle.prioritize_pieces(priorities)
    handle.set_piece_deadline(start_piece, 0, lt.deadline_flags_t.alert_when_available)


def take_pieces():
    """Moves the read head over what is there, and the window with it."""
    global next_piece, gap_ms, last_ms
    before = next_piece
    while next_piece < info.num_pieces() and handle.have_piece(next_piece):
        next_piece += 1
    if next_piece == before:
        return
    now_ms = epoch_ms()
    gap_ms = max(gap_ms, now_ms - (last_ms or now_ms))
    last_ms = now_ms
    end = min(info.num_pieces(), next_piece + max(2, WINDOW_BYTES // piece_bytes))
    for distance, piece in enumerate(range(next_piece, end)):
        if not handle.have_piece(piece):
            handle.piece_priority(piece, 7)
            handle.set_piece_deadline(piece, distance * STEP_MS)


def is_done(command, argument):
    if command in ("open", "seek", "jump"):
        return next_piece > start_piece
    if command == "read":
        return (next_piece - start_piece) * piece_bytes >= argument
    if command == "forget":
        return not session.get_torrents() and not os.listdir(arm["saveDirectory"])
    return handle.status().is_seeding


def hear():
    for line in sys.stdin:
        commands.put(json.loads(line))
    commands.put(None)


def main():
    threading.Thread(target=hear, daemon=True).start()
    while session.listen_port() == 0:
        time.sleep(0.01)
    print(json.dumps({"did": "load"}), flush=True)
    while (line := commands.get()) is not None:
        from_ms = epoch_ms()
        command, argument = line["command"], line.get("argument", 0)
        if command == "open":
            add(0)
        elif command == "whole":
            # Nobody looks at single pieces: it need not tell of them.
            session.apply_settings({"alert_mask": lt.alert.category_t.status_notification})
            add(4)
        elif command == "forget":
            session.remove_torrent(handle, lt.session.delete_files)
        elif command in ("seek", "jump"):
            read_from(argument)
        while not is_done(command, argument):
            session.wait_for_alert(100)
            session.pop_alerts()
            if command not in ("whole", "forget"):
                take_pieces()
        to_ms = epoch_ms()
        print(json.dumps({"did": command, "fromMs": from_ms, "toMs": to_ms, "gapMs": gap_ms}), flush=True)
    sys.stdout.flush()
    os._exit(0)


main()
