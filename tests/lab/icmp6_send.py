#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""icmp6_send.py [--size 1000] [--interval 0.05] ADDRESS FILE: send a file in ICMPv6 echo requests, in order."""
import argparse
import os
import socket
import struct
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--interval", type=float, default=0.05)
    parser.add_argument("address")
    parser.add_argument("file")
    options = parser.parse_args()
    with open(options.file, "rb") as stream:
        data = stream.read()
    sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    for number, start in enumerate(range(0, len(data), options.size)):
        head = struct.pack(">BBHHH", 128, 0, 0, os.getpid() & 0xffff, number & 0xffff)
        sock.sendto(head + data[start:start + options.size], (options.address, 0))
        time.sleep(options.interval)


if __name__ == "__main__":
    main()
