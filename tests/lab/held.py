#!/usr/bin/env python3
"""Connections that are held for hours, heads only.

usage: held.py OUT.pcap

10.20.1.7 holds one to 203.0.113.90:8088 in no known protocol for 13 hours, a few bytes each minute; 10.20.1.8 holds as long a one to a
chat service, by name.
"""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "office"))
from office import RESOLVER, START  # noqa: E402
from wire import Wire, address, hello  # noqa: E402

HOURS = 13


def main():
    rng = random.Random(5)
    with open(sys.argv[1], "wb") as out:
        wire = Wire(out, rng)
        length, pieces = HOURS * 3600 + 60, HOURS * 60
        chat = address("203.0.113.20")
        wire.dns(START - 0.1, address("10.20.1.8"), RESOLVER, "wss-primary.slack.com", chat)
        wire.tcp(START, address("10.20.1.8"), chat, 443, 40 * pieces + 700, 60 * pieces + 3000, length, hello("wss-primary.slack.com", rng), pieces=pieces)
        wire.tcp(START + 1, address("10.20.1.7"), address("203.0.113.90"), 8088, 24 * pieces, 40 * pieces, length, rng.randbytes(24), pieces=pieces)
        wire.flush(START + 2 * length)


if __name__ == "__main__":
    main()
