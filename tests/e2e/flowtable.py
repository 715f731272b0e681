#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""flowtable.py --responder PROGRAM --exfilctl PROGRAM: who is cut off is cut off although a flowtable carries its connections.

Packets of a connection that a flowtable carries pass by all rules for forwarding. On a machine of its own (guest.py), since few kernels
have nf_flow_table: a gateway whose flowtable carries TCP and UDP, IPv4 and IPv6, plain and masqueraded. Then the power is cut, and it
boots with the state that is on disk."""
import argparse
import contextlib
import json
import os
import re
import shlex
import shutil
import socket
import sys
import tempfile
import time

import guest
import harness
import quarantine

MODULES = ("nft_flow_offload", "nf_flow_table_inet", "nf_conntrack_netlink", "veth", "nft_ct", "nft_limit", "nft_masq", "nft_chain_nat")
SHARE = "/run/share"
SECONDS = 180  # of a boot, on a machine that has a lot else to do


class Carrier(quarantine.Gateway):
    """With another client b (10.71.3.2), whose connections are masqueraded."""

    def __init__(self, arguments):
        super().__init__(arguments, more=("b",), state=SHARE + "/state")

    def theirs(self):
        self.nft("add table inet theirs ; add flowtable inet theirs fast { hook ingress priority 0 ; devices = { g0, g1, g2 } ; } ; "
                 "add chain inet theirs f { type filter hook forward priority 0 ; } ; "
                 "add rule inet theirs f counter meta l4proto { tcp, udp } flow add @fast ; add rule inet theirs f ct state established accept ; "
                 "add chain inet theirs n { type nat hook postrouting priority 100 ; } ; "
                 "add rule inet theirs n ip saddr 10.71.3.2 masquerade")

    def slow_packets(self):
        """How many packets came by the rules of others, that is: were not carried."""
        return int(re.search(r"counter packets (\d+)", self.nft("list chain inet theirs f"))[1])

    def carried(self, address):
        """Tracked connections of the address: (those that the flowtable carries, all)."""
        table = self.inside("g", "conntrack -L -f " + ("ipv6" if ":" in address else "ipv4")).stdout
        lines = [line for line in table.splitlines() if f"={address} " in line]
        return sum("[OFFLOAD]" in line for line in lines), len(lines)


class Talk:
    """A connection of a host with the server, and whether it is carried."""

    def __init__(self, gateway, host, source, target="10.71.2.2"):
        self.gateway, self.source = gateway, source
        self.near, self.far = quarantine.established(gateway, host, source, target)

    def passes(self):
        return quarantine.passes(self.near, self.far)

    def is_carried(self):
        """Both say something; then no packet of theirs may come by the rules."""
        if not self.passes():
            return False
        before = self.gateway.slow_packets()
        return self.passes() and self.gateway.slow_packets() == before and self.gateway.carried(self.source)[0] > 0


class Datagrams(Talk):
    def __init__(self, gateway, host, source, target="10.71.2.2"):  # pylint: disable=super-init-not-called
        self.gateway, self.source = gateway, source

        def bound(address):
            s = socket.socket(type=socket.SOCK_DGRAM)
            s.bind((address, 0))
            s.settimeout(1)
            return s
        self.far = gateway.nets.inside("s", lambda: bound(target))
        self.near = gateway.nets.inside(host, lambda: bound(source))
        self.near.connect(self.far.getsockname())

    def passes(self):
        try:
            self.near.send(b"x")
            data, whence = self.far.recvfrom(1)
            self.far.sendto(data, whence)
            return self.near.recv(1) == b"x"
        except OSError:
            return False


    def flood(self, count=200):
        """(how many of so many datagrams of 1,000 bytes arrive, how many may at 64 kB a second): a second's worth is allowed at once."""
        arrived, began = 0, time.monotonic()
        self.far.setblocking(False)
        for _ in range(count):
            self.near.send(bytes(1000))
            with contextlib.suppress(BlockingIOError):
                while self.far.recv(1000):
                    arrived += 1
        self.far.settimeout(1)
        return arrived, 65536 * (1 + time.monotonic() - began) / 1028 + 1


def whole(check, gateway):
    """A host: the connections of all its addresses die at once; another host's are carried on."""
    four, six = Talk(gateway, "a", "10.71.1.2"), Talk(gateway, "a", "fd71:1::2", "fd71:2::2")
    other = Talk(gateway, "b", "10.71.3.2")
    for talk in (four, six, other):
        check(gateway.wait(talk.is_carried), f"{talk.source}: the flowtable carries its connection", gateway.carried(talk.source))
    done = gateway.ask("add", "10.71.1.2")
    check(done.returncode == 0, "the host is cut off", done.stdout)
    check(not four.passes(), "its carried connection is dead at once, IPv4", gateway.nft("list ruleset"))
    check(not six.passes(), "and IPv6, although IPv4 was asked for")
    check(other.is_carried(), "another host's connection is carried on")
    check(not gateway.pings("10.71.1.2", "10.71.2.2"), "nor can it begin one")
    check(not four.passes() and gateway.carried("10.71.1.2") == (0, 0) and gateway.carried("fd71:1::2") == (0, 0),
          "no connection of it is tracked, and none comes back")
    gateway.kill()
    gateway.nft("delete table inet exfild")
    check(gateway.wait(four.is_carried, 30), "without rules and responder what it had is carried again")
    gateway.start()
    check(not four.passes(), "a responder that starts ends it again")
    check(gateway.ask("release", "10.71.1.2").returncode == 0 and gateway.wait(four.is_carried, 30), "released, it is carried again")


