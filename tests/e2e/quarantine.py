#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""quarantine.py --responder PROGRAM --exfilctl PROGRAM --enemy PROGRAM: who is cut off is cut off, and nobody else.

A gateway in a namespace between two clients and a server, with real nftables and conntrack. Needs root."""
import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time

import harness
import live_net

CONFIG = """
networks:
  - {name: mgmt, prefixes: [10.71.1.99/32]}
quarantine: {mode: MODE, ttl: 1h, max: 8, per_minute: 60, never: [10.71.2.250, "zone:mgmt"]}
redis: {url: "redis://10.71.2.251:6379/0"}
"""


class Gateway:
    """client a (10.71.1.2, 10.71.1.3), gateway g, server s (10.71.2.2); a responder on the gateway."""

    def __init__(self, arguments):
        self.o, self.nets = arguments, live_net.Nets("a", "g", "s")
        self.folder = tempfile.mkdtemp(prefix="exfild-quarantine-")
        self.socket = self.folder + "/socket"
        self.process = None

    def __enter__(self):
        self.nets.__enter__()
        n = self.nets
        for client, inner, net in (("a", "g0", 1), ("s", "g1", 2)):
            live_net.sh(f"ip link add e0 netns {n.of(client)} type veth peer name {inner} netns {n.of('g')}")
            n.ip(client, "link set e0 up")
            n.ip("g", f"link set {inner} up")
            n.ip("g", f"addr add 10.71.{net}.1/24 dev {inner}")
            n.ip("g", f"-6 addr add fd71:{net}::1/64 dev {inner} nodad")
            n.ip(client, f"addr add 10.71.{net}.2/24 dev e0")
            n.ip(client, f"-6 addr add fd71:{net}::2/64 dev e0 nodad")
            n.ip(client, f"route add default via 10.71.{net}.1")
            n.ip(client, f"-6 route add default via fd71:{net}::1")
        n.ip("a", "addr add 10.71.1.3/24 dev e0")
        n.ip("a", "addr add 10.71.1.99/24 dev e0")
        n.ip("a", "-6 addr add fd71:1::3/64 dev e0 nodad")
        n.run("g", "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
        # a stateful filter of others, whose fast path for established connections must not help
        self.theirs()
        return self

    def __exit__(self, *_):
        self.kill()
        self.nets.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, mode="enforce"):
        config = self.folder + "/exfild.yaml"
        with open(config, "w", encoding="utf-8") as stream:
            stream.write(CONFIG.replace("MODE", mode))
        os.chmod(self.folder, 0o755)
        os.chmod(config, 0o644)
        state = self.folder + "/state"
        os.makedirs(state, exist_ok=True)
        with open(self.folder + "/log", "ab") as log:
            self.process = subprocess.Popen(["ip", "netns", "exec", self.nets.of("g"), self.o.responder, "-c", config, "-s", self.socket,
                                             "-d", state, "-u", "nobody"], stderr=log, stdout=log)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.ask("list").returncode:
            time.sleep(0.05)

    def kill(self, number=9):
        if self.process:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None

    def log(self):
        with open(self.folder + "/log", encoding="utf-8", errors="replace") as stream:
            return stream.read()

    def ask(self, *words):
        return subprocess.run([self.o.exfilctl, "-s", self.socket, "--reason", "a test", "quarantine", *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)

    def state(self):
        done = subprocess.run([self.o.exfilctl, "-s", self.socket, "--json", "quarantine", "list"], stdout=subprocess.PIPE, check=False)
        return json.loads(done.stdout)

    def pings(self, source, target):
        command = f"ip netns exec {self.nets.of('a')} ping -n -c 1 -W 1 -I {source} {target}"
        return subprocess.run(command.split(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0

    def nft(self, words):
        return subprocess.run(["ip", "netns", "exec", self.nets.of("g"), "nft", *words.split()], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False).stdout

    def theirs(self):
        for line in ("add table inet theirs", "add chain inet theirs f { type filter hook forward priority 0 ; }",
                     "add rule inet theirs f ct state established accept"):
            self.nft(line)

    def wait(self, condition, seconds=10):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                return True
            time.sleep(0.1)
        return condition()


def established(gateway):
    """A TCP connection from 10.71.1.2 to the server: (client's socket, server's)."""
    def listen():
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("10.71.2.2", 0))
        s.listen()
        return s
    listener = gateway.nets.inside("s", listen)

    def connect():
        s = socket.socket()
        s.settimeout(5)
        s.bind(("10.71.1.2", 0))
        s.connect(listener.getsockname())
        return s
    client = gateway.nets.inside("a", connect)
    server = listener.accept()[0]
    listener.close()
    return client, server


def passes(client, server):
    server.settimeout(1)
    client.send(b"x")
    try:
        return server.recv(1) == b"x"
    except OSError:
        return False


def cut_off(check, gateway):
    """A host: new and established connections, IPv4 and IPv6, dead; others are not touched; release brings it back."""
    gateway.start()
    check(gateway.wait(lambda: gateway.pings("10.71.1.2", "10.71.2.2") and gateway.pings("fd71:1::2", "fd71:2::2")), "all pass before")
    client, server = established(gateway)
    check(passes(client, server), "a connection works")
    began = time.monotonic()
    done = gateway.ask("add", "10.71.2.2", "10.71.1.2")
    check(done.returncode == 0 and time.monotonic() - began < 1, "a pair is cut off within a second", done.stdout)
    check(not gateway.pings("10.71.1.2", "10.71.2.2"), "the pair cannot talk")
    check(gateway.pings("10.71.1.3", "10.71.2.2"), "others can")
    check(not passes(client, server), "nor goes its connection on")
    check("10.71.1.2" not in gateway.nets.run("g", "conntrack -L 2>/dev/null || true"), "no connection of it is tracked any more")
    check(gateway.ask("release", "10.71.2.2", "10.71.1.2").returncode == 0 and gateway.pings("10.71.1.2", "10.71.2.2"), "released, it can")
    done = gateway.ask("add", "peer", "10.71.2.2")
    check(done.returncode == 0 and not gateway.pings("10.71.1.3", "10.71.2.2"), "an outside address is cut off for all", done.stdout)
    check(gateway.ask("release", "peer", "10.71.2.2").returncode == 0, "and released")


def all_addresses(check, gateway):
    """A host on the link is all addresses of its MAC, unless one of them must never be cut off."""
    for address in ("10.71.1.2", "10.71.1.3"):
        gateway.pings(address, "10.71.1.1")
    done = gateway.ask("add", "fd71:1::2")
    check(done.returncode == 0 and not gateway.pings("fd71:1::3", "fd71:2::2"), "its next IPv6 address is cut off too", done.stdout)
    check(not gateway.pings("10.71.1.2", "10.71.2.2"), "and its IPv4 address")
    check(gateway.ask("release", "fd71:1::2").returncode == 0 and gateway.pings("fd71:1::3", "fd71:2::2")
          and gateway.pings("10.71.1.2", "10.71.2.2"), "one release brings all back", gateway.nft("list table inet exfild"))
    # the host of the management zone answers on the same MAC now
    gateway.pings("10.71.1.99", "10.71.1.1")
    done = gateway.ask("add", "10.71.1.2")
    check(done.returncode == 0 and gateway.pings("10.71.1.99", "10.71.2.2"), "a MAC that has a protected address is not used", done.stdout)
    check(not gateway.pings("10.71.1.2", "10.71.2.2"), "the address itself is cut off")
    gateway.ask("release", "10.71.1.2")


def never(check, gateway):
    """Each kind that is never cut off."""
    for address, why in (("10.71.1.1", "an address of this machine"), ("fd71:2::1", "an address of this machine"),
                         ("10.71.1.255", "broadcast"), ("0.0.0.0", "no address"), ("255.255.255.255", "broadcast"), ("224.0.0.1", "multicast"),
                         ("ff02::1", "multicast"), ("127.0.0.1", "loopback"), ("169.254.169.254", "link-local"), ("fe80::1", "link-local"),
                         ("10.71.2.250", "quarantine.never"), ("10.71.1.99", "zone mgmt"), ("10.71.2.251", "redis")):
        done = gateway.ask("add", address)
        check(done.returncode == 1 and "never cut off" in done.stdout and why in done.stdout, f"{address} is refused: {why}", done.stdout)
    gateway.nets.ip("g", "route add 10.72.0.0/16 via 10.71.2.9")
    check("gateway" in gateway.ask("add", "10.71.2.9").stdout, "the next hop of a route that came just now is refused")
    check(gateway.ask("protect", "10.71.2.77").returncode == 0 and "role" in gateway.ask("add", "10.71.2.77").stdout, "so is a learnt role")
    done = gateway.ask("add", "0.0.0.0/0")
    check(done.returncode == 2, "a prefix cannot even be asked for", done.stdout)
    check(gateway.state()["decisions"] == [], "nothing of it is in effect")


def ends(check, gateway):
    """Ends by itself; asked for again it ends later; caps hold."""
    check(gateway.ask("add", "10.71.2.2", "10.71.1.2", "2s").returncode == 0 and not gateway.pings("10.71.1.2", "10.71.2.2"), "for two seconds")
    check(gateway.wait(lambda: gateway.pings("10.71.1.2", "10.71.2.2")), "then it is back")
    check(gateway.wait(lambda: gateway.state()["decisions"] == []), "and off the list")
    for _ in range(3):
        gateway.ask("add", "10.71.2.2", "10.71.1.2", "100s")
    elements = gateway.nft("list set inet exfild pair4")
    left = re.search(r"timeout (\d+)m(\d+)s", elements)
    check(left and int(left[1]) * 60 + int(left[2]) > 350, "asked for three times it ends after 400 s instead of 100", elements)
    check(gateway.state()["decisions"][0]["repeats"] == 2, "one decision, two repeats")
    for i in range(8):
        gateway.ask("add", f"10.71.2.{100 + i}")
    done = gateway.ask("add", "10.71.2.120")
    check(done.returncode == 1 and "quarantine.max" in done.stdout and len(gateway.state()["decisions"]) == 8, "no more than max", done.stdout)


def survives(check, gateway):
    """kill -9 and a restart of the machine: the sets equal the decisions."""
    before = gateway.state()["decisions"]
    gateway.kill()
    check(not gateway.pings("10.71.1.2", "10.71.2.2"), "the responder is killed: what was cut off still is")
    gateway.nft("flush ruleset")
    gateway.start()
    after = gateway.state()["decisions"]
    check([d["host"] for d in before] == [d["host"] for d in after], "a restart knows all decisions", after)
    check(not gateway.pings("10.71.1.2", "10.71.2.2"), "and they are in effect again")
    elements = gateway.nft("list table inet exfild").count(" expires ")
    check(elements == len(after), "as many elements as decisions", elements)


def tampered(check, gateway):
    """Rules that someone takes away are put back once; the rules of others stay as they are."""
    gateway.theirs()
    theirs = gateway.nft("list table inet theirs")
    gateway.nft("delete table inet exfild")
    check(gateway.wait(lambda: gateway.state()["restored"] == 1), "the loss is seen", gateway.log()[-400:])
    check(not gateway.pings("10.71.1.2", "10.71.2.2"), "and mended")
    gateway.nft("delete table inet exfild")
    check(gateway.wait(lambda: gateway.state()["mode"] == "stopped"), "the second time it stops", gateway.log()[-400:])
    check("stopped" in gateway.log() and gateway.pings("10.71.1.2", "10.71.2.2"), "and says so")
    check(gateway.nft("list table inet theirs") == theirs, "the rules of others are as they were")
    check(gateway.ask("on").returncode == 0 and gateway.state()["mode"] == "enforce", "an administrator starts it again")


def break_glass(check, gateway):
    """off, by command or by a file of that name, holds over a restart."""
    gateway.ask("add", "10.71.2.2", "10.71.1.2")
    check(gateway.ask("off").returncode == 0 and gateway.pings("10.71.1.2", "10.71.2.2"), "off releases all at once")
    check("off" in gateway.ask("add", "10.71.2.2", "10.71.1.2").stdout and "exfild" not in gateway.nft("list tables"), "and no rule is left")
    acts = gateway.ask("log").stdout
    check(all(word in acts for word in ("extended pair 10.71.2.2 - 10.71.1.2", "off all", "refused")), "each act is in the log", acts[-600:])
    gateway.kill(15)
    gateway.start()
    check(gateway.state()["mode"] == "off" and gateway.state()["decisions"] == [], "a restart does not change it")
    os.unlink(gateway.folder + "/state/quarantine.off")
    check(gateway.wait(lambda: gateway.state()["mode"] == "enforce"), "without the file it is on again")
    with open(gateway.folder + "/state/quarantine.off", "w", encoding="utf-8"):
        pass
    check(gateway.wait(lambda: gateway.state()["mode"] == "off"), "the file alone is enough")
    gateway.ask("on")


def dry_run(check, gateway):
    """The default cuts nobody off, and shows what would have been."""
    gateway.kill(15)
    gateway.start("dry-run")
    done = gateway.ask("add", "10.71.2.2", "10.71.1.2")
    check(done.returncode == 0 and "dry run" in done.stdout and gateway.pings("10.71.1.2", "10.71.2.2"), "a dry run", done.stdout)
    check("exfild" not in gateway.nft("list tables"), "makes no rules", gateway.nft("list tables"))
    gateway.kill(15)
    gateway.nets.run("g", "sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0")
    gateway.start("enforce")
    check(gateway.state()["mode"] == "dry-run" and "forwards no packets" in gateway.log(), "enforce is refused where nothing is forwarded")
    gateway.nets.run("g", "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")


def least_power(check, gateway):
    """What it holds: CAP_NET_ADMIN, and a configuration that others can write is none."""
    gateway.kill(15)
    gateway.start("enforce")
    pid = gateway.process.pid
    with open(f"/proc/{pid}/status", encoding="utf-8") as stream:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in stream if ":\t" in line)
    check(int(status["CapEff"], 16) == 1 << 12 and int(status["CapBnd"], 16) == 1 << 12, "one capability", status["CapEff"])
    check(status["NoNewPrivs"] == "1", "no new privileges")
    gateway.kill(15)
    os.chmod(gateway.folder + "/exfild.yaml", 0o666)
    done = subprocess.run([gateway.o.responder, "-c", gateway.folder + "/exfild.yaml", "-s", gateway.socket, "-d", gateway.folder + "/state"],
                          stderr=subprocess.PIPE, timeout=20, check=False)
    check(done.returncode == 1 and b"writable by nobody else" in done.stderr, "it does not start with it", done.stderr)


def hostile_daemon(check, gateway):
    """A daemon that was taken over sends what it likes: nothing beyond the capped requests comes of it."""
    gateway.kill(15)
    gateway.start("enforce")
    for decision in gateway.state()["decisions"]:
        gateway.ask("release", decision["kind"], *[decision[k] for k in ("host", "peer") if k in decision])
    gateway.ask("add", "10.71.2.55")
    command = ["ip", "netns", "exec", gateway.nets.of("g"), gateway.o.enemy, gateway.socket, "20000"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    check(done.returncode == 0, "20,000 requests, random and nearly right", done.stdout[-400:])
    state = gateway.state()
    check(state["mode"] == "enforce" and len(state["decisions"]) <= 8, "the mode stays, the cap holds", state["mode"])
    check(any(d["host"] == "10.71.2.55" for d in state["decisions"]), "what an administrator cut off it cannot release")
    own = [d for d in state["decisions"] if d["host"].startswith(("10.71.1.1", "127.", "10.71.2.25")) and d["host"] in
           ("10.71.1.1", "10.71.2.1", "127.0.0.1", "10.71.2.250", "10.71.2.251")]
    check(not own, "nobody of the never-list is cut off", own)
    check(gateway.pings("10.71.1.2", "10.71.1.1"), "the gateway is reached")
    print(done.stdout.strip())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("responder", "exfilctl", "enemy"):
        parser.add_argument("--" + name, required=True)
    arguments = parser.parse_args()
    live_net.need()
    for tool in ("nft", "conntrack", "ping"):
        if not shutil.which(tool):
            harness.skip(f"{tool} is not installed")
    check = harness.Checks()
    with contextlib.ExitStack() as stack:
        gateway = stack.enter_context(Gateway(arguments))
        for part in (cut_off, all_addresses, never, ends, survives, tampered, break_glass, dry_run, least_power, hostile_daemon):
            print(f"{part.__name__}: {part.__doc__}", flush=True)
            try:
                part(check, gateway)
            except Exception as error:  # pylint: disable=broad-except
                check(False, part.__name__, f"{type(error).__name__}: {error}; {gateway.log()[-600:]}")
    return check.end()


if __name__ == "__main__":
    raise SystemExit(main())
