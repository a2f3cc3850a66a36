"""Makes a torrent of a folder that is one of v1 and of v2 (BEP 52 "Upgrade Path"), as libtorrent does unless told otherwise.

usage: hybrid-torrent.py FOLDER PIECE_LENGTH TORRENT
"""

import os
import sys

import libtorrent as lt

folder, piece_length, torrent_path = sys.argv[1:4]
storage = lt.file_storage()
lt.add_files(storage, folder)
torrent = lt.create_torrent(storage, int(piece_length))
lt.set_piece_hashes(torrent, os.path.dirname(folder))
with open(torrent_path, "wb") as out:
    out.write(lt.bencode(torrent.generate()))
