#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""live_through.py --exfild PROGRAM [--pairs N] [--seconds S]: what exfild takes of a gateway's line. iperf3 through a gateway of
namespaces, without and with exfild on it, in turn. With a line (--line, as tc writes rates) the bar is its throughput: under 3 %
less. Without one all processors are busy and exfild shares them, as any tap does whose filter lets nothing through (--blind
shows what that takes): the processor time that a gigabyte takes is told beside, and nothing is judged by it. Bytes of the flow
must come out right. Not with a sanitizer; not part of the everyday run."""
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time

import harness
import live_net
from live_net import Live, Nets, sh

LOSS = 0.03
TICK = os.sysconf("SC_CLK_TCK")


def gateway(nets, offloads):
    """c (10.1.0.2) - g - s (192.0.2.2)."""
    for a, near, far, net in (("c", "c0", "gin", "10.1.0"), ("s", "s0", "gout", "192.0.2")):
        sh(f"ip link add {near} netns {nets.of(a)} type veth peer name {far} netns {nets.of('g')}")
        for name, device, last in ((a, near, 2), ("g", far, 1)):
            if not offloads:
                nets.run(name, f"ethtool -K {device} gro off gso off tso off")
            nets.ip(name, f"addr add {net}.{last}/24 dev {device}")
            nets.ip(name, f"link set {device} up")
        nets.ip(a, f"route add default via {net}.1")
    nets.run("g", "sysctl -qw net.ipv4.ip_forward=1")


def used_by(pids):
    """Processor seconds of processes."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stream:
            fields = stream.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def transfer(nets, seconds, more):
    """(gigabytes that arrived, seconds, processor seconds of both ends)."""
    server = subprocess.Popen(["ip", "netns", "exec", nets.of("s"), "iperf3", "-s", "-1"], stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["ip", "netns", "exec", nets.of("c"), "iperf3", "-c", "192.0.2.2", "-t", str(seconds), "-J", *more],
                          capture_output=True, check=True)
    server.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    end = json.loads(done.stdout)["end"]
    arrived = end.get("sum_received") or end["sum"]
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return arrived["bytes"] / 1e9, arrived["seconds"], cpu


def main():
    p = harness.parser(__doc__)
    p.add_argument("--pairs", type=int, default=5)
    p.add_argument("--seconds", type=int, default=4)
    p.add_argument("--workers", type=int, default=1)
    p.add_argument("--interfaces", default="auto", help="auto, or names with commas between")
    p.add_argument("--line", default="", help="rate of the gateway's line, 10gbit")
    p.add_argument("--blind", action="store_true", help="a filter that takes no packet of the transfer")
    p.add_argument("--nat", action="store_true", help="the gateway masquerades")
    p.add_argument("--no-offloads", action="store_true", help="frames of 1514 bytes at most")
    p.add_argument("more", nargs="*", help="for iperf3, after --")
    o = p.parse_args()
    if harness.sanitized(o.exfild):
        harness.skip("its time says nothing with a sanitizer")
    live_net.need()
    if not shutil.which("iperf3"):
        harness.skip("iperf3 is not installed")
    check = harness.Checks()
    bare, watched = [], []
    blind = ["-f", "not host 192.0.2.2"] if o.blind else []
    words = blind + [w for name in o.interfaces.split(",") for w in ("-i", name)]
    with Nets("c", "g", "s") as nets:
        gateway(nets, not o.no_offloads)
        if o.line:
            nets.run("g", f"tc qdisc add dev gout root tbf rate {o.line} burst 4mb latency 10ms")
        if o.nat:
            nets.run("g", "nft 'add table ip nat ; add chain ip nat out { type nat hook postrouting priority 100 ; } ; "
                     "add rule ip nat out oifname gout masquerade'")
        for _ in range(o.pairs):
            bytes_, seconds, cpu = transfer(nets, o.seconds, o.more)
            bare.append((bytes_ * 8 / seconds, cpu / bytes_))
            with Live(nets, "g", o.exfild, *words, "-j", str(o.workers), "--set", "limits.memory_mb=128") as live:
                pids = live.pids().values()
                before = used_by(pids)
                bytes_, seconds, cpu = transfer(nets, o.seconds, o.more)
                own = used_by(pids) - before
                check(live.stop() == 0, "it ends well", live.err()[-500:])
                packets, _, dropped = live.counts()
                told = sum(max(e["src_payload"], e["dst_payload"]) for e in live.events("flow_end")) / 1e9
                watched.append((bytes_ * 8 / seconds, cpu / bytes_, own / bytes_))
                check(o.blind or abs(told / bytes_ - 1) < 0.01, "the bytes of the flow are told", (told, bytes_, dropped))
                print(f"without {bare[-1][0]:6.2f} Gbit/s {bare[-1][1]:.3f} s/GB; with {watched[-1][0]:6.2f} Gbit/s {watched[-1][1]:.3f} s/GB "
                      f"and {own / bytes_:.3f} of exfild ({own / seconds * 100:.0f} % of a processor); {packets} packets, {dropped} dropped")
                sys.stdout.flush()
    rate = [statistics.median(column) for column in zip(*bare)]
    rate_on = [statistics.median(column) for column in zip(*watched)]
    loss = 1 - rate[1] / (rate_on[1] + rate_on[2])
    print(f"median without {rate[0]:.2f} Gbit/s, {rate[1]:.3f} s/GB; with {rate_on[0]:.2f} Gbit/s, {rate_on[1]:.3f} + {rate_on[2]:.3f} s/GB; "
          f"loss {100 * (1 - rate_on[0] / rate[0]):.1f} % as measured, {100 * loss:.1f} % by processor time")
    if o.line:
        check(1 - rate_on[0] / rate[0] < LOSS, f"the line loses under {100 * LOSS:.0f} %", rate_on[0] / rate[0])
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
