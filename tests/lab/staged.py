#!/usr/bin/env python3
"""A pull from a file server and a push to the outside, heads only.

usage: staged.py OUT.pcap

10.20.1.7 reads 24 MB from 10.20.0.10 by SMB and sends 22 MB to a name that no list knows, 25 minutes later;
10.20.1.8 reads as much and sends nothing; 10.20.1.9 sends 6 MB and has read nothing.
"""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "office"))
from office import NEGOTIATE, RESOLVER, START  # noqa: E402
from wire import Wire, address, hello  # noqa: E402

SERVER, SITE = address("10.20.0.10"), address("203.0.113.77")


def main():
    rng = random.Random(4)
    with open(sys.argv[1], "wb") as out:
        wire = Wire(out, rng)

        def push(now, client, size):
            wire.dns(now - 0.03, client, RESOLVER, "up.sharebox.example", SITE)
            wire.tcp(now, client, SITE, 443, size, 5000, size / 2e6, hello("up.sharebox.example", rng), pieces=3)
        for host in ("10.20.1.7", "10.20.1.8"):
            wire.tcp(START, address(host), SERVER, 445, 400000, 24000000, 30, NEGOTIATE, pieces=3)
        push(START + 1530, address("10.20.1.7"), 22000000)
        push(START + 1600, address("10.20.1.9"), 6000000)
        wire.flush(START + 9999)


if __name__ == "__main__":
    main()