def pair(check, gateway):
    """A pair: what these two say to each other dies, through a masquerade too; what others say is carried on."""
    tcp, udp, other = Talk(gateway, "b", "10.71.3.2"), Datagrams(gateway, "b", "10.71.3.2"), Talk(gateway, "a", "10.71.1.2")
    for talk in (tcp, udp, other):
        check(gateway.wait(talk.is_carried), f"{talk.source}: the flowtable carries its connection", gateway.carried(talk.source))
    done = gateway.ask("add", "10.71.3.2", "10.71.2.2")
    check(done.returncode == 0 and not tcp.passes() and not udp.passes(), "TCP and UDP are dead", done.stdout)
    check(other.is_carried(), "another host's connection is carried on")


def slow(check, gateway):
    """A host that is slowed: the flowtable carries on what it sends, no faster than it may."""
    talk = Datagrams(gateway, "b", "10.71.3.2")
    check(gateway.wait(talk.is_carried) and talk.flood()[0] >= 199, "the flowtable carries all that it sends")
    done, before = gateway.ask("add", "slow", "10.71.3.2"), gateway.slow_packets()
    arrived, allowed = talk.flood()
    check(done.returncode == 0 and 0 < arrived <= allowed, f"{arrived} of 200 datagrams arrive, {allowed:.0f} may", done.stdout + gateway.log())
    check(gateway.slow_packets() == before, "they are carried", gateway.carried("10.71.3.2"))
    gateway.ask("release", "slow", "10.71.3.2")
    check(talk.flood()[0] >= 199 and "netdev" not in gateway.nft("list tables"), "released, all of it arrives")


def first(check, gateway):
    """Until the power is cut."""
    gateway.start()
    for part in (whole, slow, pair):
        print(f"{part.__name__}: {part.__doc__}", flush=True)
        part(check, gateway)
    for words in (("10.71.1.2", "1h"), ("slow", "10.71.2.2", "20m"), ("peer", "10.71.2.77", "10m"), ("peer", "10.71.2.78", "2s")):
        gateway.ask("add", *words)
    check(not quarantine.differences(gateway), "sets equal decisions", quarantine.differences(gateway))
    print("decisions " + json.dumps(gateway.state()["decisions"]), flush=True)


def second(check, gateway, before):
    """After a power cut: the decisions, with the time that they have left."""
    gateway.start()
    after = gateway.state()["decisions"]
    kept = [d for d in before if d["host"] != "10.71.2.78"]
    check([(d["number"], d["host"], d["until"]) for d in after] == [(d["number"], d["host"], d["until"]) for d in kept] and len(kept) == 4,
          "after the power cut the decisions are the same, but for the one that ended", (before, after, gateway.log()))
    # a processor that is computed starts a responder in seconds; minutes were lost if it were not the time that is left
    check(not quarantine.differences(gateway, 15), "and the sets equal them", quarantine.differences(gateway))
    check(not gateway.pings("10.71.1.2", "10.71.2.2") and not gateway.pings("fd71:1::3", "fd71:2::2"), "the host is cut off, all of it")
    check(not gateway.pings("10.71.3.2", "10.71.2.2", "b") and gateway.pings("10.71.3.2", "10.71.1.1", "b"), "the pair is, and nobody else")


def inside(arguments):
    """In the machine of its own; the last line that it says is what held."""
    check = harness.Checks()
    try:
        with Carrier(arguments) as gateway:
            if arguments.before:
                second(check, gateway, json.loads(arguments.before))
            else:
                first(check, gateway)
    except Exception as error:  # pylint: disable=broad-except
        check(False, "the test itself", f"{type(error).__name__}: {error}")
    print(f"counted {check.held} {check.failed}", flush=True)


def boot(check, arguments, machine, before=None):
    """Boots and runs this very script there, until it has said what held: then the power is cut. Its decisions, of the first boot."""
    command = ["python3", "-S", os.path.abspath(__file__), "--inside"]
    for name in ("responder", "exfilctl"):
        command += ["--" + name, os.path.abspath(getattr(arguments, name))]
    decisions = None
    with machine.boot(shlex.join(command + (["--before", before] if before else []))) as lines:
        for line in lines:
            if line.startswith("decisions "):
                decisions = line.split(" ", 1)[1]
            elif line.startswith("counted "):
                check.held, check.failed = (a + int(b) for a, b in zip((check.held, check.failed), line.split()[1:]))
                return decisions
            else:
                print("  " + line, flush=True)
    check(False, "the machine of its own comes to the end of the test", "\n".join(machine.said[-20:]))
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("responder", "exfilctl"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--inside", action="store_true", help="of itself: in the machine of its own")
    parser.add_argument("--before", help="of itself: what was decided before the power was cut")
    arguments = parser.parse_args()
    if arguments.inside:
        return inside(arguments)
    version, why = guest.kernel(MODULES)
    if not version:
        harness.skip(why)
    check = harness.Checks()
    folder = tempfile.mkdtemp(prefix="exfild-flowtable-")
    try:
        machine = guest.Machine(version, MODULES, folder, SECONDS)
        os.mkdir(machine.share + "/state")
        os.chmod(machine.share + "/state", 0o777)  # whoever runs this: root of there is no other user here
        decisions = boot(check, arguments, machine)
        if decisions:
            boot(check, arguments, machine, decisions)
    finally:
        shutil.rmtree(folder)
    return check.end("on Linux " + version)


if __name__ == "__main__":
    sys.exit(main())
