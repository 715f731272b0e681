#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""dnsd.py --listen ADDRESS [--port 53]: a small authoritative DNS server over UDP for the lab.

Any TXT question is answered with the first label (what an exfiltration server acknowledges with), any A question with
203.0.113.99, and DNSKEY or a name below signed.example.test with keys and signatures of real size (random bytes)."""
import argparse
import random
import socket
import struct

TYPES = {"A": 1, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "RRSIG": 46, "DNSKEY": 48}


def record(kind, data, ttl=60):
    return b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def signature(rng, covered):
    head = struct.pack(">HBBIIIH", covered, 8, 3, 3600, 1798761600, 1796083200, 20326)
    return record(TYPES["RRSIG"], head + b"\x06signed\x07example\x04test\x00" + rng.randbytes(256))


def answer(query):
    end = 12
    labels = []
    while query[end]:
        labels.append(query[end + 1:end + 1 + query[end]])
        end += query[end] + 1
    end += 5
    kind = struct.unpack(">H", query[end - 4:end - 2])[0]
    rng = random.Random(len(query))
    signed = b"signed" in [label.lower() for label in labels]
    records = []
    if kind == TYPES["TXT"] and not signed:
        records.append(record(kind, bytes([len(labels[0])]) + labels[0]))
    elif kind == TYPES["A"]:
        records.append(record(kind, socket.inet_aton("203.0.113.20" if signed else "203.0.113.99")))
    elif kind == TYPES["DNSKEY"]:
        for flags in (256, 257):
            records.append(record(kind, struct.pack(">HBB", flags, 3, 8) + b"\x03\x01\x00\x01" + rng.randbytes(256)))
    if signed and records:
        records.append(signature(rng, kind))
    additional = b"\x00" + struct.pack(">HHIH", 41, 1232, 0x8000, 0) if query[10:12] != b"\0\0" else b""
    head = query[:2] + b"\x84\x00" + struct.pack(">HHHH", 1, len(records), 0, 1 if additional else 0)
    return head + query[12:end] + b"".join(records) + additional


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen", required=True)
    parser.add_argument("--port", type=int, default=53)
    options = parser.parse_args()
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((options.listen, options.port))
    while True:
        query, peer = sock.recvfrom(4096)
        try:
            sock.sendto(answer(query), peer)
        except (IndexError, struct.error):
            pass


if __name__ == "__main__":
    main()
