#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""live_feeds.py --exfild PROGRAM --exfilctl PROGRAM: a feed's file changes under a running exfild.

A client, and a server behind the interface that is watched. The feed is reached through a folder that is a link. It is moved into place, written anew, and the
link turned to another folder: each time what it lists now is found within a second. Then it lists the digest of a file: fetched over HTTP, the file is an alert,
with its name. Needs root, iproute2, ethtool."""
import hashlib
import os
import socket
import subprocess
import tempfile
import threading
import time

import harness
import live_net

FILE = bytes(range(256)) * 400


def put(path, text):
    with open(path, "w", encoding="ascii") as out:
        out.write(text + "\n")


def serve(nets):
    server = nets.inside("s", lambda: socket.create_server(("0.0.0.0", 80)))

    def answer():
        while True:
            peer = server.accept()[0]
            peer.recv(1000)
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(FILE) + FILE)
            peer.close()
    threading.Thread(target=answer, daemon=True).start()


def fetch(nets):
    def go():
        with socket.create_connection(("198.51.100.2", 80), 5) as s:
            s.sendall(b"GET /tools/loader.bin HTTP/1.1\r\nHost: x.example\r\n\r\n")
            while s.recv(65536):
                pass
    nets.inside("c", go)


def feeds(check, o, nets, folder):
    link, path = os.path.join(folder, "now"), os.path.join(folder, "now", "list.txt")
    for day in ("one", "two"):
        os.mkdir(os.path.join(folder, day))
        put(os.path.join(folder, day, "list.txt"), f"first-{day}.bad-example.test")
    os.symlink("one", link)
    config = os.path.join(folder, "exfild.yaml")
    put(config, f"intel: {{feeds: [{{name: lab, file: {path}}}]}}\nsignatures: {{directories: []}}")
    with live_net.Live(nets, "s", o.exfild, "-i", "s0", "--inside", "10.73.1.0/24", "-c", config) as live:
        def search(value):
            return subprocess.run([o.exfilctl, "-s", live.control, "intel", "search", value], stdout=subprocess.PIPE, check=False).stdout.decode()

        def listed(value):
            return "lab" in search(value)

        def soon(value, what):
            began = time.monotonic()
            while not listed(value) and time.monotonic() - began < 5:
                time.sleep(0.02)
            took = time.monotonic() - began
            check(took < 1, f"{what}: live within a second", f"{took:.2f} s {live.err()[-500:]}")

        soon("first-one.bad-example.test", "at the start")
        put(path + ".new", "second.bad-example.test")
        os.rename(path + ".new", path)
        soon("second.bad-example.test", "moved into place")
        put(path, "third.bad-example.test")
        soon("third.bad-example.test", "written anew")
        os.symlink("two", link + ".new")
        os.rename(link + ".new", link)
        soon("first-two.bad-example.test", "the folder is another one")
        put(path, "domain,confidence,severity,tlp,first_seen,valid_until,description\ntold.bad-example.test,70,high,TLP:AMBER,2026-01-02,2099-03-04,a loader\n")
        soon("told.bad-example.test", "with all that can be told")
        told = search("told.bad-example.test")
        for part in ("domain-name  lab:2  70 %", "severity high", "TLP:AMBER", "first seen 2026-01-02", "until 2099-03-04", "a loader"):
            check(part in told, f"search says: {part}", told)
        put(path, hashlib.sha256(FILE).hexdigest())
        soon(hashlib.sha256(FILE).hexdigest(), "a file's digest")
        time.sleep(1.5)  # capture is told once a second which digests are wanted
        fetch(nets)
        deadline = time.monotonic() + 6
        while not live.alerts() and time.monotonic() < deadline:
            time.sleep(0.05)
        said = [a["message"] for a in live.alerts() if a["rule"]["id"] == "intel:lab"]
        check(any("received the file loader.bin" in m for m in said), "the file that was fetched is known, with its name", said or live.err()[-500:])
        check(live.stop() == 0, "it ends well", live.err()[-500:])


def main():
    p = harness.parser(__doc__)
    p.add_argument("--exfilctl", required=True)
    o = p.parse_args()
    live_net.need()
    check = harness.Checks()
    with tempfile.TemporaryDirectory() as folder, live_net.Nets("c", "s") as nets:
        os.chmod(folder, 0o755)
        nets.link("c", "c0", "s", "s0")
        nets.ip("c", "addr add 10.73.1.2/24 dev c0")
        nets.ip("c", "route add default dev c0")
        nets.ip("s", "addr add 198.51.100.2/24 dev s0")
        nets.ip("s", "route add 10.73.1.0/24 dev s0")
        serve(nets)
        feeds(check, o, nets, folder)
    return check.end()


if __name__ == "__main__":
    raise SystemExit(main())
