# SPDX-License-Identifier: MIT
"""Network namespaces, links between them, frames and a running exfild, for the live tests. Standard library only."""
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

import harness

CLONE_NEWNET = 0x40000000
SUMMARY = re.compile(r"(\d+) packets, .+, (\d+) flows, .+; (\d+) packets dropped")
libc = ctypes.CDLL(None, use_errno=True)


def need():
    """Skips where namespaces cannot be made."""
    if os.geteuid() != 0:
        harness.skip("network namespaces need root")
    for tool in ("ip", "ethtool"):
        if not shutil.which(tool):
            harness.skip(f"{tool} is not installed")


def sh(command):
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout.decode()}")
    return done.stdout.decode()


def batch(options, lines):
    """Commands of ip, in one run of it."""
    done = subprocess.run(f"ip {options} -batch -", shell=True, input="\n".join(lines), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ip {options}: {done.stdout}")


class Nets:
    """Namespaces `names`, deleted at the end with all that is in them."""

    def __init__(self, *names):
        self.prefix = f"F{os.getpid() % 100000}"
        self.names = names

    def __enter__(self):
        batch("", [f"netns add {self.of(name)}" for name in self.names])
        for name in self.names:
            self.ip(name, "link set lo up")
        return self

    def __exit__(self, *_):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", self.of(name)], check=False)

    def of(self, name):
        return self.prefix + name

    def ip(self, name, command):
        return sh(f"ip -n {self.of(name)} {command}")

    def ips(self, name, commands):
        batch(f"-n {self.of(name)}", commands)

    def run(self, name, command):
        return sh(f"ip netns exec {self.of(name)} {command}")

    def link(self, a, device_a, b, device_b, offloads=False):
        """A veth pair that is up and quiet: no IPv6 of its own."""
        sh(f"ip link add {device_a} netns {self.of(a)} mtu 65535 type veth peer name {device_b} mtu 65535 netns {self.of(b)}")
        for name, device in ((a, device_a), (b, device_b)):
            self.run(name, f"sysctl -qw net.ipv6.conf.{device}.disable_ipv6=1")
            if not offloads:
                self.run(name, f"ethtool -K {device} gro off gso off tso off")
            self.ip(name, f"link set {device} up")

    def inside(self, name, make):
        """What `make()` gives, made in the namespace: a socket keeps the one it was made in."""
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.of(name)}", os.O_RDONLY)
        try:
            if libc.setns(there, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            try:
                return make()
            finally:
                libc.setns(home, CLONE_NEWNET)
        finally:
            os.close(home)
            os.close(there)

    def sender(self, name, device):
        def make():
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
            s.bind((device, 0))
            return s
        return self.inside(name, make)


class Live:
    """exfild on interfaces of a namespace, until stop()."""

    def __init__(self, nets, name, program, *arguments, listening=1, owner=None, before=()):
        self.folder = tempfile.mkdtemp(prefix="exfild-live-")
        if owner is not None:
            os.chown(self.folder, owner, owner)
        self.events_path = self.folder + "/events"
        self.control = self.folder + "/control"
        self.err_path = self.folder + "/err"
        command = ["ip", "netns", "exec", nets.of(name), *before, program, "-v", "-o", "json", "--events",
                   self.events_path, "--set", "control.socket=" + self.control, "--set", f"state.directory={self.folder}",
                   "--set", f"spool.directory={self.folder}/spool", *arguments]
        if not any("evidence.directory" in a for a in arguments):
            command += ["--set", f"evidence.directory={self.folder}/evidence"]
        if not any("redis.url" in a for a in arguments):
            command += ["--set", "redis.url="]
        if not any("metrics.listen" in a for a in arguments):
            command += ["--set", "metrics.listen="]
        began = time.monotonic()
        env = dict(os.environ, ASAN_OPTIONS="exitcode=99", UBSAN_OPTIONS="exitcode=99")
        with open(self.err_path, "wb") as err, open(self.folder + "/out", "wb") as out:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env)
        self.wait_for(lambda: self.err().count(": listening") >= listening, "it listens")
        self.start_seconds = time.monotonic() - began
        time.sleep(0.2)

    def err(self):
        with open(self.err_path, "rb") as stream:
            return stream.read().decode("utf-8", "replace")

    def wait_for(self, condition, what, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            if self.child.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"waited in vain until {what}: {self.err()}")
            time.sleep(0.02)

    def pid(self):
        """Of the parent: ip has become it."""
        return self.child.pid

    def pids(self):
        """Of all processes, by their names."""
        return harness.processes(self.child.pid)

    def proportional_mb(self):
        """Memory of all of them together, what they share counted once."""
        total = 0
        for pid in self.pids().values():
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as stream:
                total += next(int(line.split()[1]) for line in stream if line.startswith("Pss:"))
        return total / 1024

    def stop(self):
        """SIGTERM; the exit status."""
        self.child.send_signal(signal.SIGTERM)
        began = time.monotonic()
        try:
            status = self.child.wait(60)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            status = None
        self.stop_seconds = time.monotonic() - began
        return status

    def close(self):
        if self.child.poll() is None:
            harness.kill_all(self.child)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def counts(self):
        """(packets, flows, dropped) of the last line."""
        for line in reversed(self.err().splitlines()):
            found = SUMMARY.search(line)
            if found:
                return tuple(map(int, found.groups()))
        raise RuntimeError("no last line: " + self.err())

    def said(self, pattern):
        """The number in a line of standard error, 0 where it does not stand."""
        found = re.search(pattern, self.err())
        return int(found.group(1)) if found else 0

    def events(self, kind=None):
        with open(self.events_path, encoding="utf-8") as stream:
            all_of = [json.loads(line) for line in stream]
        return [e for e in all_of if kind is None or e["kind"] == kind]

    def alerts(self):
        with open(self.folder + "/out", encoding="utf-8") as stream:
            return [json.loads(line) for line in stream]


# ---- frames

def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ethernet(payload, protocol, tags=()):
    head = b"\x02\0\0\0\0\x02" + b"\x02\0\0\0\0\x01"
    for tag in tags:
        head += struct.pack("!HH", 0x8100, tag)
    return head + struct.pack("!H", protocol) + payload


def ipv4(source, destination, protocol, payload, ident=0):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, 0, 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(destination))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(source, destination, protocol, payload):
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), protocol, 64, socket.inet_pton(socket.AF_INET6, source),
                       socket.inet_pton(socket.AF_INET6, destination)) + payload


def udp(sport, dport, payload):
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def vxlan(frame, vni):
    return udp(40000 + vni % 1000, 4789, struct.pack("!II", 0x08000000, vni << 8) + frame)


def main(doc, tests):
    """Runs the named tests, or all; a test is a function of (checks, arguments)."""
    p = harness.parser(doc)
    p.add_argument("--exfilctl", help="the program that asks it")
    p.add_argument("--sender", help="the program made of tests/support/sender.c")
    p.add_argument("--hostile", help="the program made of tests/support/hostile.c")
    p.add_argument("--sandboxed", help="the program made of tests/support/sandboxed.c")
    p.add_argument("--clockshift", help="the library made of tests/support/clockshift.c")
    p.add_argument("tests", nargs="*", help="only these")
    arguments = p.parse_args()
    need()
    checks = harness.Checks()
    for test in tests:
        if arguments.tests and test.__name__ not in arguments.tests:
            continue
        print(f"{test.__name__}: {test.__doc__}")
        sys.stdout.flush()
        try:
            test(checks, arguments)
        except (RuntimeError, OSError) as error:
            checks(False, test.__name__, error)
    sys.exit(checks.end())
