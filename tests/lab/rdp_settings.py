#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The begin of remote desktop with standard security (MS-RDPBCGR 2.2.1.1 to 2.2.1.3), for both ends.

usage: rdp_settings.py serve ADDRESS COUNT
       rdp_settings.py ask ADDRESS NAME CHANNEL...
No packaged client leaves its name empty or asks for a chosen set of channels.
"""
import socket
import struct
import sys


def tpkt(data):
    return b"\x03\x00" + struct.pack(">H", len(data) + 4) + data


def read(s):
    head = s.recv(4, socket.MSG_WAITALL)
    return head + s.recv(struct.unpack(">H", head[2:4])[0] - 4, socket.MSG_WAITALL) if len(head) == 4 else b""


def settings(name, channels):
    core = struct.pack("<IHHHHII", 0x00080004, 800, 600, 0xCA01, 0xAA03, 0x409, 2600)
    core += name.encode("utf-16le").ljust(32, b"\0") + bytes(12 + 64)
    net = struct.pack("<I", len(channels)) + b"".join(c.encode().ljust(8, b"\0") + bytes(4) for c in channels)
    blocks = struct.pack("<HH", 0xC001, len(core) + 4) + core
    blocks += struct.pack("<HHII", 0xC002, 12, 3, 0)
    blocks += struct.pack("<HH", 0xC003, len(net) + 4) + net
    gcc = b"\x00\x05\x00\x14\x7c\x00\x01" + struct.pack(">H", 0x8000 | (len(blocks) + 14))
    gcc += b"\x00\x08\x00\x10\x00\x01\xc0\x00Duca" + struct.pack(">H", 0x8000 | len(blocks)) + blocks
    domain = b"\x30\x19" + b"\x02\x01\x22\x02\x01\x02\x02\x01\x00\x02\x01\x01\x02\x01\x00\x02\x01\x01\x02\x02\xff\xff\x02\x01\x02"
    body = b"\x04\x01\x01\x04\x01\x01\x01\x01\xff" + domain * 3 + b"\x04\x82" + struct.pack(">H", len(gcc)) + gcc
    return tpkt(b"\x02\xf0\x80\x7f\x65\x82" + struct.pack(">H", len(body)) + body)


def serve(address, count):
    with socket.create_server((address, 3389)) as server:
        for _ in range(count):
            s, _peer = server.accept()
            with s:
                read(s)
                s.sendall(tpkt(b"\x06\xd0\x00\x00\x12\x34\x00"))
                read(s)
                s.sendall(tpkt(b"\x02\xf0\x80" + bytes(80)))
                s.recv(1)


def ask(address, name, channels):
    with socket.create_connection((address, 3389)) as s:
        s.sendall(tpkt(b"\x06\xe0\x00\x00\x00\x00\x00"))
        read(s)
        s.sendall(settings(name, channels))
        read(s)


if sys.argv[1] == "serve":
    serve(sys.argv[2], int(sys.argv[3]))
else:
    ask(sys.argv[2], sys.argv[3], sys.argv[4:])
