#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""quarantine.py --exfild P --responder P --exfilctl P --enemy P: who is cut off is cut off, and nobody else.

A gateway in a namespace between two clients and a server, with real nftables and conntrack. Needs root. flowtable.py is the same where
a flowtable carries connections."""
import argparse
import contextlib
import datetime
import json
import os
import re
import shutil
import socket
import struct
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
    """client a (10.71.1.2, 10.71.1.3), gateway g, server s (10.71.2.2), `more` hosts on links of their own (10.71.3.2, ...); a responder
    on the gateway, which keeps its decisions in `state`."""

    def __init__(self, arguments, more=(), state=None, bridged=()):
        self.hosts = ("a", "s", *more)
        self.o, self.nets = arguments, live_net.Nets("g", *self.hosts, *bridged)
        self.folder = tempfile.mkdtemp(prefix="exfild-quarantine-")
        self.socket, self.kept = self.folder + "/socket", state or self.folder + "/state"
        self.process = None

    def __enter__(self):
        self.make()
        return self

    def make(self):
        """The namespaces with all that is in them, but for the responder."""
        self.nets.__enter__()
        n, gateway = self.nets, []
        live_net.batch("", [f"link add e0 address 02:71:00:00:00:0{net} netns {n.of(host)} type veth peer name g{net - 1} netns {n.of('g')}"
                            for net, host in enumerate(self.hosts, 1)])
        for net, host in enumerate(self.hosts, 1):
            n.ips(host, ["link set e0 up", f"addr add 10.71.{net}.2/24 dev e0", f"addr add fd71:{net}::2/64 dev e0 nodad",
                         f"route add default via 10.71.{net}.1", f"route add default via fd71:{net}::1"])
            gateway += [f"link set g{net - 1} up", f"addr add 10.71.{net}.1/24 dev g{net - 1}", f"addr add fd71:{net}::1/64 dev g{net - 1} nodad"]
        n.ips("g", gateway)
        n.ips("a", ["addr add 10.71.1.3/24 dev e0", "addr add 10.71.1.99/24 dev e0", "addr add fd71:1::3/64 dev e0 nodad"])
        n.run("g", "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
        # a stateful filter of others, whose fast path for established connections must not help
        self.theirs()

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
        os.makedirs(self.kept, exist_ok=True)
        with open(self.folder + "/log", "ab") as log:
            self.process = subprocess.Popen(["ip", "netns", "exec", self.nets.of("g"), self.o.responder, "-c", config, "-s", self.socket,
                                             "-d", self.kept, "-u", "nobody"], stderr=log, stdout=log)
        self.wait(lambda: self.ask("list").returncode == 0, 20)

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

    def daemon(self):
        """exfild on the gateway; its state stays."""
        return live_net.Live(self.nets, "g", self.o.exfild, "-i", "g0", "-c", self.folder + "/exfild.yaml",
                             "--set", "quarantine.socket=" + self.socket, "--set", f"state.directory={self.folder}/daemon")

    def pings(self, source, target, host="a"):
        return self.inside(host, f"ping -n -c 1 -W 1 -I {source} {target}").returncode == 0

    def nft(self, words):
        return self.inside("g", "nft " + words).stdout

    def inside(self, host, command):
        return self.nets.inside(host, lambda: subprocess.run(command.split(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                                             check=False))

    def theirs(self):
        self.nft("add table inet theirs ; add chain inet theirs f { type filter hook forward priority 0 ; } ; "
                 "add rule inet theirs f ct state established accept")

    def wait(self, condition, seconds=10):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                return True
            time.sleep(0.1)
        return condition()


def established(gateway, host="a", source="10.71.1.2", target="10.71.2.2"):
    """A TCP connection from the host to the server: (client's socket, server's)."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET

    def listen():
        s = socket.socket(family)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((target, 0))
        s.listen()
        return s
    listener = gateway.nets.inside("s", listen)

    def connect():
        s = socket.socket(family)
        s.settimeout(5)
        s.bind((source, 0))
        s.connect(listener.getsockname()[:2])
        return s
    client = gateway.nets.inside(host, connect)
    server = listener.accept()[0]
    listener.close()
    return client, server


def in_sets(gateway):
    """What nftables drops by: {(set, element): seconds left}."""
    found = {}
    for part in json.loads(gateway.nft("-j list table inet exfild"))["nftables"]:
        for element in part.get("set", {}).get("elem", []):
            value = element["elem"]["val"]
            value = tuple(value["concat"]) if isinstance(value, dict) else value
            found[part["set"]["name"], value] = element["elem"]["expires"]
    return found


