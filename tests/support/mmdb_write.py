#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes databases in MaxMind's format (MaxMind DB File Format Specification 2.0), for the tests.

usage: mmdb_write.py country|as FILE [PREFIX=VALUE ...]

country: PREFIX=DE, or DE* for anycast; as: PREFIX=64500:Name of it. Without prefixes the tables below, all of addresses for documentation."""
import ipaddress
import struct
import sys

COUNTRY = {"203.0.113.0/24": "DE", "198.51.100.0/25": "CN", "198.51.100.128/25": "US", "2001:db8:1::/48": "FR"}
AS = {"203.0.113.0/24": "64500:Example Net", "198.51.100.0/24": "64501:Other Net", "2001:db8::/32": "64502:Sixth Net"}
MARK = b"\xab\xcd\xefMaxMind.com"


def head(kind, size):
    """The control byte of a value, its type extended where that is over 7."""
    assert size < 285
    short = min(size, 29)
    first = bytes([kind << 5 | short]) if kind <= 7 else bytes([short, kind - 7])
    return first + (bytes([size - 29]) if short == 29 else b"")


def encode(value):
    if isinstance(value, bool):
        return bytes([int(value), 14 - 7])
    if isinstance(value, str):
        data = value.encode()
        return head(2, len(data)) + data
    if isinstance(value, dict):
        return head(7, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())
    if isinstance(value, list):
        return head(11, len(value)) + b"".join(map(encode, value))
    kind, number = value
    data = number.to_bytes(8, "big").lstrip(b"\0")
    return head(kind, len(data)) + data


def uint16(n):
    return (5, n)


def uint32(n):
    return (6, n)


def uint64(n):
    return (9, n)


def bits_of(prefix):
    """An IPv4 prefix lies below ::/96."""
    net = ipaddress.ip_network(prefix)
    number, length = int(net.network_address), net.prefixlen + (96 if net.version == 4 else 0)
    return [number >> (127 - i) & 1 for i in range(length)]


def write(path, kind, rows):
    nodes, data, places = [[None, None]], b"", {}
    for prefix, record in rows:
        coded = encode(record)
        if coded not in places:
            places[coded] = len(data)
            data += coded
        bits, at = bits_of(prefix), 0
        for bit in bits[:-1]:
            if nodes[at][bit] is None:
                nodes.append([None, None])
                nodes[at][bit] = len(nodes) - 1
            at = nodes[at][bit]
        nodes[at][bits[-1]] = ("data", places[coded])
    count = len(nodes)
    tree = b""
    for node in nodes:
        for side in node:
            number = count if side is None else side if isinstance(side, int) else count + 16 + side[1]
            tree += struct.pack(">I", number)[1:]
    about = {"binary_format_major_version": uint16(2), "binary_format_minor_version": uint16(0), "build_epoch": uint64(1700000000),
             "database_type": kind, "description": {"en": "for tests"}, "ip_version": uint16(6), "languages": ["en"],
             "node_count": uint32(count), "record_size": uint16(24)}
    with open(path, "wb") as out:
        out.write(tree + bytes(16) + data + MARK + encode(about))


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("country", "as"):
        sys.exit(__doc__)
    rows = dict(text.split("=", 1) for text in sys.argv[3:]) or (COUNTRY if sys.argv[1] == "country" else AS)
    if sys.argv[1] == "country":
        records = [(prefix, dict({"country": {"iso_code": code.rstrip("*")}}, **({"traits": {"is_anycast": True}} if code.endswith("*") else {}))) for prefix, code in rows.items()]
        write(sys.argv[2], "Test-Country", records)
    else:
        split = [(prefix, text.split(":", 1)) for prefix, text in rows.items()]
        records = [(prefix, {"autonomous_system_number": uint32(int(number)), "autonomous_system_organization": name})
                   for prefix, (number, name) in split]
        write(sys.argv[2], "Test-ASN", records)


if __name__ == "__main__":
    main()
