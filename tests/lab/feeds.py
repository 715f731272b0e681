#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""feeds.py intel_feeds|benign_feeds OUT.pcap: traffic that meets indicators of a feed, and traffic beside them. The feed of each
is in its scenario's folder. Names, addresses and contents are invented; the same bytes in every run."""
import sys

from talk import T0, Tcp, Wire, lookup

CLIENT, OTHER, SERVER = "10.20.1.10", "10.20.1.11", "10.20.2.20"
LISTED, SHARED, SCANNER = "203.0.113.66", "203.0.113.80", "198.51.100.99"
SECOND = 10**9


def get(wire, time, client, server, host, path, port):
    head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\n\r\n".encode()
    reply = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok"
    return Tcp(wire, time, (client, port), (server, 80)).say(head).answer(reply).close()


def intel_feeds(wire):
    """A listed name is resolved, a listed URL fetched from it, a listed network reached; a listed scanner gets into a service."""
    time = lookup(wire, T0, CLIENT, "update.badcdn.example", SHARED)
    get(wire, time, CLIENT, SHARED, "update.badcdn.example", "/load/stage2?id=7", 40001)
    Tcp(wire, T0 + 20 * SECOND, (OTHER, 40002), (LISTED, 8443)).say(bytes(range(200))).answer(bytes(100)).close()
    Tcp(wire, T0 + 40 * SECOND, (SCANNER, 40003), (SERVER, 8080)).say(b"\x01\x02hello\r\n").answer(b"\x03welcome\r\n").close()


def benign_feeds(wire):
    """The feed lists what nobody may: a resolver, a private range, a service, a suffix; and neighbours of what is talked to."""
    time = lookup(wire, T0, CLIENT, "www.dropbox.com", SHARED)
    time = get(wire, time, CLIENT, SHARED, "www.dropbox.com", "/", 40001)
    time = lookup(wire, time + SECOND, CLIENT, "mine.github.io", SHARED)
    time = get(wire, time, CLIENT, SHARED, "mine.github.io", "/other", 40002)
    time = lookup(wire, time + SECOND, OTHER, "sub.listed.example", SHARED)
    get(wire, time, OTHER, SHARED, "sub.listed.example", "/", 40003)
    Tcp(wire, T0 + 60 * SECOND, (OTHER, 40004), ("8.8.8.8", 853)).say(bytes(200)).answer(bytes(100)).close()
    Tcp(wire, T0 + 61 * SECOND, (CLIENT, 40005), (SERVER, 8080)).say(b"\x01hello\r\n").answer(b"\x02\r\n").close()


SCENARIOS = {f.__name__: f for f in (intel_feeds, benign_feeds)}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in SCENARIOS:
        raise SystemExit(__doc__)
    wire = Wire()
    SCENARIOS[sys.argv[1]](wire)
    wire.write(sys.argv[2])


if __name__ == "__main__":
    main()