def decided(gateway):
    """The same, as the responder's decisions have it: where two name the same, the later end counts."""
    wanted = {}
    for d in sorted(gateway.state()["decisions"], key=lambda d: d["until"]):
        left = datetime.datetime.fromisoformat(d["until"].replace("Z", "+00:00")).timestamp() - time.time()
        family = "6" if ":" in d["host"] else "4"
        name = {"pair": "pair", "slow": "slow"}.get(d["kind"], "host") + family
        wanted[name, (d["host"], d["peer"]) if "peer" in d else d["host"]] = left
        if "mac" in d:
            wanted["hostmac", d["mac"]] = left
    return wanted


def differences(gateway, apart=2):
    """Where sets and decisions do not agree, in words; apart: seconds that the responder may take to fill the sets."""
    began = time.monotonic()
    sets, wanted = in_sets(gateway), decided(gateway)
    apart += time.monotonic() - began  # between looking at the one and at the other
    # an address of a MAC that is cut off need not have been asked for
    neighbours = json.loads(gateway.inside("g", "ip -j neigh show").stdout or "[]")
    wanted.update({(name, n["dst"]): wanted["hostmac", n["lladdr"]] for n in neighbours for name in ("host4", "host6")
                   if (name, n["dst"]) in sets and ("hostmac", n.get("lladdr")) in wanted})
    return ([f"{e} is no decision" for e in sets.keys() - wanted.keys()] + [f"{e} is in no set" for e in wanted.keys() - sets.keys()] +
            [f"{e}: {sets[e]} s left instead of {wanted[e]:.0f}" for e in sets.keys() & wanted.keys() if abs(sets[e] - wanted[e]) > apart])


def passes(client, server):
    """Whether this very word arrives; what was said while nothing passed may come before it."""
    word, said = os.urandom(8), b""
    server.settimeout(1)
    try:
        client.send(word)
        while not said.endswith(word):
            more = server.recv(4096)
            if not more:
                return False
            said += more
    except OSError:
        return False
    return True


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
    # two decisions about one machine, as two alerts make them, and each ends for itself
    check(gateway.ask("add", "10.71.1.2", "1h").returncode == 0 and gateway.ask("add", "fd71:1::2", "20s").returncode == 0 and
          not differences(gateway), "two decisions about the same machine: it stays cut off until the later end", differences(gateway))
    gateway.ask("release", "fd71:1::2")
    check(not differences(gateway) and len(in_sets(gateway)) > 3 and not gateway.pings("fd71:1::3", "fd71:2::2"), "one is released, the other holds",
          differences(gateway))
    gateway.nets.ip("g", "neigh flush all")
    gateway.ask("add", "10.71.1.2", "1h")
    gateway.ask("release", "10.71.1.2")
    check(in_sets(gateway) == {} and gateway.pings("fd71:1::3", "fd71:2::2") and gateway.state()["restored"] == 0,
          "both are, after the gateway has forgotten its addresses, and nothing is left", in_sets(gateway))
    # the host of the management zone answers on the same MAC now
    gateway.pings("10.71.1.99", "10.71.1.1")
    done = gateway.ask("add", "10.71.1.2")
    check(done.returncode == 0 and gateway.pings("10.71.1.99", "10.71.2.2"), "a MAC that has a protected address is not used", done.stdout)
    check(not gateway.pings("10.71.1.2", "10.71.2.2"), "the address itself is cut off")
    gateway.ask("release", "10.71.1.2")


def udp(gateway, host, source, target, port):
    """A datagram of the host, with whatever source address: what a host on the link can write into a packet."""
    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as s:
            header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 76, 7, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(target))
            s.sendto(header + struct.pack(">HHHH", port, port, 56, 0) + b"\x23" + bytes(47), (target, 0))
    gateway.nets.inside(host, send)


def times(check, gateway):
    """A time server that is configured by its name, or by a pool: whom the gateway asks is known by its own packets alone."""
    check(gateway.ask("add", "10.71.2.240", "1s").returncode == 0, "nobody has asked it for the time yet: it can be cut off")
    gateway.ask("release", "10.71.2.240")
    udp(gateway, "g", "10.71.2.1", "10.71.2.240", 123)
    done = gateway.ask("add", "10.71.2.240")
    check(done.returncode == 1 and "time server that this machine asks" in done.stdout, "the gateway asks it for the time: refused", done.stdout)
    for host, source in (("a", "10.71.1.1"), ("a", "10.71.2.1"), ("a", "10.71.1.2"), ("s", "10.71.2.1")):
        udp(gateway, host, source, "10.71.2.241", 123)
    udp(gateway, "s", "10.71.2.241", "10.71.2.1", 123)
    done = gateway.ask("add", "10.71.2.241", "1s")
    check(done.returncode == 0, "that others ask, even in the gateway's name, and that it answers protects nobody", done.stdout)
    gateway.ask("release", "10.71.2.241")
    gateway.nft("delete table inet exfild_time")
    check(gateway.wait(lambda: "10.71.2.240" in gateway.nft("list table inet exfild_time")) and gateway.state()["restored"] == 0 and
          gateway.ask("add", "10.71.2.240").returncode == 1, "taken away by hand it comes back, with whom it knew")
    gateway.kill()
    gateway.start()
    check("time server" in gateway.ask("add", "10.71.2.240").stdout, "and it is known after a restart")


