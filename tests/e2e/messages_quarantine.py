#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""messages_quarantine.py --exfild P --exfilctl P --responder P: signed requests to cut somebody off, and decisions as messages.

Two clients, a gateway and a server in namespaces, real nftables, a real Redis, exfild as a user of no rights and its responder on the
gateway. A signed request cuts a host off within the responder's caps and never-list, a forged one does nothing; each decision comes as a
line of JSON on the channel quarantine: made, extended, released, refused, expired, and in a dry run that it is one. Needs root."""
import argparse
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time

import harness
import live_net
from messages import KEY, message
from redis_publish import Server, Subscriber

STREAM = "quarantine:requests"
CONFIG = """
networks: [{name: office, prefixes: [10.74.1.0/24]}, {name: servers, prefixes: [10.74.2.0/24]}]
quarantine: {mode: MODE, ttl: 1h, max: 4, per_minute: 3, never: [10.74.1.12], socket: "FOLDER/responder.sock"}
redis: {url: "URL", signed: {key_file: FOLDER/key, quarantine: true}}
policy: {files: []}
"""


class Lab:
    def __init__(self, arguments, mode):
        self.o, self.mode = arguments, mode
        self.nets = live_net.Nets("a", "b", "g", "s")
        self.folder = tempfile.mkdtemp(prefix="exfild-requests-")
        self.responder = self.live = self.redis = None

    def __enter__(self):
        self.nets.__enter__()
        n = self.nets
        n.ip("g", "link add br0 type bridge")
        n.ip("g", "link set br0 up")
        for client, last in (("a", 10), ("b", 11)):
            live_net.sh(f"ip link add e0 netns {n.of(client)} type veth peer name p{client} netns {n.of('g')}")
            n.ip("g", f"link set p{client} master br0 up")
            n.ip(client, "link set e0 up")
            n.ip(client, f"addr add 10.74.1.{last}/24 dev e0")
            n.ip(client, "route add default via 10.74.1.1")
        n.ip("b", "addr add 10.74.1.12/24 dev e0")
        live_net.sh(f"ip link add e0 netns {n.of('s')} type veth peer name g1 netns {n.of('g')}")
        n.ip("s", "link set e0 up")
        n.ip("g", "link set g1 up")
        for where, device, address in (("g", "br0", "10.74.1.1/24"), ("g", "g1", "10.74.2.1/24"), ("s", "e0", "10.74.2.20/24")):
            n.ip(where, f"addr add {address} dev {device}")
        n.ip("s", "route add default via 10.74.2.1")
        n.run("g", "sysctl -qw net.ipv4.ip_forward=1")
        os.chmod(self.folder, 0o755)
        self.redis = Server(self.folder, "--unixsocketperm", "777")
        for name, text, mode in (("key", KEY, 0o600), ("exfild.yaml", CONFIG.replace("MODE", self.mode).replace("FOLDER", self.folder).replace(
                "URL", self.redis.url), 0o644)):
            with open(f"{self.folder}/{name}", "w", encoding="utf-8") as stream:
                stream.write(text)
            os.chmod(f"{self.folder}/{name}", mode)
        shutil.chown(self.folder + "/key", "nobody")
        os.makedirs(self.folder + "/state")
        with open(self.folder + "/responder.log", "ab") as log:
            self.responder = subprocess.Popen(
                ["ip", "netns", "exec", n.of("g"), self.o.responder, "-c", self.folder + "/exfild.yaml", "-s", self.folder + "/responder.sock",
                 "-d", self.folder + "/state", "-u", "nobody"], stderr=log, stdout=log)
        self.wait(lambda: self.ask("list").returncode == 0, 20)
        self.heard = Subscriber(self.redis.path, "exfild:quarantine")
        self.heard.start()
        less = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "+net_raw", "--ambient-caps",
                "+net_raw", "--bounding-set", "-all,+net_raw")
        self.live = live_net.Live(n, "g", self.o.exfild, "-i", "br0", "-c", self.folder + "/exfild.yaml", "--set", f"redis.url={self.redis.url}",
                                  owner=65534, before=less)
        time.sleep(1.5)
        return self

    def __exit__(self, *_):
        if self.live:
            self.live.close()
        if self.responder:
            self.responder.kill()
            self.responder.wait()
        if self.redis:
            self.redis.client("PUBLISH", "exfild:quarantine", "end")
            self.heard.join(5)
            self.redis.stop()
        self.nets.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, *words):
        return subprocess.run([self.o.exfilctl, "-s", self.folder + "/responder.sock", "quarantine", *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)

    def pings(self, client):
        command = f"ip netns exec {self.nets.of(client)} ping -n -c 1 -W 1 10.74.2.20"
        return subprocess.run(command.split(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0

    def wait(self, condition, seconds=6.0):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def send(self, key=KEY, **body):
        self.redis.client("XADD", "exfild:" + STREAM, "*", *message(body, stream=STREAM, key=key))

    def decisions(self, word, host=None):
        lines = [json.loads(line) for line in self.heard.got]
        return [d for d in lines if d["decision"] == word and host in (None, d.get("host"))]


def enforced(check, lab):
    """Within the caps and the never-list, and no further."""
    check(lab.pings("a") and lab.pings("b"), "both clients work")
    began = time.monotonic()
    lab.send(action="add", host="10.74.1.10", ttl="4s", reason="case 12")
    check(lab.wait(lambda: not lab.pings("a"), 3), "a signed request cuts the host off", lab.live.err()[-600:])
    print(f"    {time.monotonic() - began:.2f} s with the ping's second")
    check(lab.pings("b"), "another host is not touched")
    check(lab.wait(lambda: lab.decisions("made", "10.74.1.10")), "the decision is a message", lab.heard.got)
    made = (lab.decisions("made", "10.74.1.10") or [{}])[0]
    check(made.get("dry_run") is False and made.get("rule") == "message:quarantine" and made.get("reason") == "case 12" and "until" in made,
          "with rule, reason and end", made)
    lab.send(action="add", host="10.74.1.10", ttl="4s", reason="case 12 again")
    check(lab.wait(lambda: lab.decisions("extended", "10.74.1.10")), "asked again: extended", lab.heard.got)
    lab.send(action="release", host="10.74.1.10")
    check(lab.wait(lambda: lab.decisions("released", "10.74.1.10")) and lab.wait(lambda: lab.pings("a")), "released, and it works again")
    for host in ("10.74.1.12", "10.74.1.1", "255.255.255.255", "0.0.0.0"):
        lab.send(action="add", host=host, reason="never")
        check(lab.wait(lambda h=host: lab.decisions("refused", h)), f"{host} is refused, and said", lab.heard.got[-3:])
    lab.send(key="x" * 64, action="add", host="10.74.1.11", reason="forged")
    lab.send(action="add", host="10.74.1.0/24", reason="a prefix")
    time.sleep(1)
    check(lab.pings("b") and not lab.decisions("made", "10.74.1.11"), "forged, or a prefix: nothing happens")
    lab.ask("add", "10.74.1.11", "60s", "--reason", "by an administrator")
    check(lab.wait(lambda: lab.decisions("made", "10.74.1.11")), "what an administrator asks for is a message too", lab.heard.got[-3:])
    lab.send(action="release", host="10.74.1.11")
    time.sleep(1.5)
    check(not lab.decisions("released", "10.74.1.11") and not lab.pings("b"), "a message does not release what an administrator cut off",
          lab.heard.got[-3:])
    for last in range(30, 36):
        lab.send(action="add", host=f"10.74.1.{last}", reason="many")
    check(lab.wait(lambda: len(lab.decisions("made")) + len([d for d in lab.decisions("refused") if d.get("status") != "never"]) >= 7, 8),
          "a burst is answered", lab.heard.got[-8:])
    many = [d for d in lab.decisions("made") if d["host"].startswith("10.74.1.3")]
    check(len(many) <= 3, "and stays inside the caps", many)
    check(any(a["rule"]["id"] == "sensor_message" for a in lab.live.alerts()), "refusals are an alert")


def dry(check, lab):
    """In a dry run the message says so, and nobody is cut off."""
    lab.send(action="add", host="10.74.1.10", reason="case 13")
    check(lab.wait(lambda: lab.decisions("made", "10.74.1.10")), "the decision is a message", lab.heard.got)
    check(lab.decisions("made")[0]["dry_run"] is True and lab.decisions("made")[0]["mode"] == "dry-run", "which says that it is a dry run")
    check(lab.pings("a"), "and nobody is cut off")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("exfild", "exfilctl", "responder"):
        parser.add_argument("--" + name, required=True)
    arguments = parser.parse_args()
    live_net.need()
    for tool in ("nft", "conntrack", "ping", "redis-server", "setpriv"):
        if not shutil.which(tool):
            harness.skip(f"{tool} is not installed")
    check = harness.Checks()
    for mode, part in (("enforce", enforced), ("dry-run", dry)):
        print(f"{part.__name__}: {part.__doc__}", flush=True)
        with contextlib.ExitStack() as stack:
            part(check, stack.enter_context(Lab(arguments, mode)))
    return check.end()


if __name__ == "__main__":
    raise SystemExit(main())