def bridged(check, gateway):
    """What the gateway only bridges: packets of a host that is cut off go no further, those of other ports do."""
    n = gateway.nets
    if "bridge exfild" not in gateway.nft("list tables"):
        print("bridged: this kernel has no nftables for bridges: left out")
        return
    n.ip("g", "link add br7 type bridge")
    for i, host in enumerate(("x", "y", "z"), 1):
        live_net.batch("", [f"link add e0 address 02:71:00:00:07:0{i} netns {n.of(host)} type veth peer name p{i} netns {n.of('g')}"])
        n.ips(host, ["link set e0 up", f"addr add 10.77.0.{i}/24 dev e0", f"addr add fd77::{i}/64 dev e0 nodad"])
        n.ips("g", [f"link set p{i} master br7 up"])
    n.ip("g", "link set br7 up")
    # the bridge family alone decides here: the gateway has no address on it, and IP hooks do not see what is bridged
    n.run("g", "sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0 2>/dev/null || true")
    check(gateway.wait(lambda: gateway.pings("10.77.0.1", "10.77.0.2", "x") and gateway.pings("fd77::1", "fd77::2", "x"), 20),
          "bridged hosts reach each other before")
    # one decision each: the gateway, which has no address there, cannot know that they are one machine
    for address in ("10.77.0.1", "fd77::1"):
        done = gateway.ask("add", address)
        check(done.returncode == 0, f"{address} is cut off", done.stdout)
    check(not gateway.pings("10.77.0.1", "10.77.0.2", "x") and not gateway.pings("10.77.0.2", "10.77.0.1", "y"),
          "nothing of it is bridged, in either direction", gateway.nft("list table bridge exfild"))
    check(not gateway.pings("fd77::1", "fd77::2", "x"), "nor by IPv6")
    check(gateway.pings("10.77.0.2", "10.77.0.3", "y") and gateway.pings("fd77::3", "fd77::2", "z"), "the others on the bridge are not touched")
    stopped = re.search(r"chain stop \{\s*counter packets (\d+)", gateway.nft("list table bridge exfild"))
    check(stopped and int(stopped[1]) >= 2, "it was the rules for bridges that dropped it", stopped)
    for address in ("10.77.0.1", "fd77::1"):
        gateway.ask("release", address)
    check(gateway.wait(lambda: gateway.pings("10.77.0.1", "10.77.0.2", "x") and gateway.pings("fd77::1", "fd77::2", "x")), "released, it is bridged again")
    check(gateway.ask("add", "10.77.0.2", "10.77.0.1").returncode == 0 and not gateway.pings("10.77.0.1", "10.77.0.2", "x") and
          gateway.pings("10.77.0.1", "10.77.0.3", "x"), "a pair: what the two say to each other alone")
    gateway.ask("release", "10.77.0.2", "10.77.0.1")
    n.ip("g", "link del br7")


def never(check, gateway):
    """Each kind that is never cut off."""
    for address, why in (("10.71.1.1", "an address of this machine"), ("fd71:2::1", "an address of this machine"),
                         ("10.71.1.255", "broadcast"), ("0.0.0.0", "no address"), ("255.255.255.255", "broadcast"), ("224.0.0.1", "multicast"),
                         ("ff02::1", "multicast"), ("127.0.0.1", "loopback"), ("169.254.169.254", "link-local"), ("fe80::1", "link-local"),
                         ("10.71.2.250", "quarantine.never"), ("10.71.1.99", "zone mgmt"), ("10.71.2.251", "redis")):
        done = gateway.ask("add", address)
        check(done.returncode == 1 and "never cut off" in done.stdout and why in done.stdout, f"{address} is refused: {why}", done.stdout)
    with open("/etc/resolv.conf", encoding="utf-8", errors="replace") as stream:
        resolvers = [line.split()[1] for line in stream if line.startswith("nameserver ")]
    for address in resolvers:  # namespaces have the file of the machine
        done = gateway.ask("add", address)
        check(done.returncode == 1 and "never cut off" in done.stdout, f"{address} is refused: a resolver", done.stdout)
    gateway.nets.ip("g", "route add 10.72.0.0/16 via 10.71.2.9")
    check("gateway" in gateway.ask("add", "10.71.2.9").stdout, "the next hop of a route that came just now is refused")
    check(gateway.ask("protect", "10.71.2.77").returncode == 0 and "role" in gateway.ask("add", "10.71.2.77").stdout, "so is a learnt role")
    times(check, gateway)
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


def reboots(check, gateway):
    """Daemon and responder killed, the namespaces deleted with all that is in them, made anew: the sets equal the decisions."""
    gateway.ask("off")
    gateway.ask("on")
    gateway.nets.ip("g", "neigh flush all")
    check(gateway.wait(lambda: gateway.pings("10.71.1.2", "10.71.2.2") and gateway.pings("10.71.3.2", "10.71.2.2", "b")), "all pass before")
    for words in (("10.71.1.2", "10m"), ("10.71.3.2", "10.71.2.2", "20m"), ("slow", "10.71.2.2", "30m"), ("peer", "fd71:2::77", "1h"),
                  ("peer", "10.71.2.78", "2s")):
        done = gateway.ask("add", *words)
        check(done.returncode == 0, f"{words} is taken", done.stdout)
    before, sets = gateway.state()["decisions"], in_sets(gateway)
    check(not differences(gateway) and ("hostmac", "02:71:00:00:00:01") in sets, "sets equal decisions before", (differences(gateway), sets))
    with gateway.daemon() as daemon:
        harness.kill_all(daemon.child)
    gateway.kill()
    gateway.nets.__exit__()
    time.sleep(2)
    gateway.make()
    check("exfild" not in gateway.nft("list tables"), "the new gateway has no rules")
    gateway.start()
    after = gateway.state()["decisions"]
    check([d for d in before if d["host"] != "10.71.2.78"] == after and len(after) == 4, "the decisions are the same, but for the one that ended",
          (before, after))
    check(not differences(gateway), "the sets equal them, with the time that was left", (differences(gateway), in_sets(gateway)))
    check(not gateway.pings("10.71.1.2", "10.71.2.2") and not gateway.pings("fd71:1::3", "fd71:2::2"), "the host is cut off, by its MAC")
    check(not gateway.pings("10.71.3.2", "10.71.2.2", "b") and gateway.pings("10.71.3.2", "10.71.1.1", "b"), "so is the pair, and nobody else")
    with gateway.daemon() as daemon:
        gateway.ask("release", "10.71.1.2")
        check(gateway.wait(lambda: any("10.71.1.2" in a["message"] and "released" in a["message"] for a in daemon.alerts())),
              "the daemon, started again, is told of what is done", daemon.err()[-600:])
    check(not differences(gateway) and gateway.wait(lambda: gateway.pings("10.71.1.2", "10.71.2.2")), "released, it is back", differences(gateway))


def tampered(check, gateway):
    """Rules that someone takes away are put back once; the rules of others stay as they are."""
    gateway.theirs()
    gateway.ask("add", "10.71.2.2", "10.71.1.2")
    theirs = gateway.nft("list table inet theirs")
    gateway.nft("delete table inet exfild")
    check(gateway.wait(lambda: gateway.state()["restored"] == 1), "the loss is seen", gateway.log()[-400:])
    check(not gateway.pings("10.71.1.2", "10.71.2.2"), "and mended")
    gateway.nft("delete table inet exfild")
    check(gateway.wait(lambda: gateway.state()["mode"] == "stopped"), "the second time it stops", gateway.log()[-400:])
    check("stopped" in gateway.log() and gateway.pings("10.71.1.2", "10.71.2.2"), "and says so")
    check(gateway.nft("list table inet theirs") == theirs, "the rules of others are as they were")
    check(gateway.ask("on").returncode == 0 and gateway.state()["mode"] == "enforce", "an administrator starts it again")
    if "bridge exfild" in gateway.nft("list tables"):
        gateway.nft("flush set bridge exfild pair4")
        check(gateway.wait(lambda: gateway.state()["restored"] == 1) and "10.71.1.2" in gateway.nft("list set bridge exfild pair4"),
              "what is taken out of the rules for bridges is seen and put back too", gateway.nft("list table bridge exfild"))
        gateway.ask("on")


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
    for name in ("exfild", "responder", "exfilctl", "enemy"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--only", action="append", default=[])
    arguments = parser.parse_args()
    live_net.need()
    for tool in ("nft", "conntrack", "ping"):
        if not shutil.which(tool):
            harness.skip(f"{tool} is not installed")
    check = harness.Checks()
    with contextlib.ExitStack() as stack:
        gateway = stack.enter_context(Gateway(arguments, more=("b",), bridged=("x", "y", "z")))
        for part in (cut_off, all_addresses, never, bridged, ends, survives, reboots, tampered, break_glass, dry_run, least_power, hostile_daemon):
            if arguments.only and part.__name__ not in arguments.only:
                continue
            print(f"{part.__name__}: {part.__doc__}", flush=True)
            try:
                part(check, gateway)
            except Exception as error:  # pylint: disable=broad-except
                check(False, part.__name__, f"{type(error).__name__}: {error}; {gateway.log()[-600:]}")
    return check.end()


if __name__ == "__main__":
    raise SystemExit(main())
