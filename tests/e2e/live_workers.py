#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Several workers on one interface: the kernel's split is the program's, beside other readers; tunnels find their
owner; events of all come in one order, and nobody waits for an idle worker."""
import json
import os
import random
import socket
import subprocess
import time

import live_net
from live_net import Live, Nets, ethernet, ipv4, ipv6, udp, vxlan

FANOUT, FANOUT_HASH = 18, 0


def start(nets, arguments, workers, *more):
    return Live(nets, "b", arguments.exfild, "-i", "b0", "-j", str(workers), *more)


def ask(arguments, live, *words):
    return json.loads(subprocess.run([arguments.exfilctl, "--socket", live.control, *words, "--json"], check=True,
                                     stdout=subprocess.PIPE).stdout)["result"]


def settle(arguments, live, packets):
    """The status that tells of so many packets."""
    live.wait_for(lambda: ask(arguments, live, "status")["packets"] >= packets, f"{packets} packets are read")
    return ask(arguments, live, "status")


def pairs(count):
    """Both directions of conversations of many hosts, by IPv4, IPv6, one and two tags, in a mixed order."""
    frames = []
    for i in range(count):
        a, b = f"10.1.{i >> 8}.{i & 255}", f"203.0.113.{i % 250}"
        six, other = f"2001:db8:1::{i:x}", f"2001:db8:ffff::{i % 7}"
        for turn in range(2):
            x, y, p, q = (a, b, 1000, 9) if turn == 0 else (b, a, 9, 1000)
            frames.append(ethernet(ipv4(x, y, 17, udp(p, q, b"4" * 40)), 0x800))
            frames.append(ethernet(ipv4(x, y, 17, udp(p + 1, q + 1, b"t" * 40)), 0x800, tags=(7,)))
            frames.append(ethernet(ipv4(x, y, 17, udp(p + 2, q + 2, b"q" * 40)), 0x800, tags=(7, 8)))
            x, y = (six, other) if turn == 0 else (other, six)
            frames.append(ethernet(ipv6(x, y, 17, udp(p + 3, q + 3, b"6" * 40)), 0x86dd))
            frames.append(ethernet(ipv6(x, y, 17, udp(p + 4, q + 4, b"v" * 40)), 0x86dd, tags=(9,)))
    return frames


def split_is_the_same(check, arguments):
    """Each worker gets its share from the kernel, and none has to be handed over: IPv4, IPv6, tags."""
    frames = pairs(150)
    for workers in (2, 3, 5):
        with Nets("a", "b") as nets:
            nets.link("a", "a0", "b", "b0")
            sender = nets.sender("a", "a0")
            with start(nets, arguments, workers) as live:
                for frame in frames:
                    sender.send(frame)
                time.sleep(0.3)
                status = settle(arguments, live, len(frames))
                shares = [w["packets"] for w in status["workers"]]
                check(len(shares) == workers and min(shares) > len(frames) / workers / 4, f"{workers}: all have a share", shares)
                check(sum(shares) == len(frames), f"{workers}: each packet once", shares)
                check(not sum(w["handed_over"] for w in status["workers"]), f"{workers}: none is handed over", status["workers"])
                live.stop()
                check(live.counts()[2] == 0, f"{workers}: none is lost", live.err())
                ends = live.events("flow_end")
                both = [e for e in ends if e["src_packets"] == 1 and e["dst_packets"] == 1]
                check(len(ends) == len(both) == len(frames) // 2, f"{workers}: both directions are one flow", (len(ends), len(both)))
                times = [e["time"] for e in live.events()]
                check(times == sorted(times), f"{workers}: events come in order of time")


def beside_others(check, arguments):
    """Two exfild and a reader with a fanout group of its own see all packets of one interface, each."""
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0")
        sender = nets.sender("a", "a0")

        def group():
            found = []
            for _ in range(2):
                s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
                s.bind(("b0", 3))
                s.setsockopt(socket.SOL_PACKET if hasattr(socket, "SOL_PACKET") else 263, FANOUT, FANOUT_HASH << 16 | 1)
                s.setblocking(False)
                found.append(s)
            return found
        others = nets.inside("b", group)
        frames = pairs(40)
        with start(nets, arguments, 2) as one, start(nets, arguments, 2) as two:
            for frame in frames:
                sender.send(frame)
            for live in (one, two):
                status = settle(arguments, live, len(frames))
                check(status["packets"] == len(frames), "exfild sees each once", status)
                live.stop()
        seen = 0
        for s in others:
            try:
                while s.recv(65536):
                    seen += 1
            except BlockingIOError:
                s.close()
        check(seen == len(frames), "so does the other reader", seen)


def tunnels(check, arguments):
    """A pair inside tunnels is one flow of one worker, whichever way its packets take."""
    inner, ways = 40, 9
    rng = random.Random(1)
    frames = []
    for i in range(inner):
        for turn in range(2 * ways):
            a, b, p, q = f"10.7.0.{i}", "10.8.0.1", 2000 + i, 9
            if turn % 2:
                a, b, p, q = b, a, q, p
            frame = ethernet(ipv4(a, b, 17, udp(p, q, b"i" * 60)), 0x800)
            frames.append(ethernet(ipv4(f"192.0.2.{turn}", "192.0.2.200", 17, vxlan(frame, 5)), 0x800))
    rng.shuffle(frames)
    for workers in (2, 4):
        with Nets("a", "b") as nets:
            nets.link("a", "a0", "b", "b0")
            sender = nets.sender("a", "a0")
            with start(nets, arguments, workers) as live:
                for frame in frames:
                    sender.send(frame)
                status = settle(arguments, live, len(frames))
                time.sleep(1.2)
                status = ask(arguments, live, "status")
                live.stop()
                handed = sum(w["handed_over"] for w in status["workers"])
                check(len(frames) / workers / 2 < handed < len(frames), f"{workers}: many change hands", status["workers"])
                check(not sum(w["not_taken"] for w in status["workers"]), f"{workers}: all are taken", status["workers"])
                flows = [e for e in live.events("flow_end") if e.get("sport", 0) >= 2000 or e.get("dport", 0) >= 2000]
                flows = [e for e in flows if "10.8.0.1" in (e["src"], e["dst"])]
                check(len(flows) == inner, f"{workers}: {inner} flows inside", len(flows))
                check(all(e["src_packets"] + e["dst_packets"] == 2 * ways for e in flows), f"{workers}: whole",
                      [(e["src_packets"], e["dst_packets"]) for e in flows])


def idle_workers(check, arguments):
    """One conversation of one pair: the workers that get nothing hold nobody up."""
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0")
        sender = nets.sender("a", "a0")
        with start(nets, arguments, 4) as live:
            began = time.monotonic()
            sender.send(ethernet(ipv4("10.0.0.1", "10.0.0.2", 17, udp(5, 9, b"x")), 0x800))
            live.wait_for(lambda: os.path.exists(live.events_path) and live.events("flow_start"), "the event is told", 5)
            passed = time.monotonic() - began
            check(passed < 2, "an event is told while three workers idle", passed)
            began = time.monotonic()
            check(live.stop() == 0, "it ends well", live.err())
            check(live.counts() == (1, 1, 0), "one packet, one flow", live.counts())


def full_queue(check, arguments):
    """What an owner cannot take is counted as dropped by that worker, and memory stays bounded."""
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0")
        sender = nets.sender("a", "a0")
        with start(nets, arguments, 2, "--set", "capture.buffer_mb=64") as live:
            tasks = f"/proc/{live.pids()['exfild-capture']}/task"
            live.wait_for(lambda: len(os.listdir(tasks)) >= 3, "its workers have begun", 20)
            threads = sorted(int(t) for t in os.listdir(tasks))
            check(len(threads) >= 3, "it has threads", threads)
            # all pairs inside belong to few shards; outside they spread: both workers hand over
            sent = 0
            for i in range(30000):
                frame = ethernet(ipv4(f"10.7.{i % 50}.1", "10.8.0.1", 17, udp(2000, 9, b"i" * 20)), 0x800)
                sender.send(ethernet(ipv4(f"192.0.{i % 250}.{i % 7}", "192.0.2.200", 17, vxlan(frame, 5)), 0x800))
                sent += 1
            settle(arguments, live, sent * 9 // 10)
            time.sleep(1.5)
            status = ask(arguments, live, "status")
            live.stop()
            lost = sum(w["not_taken"] + w["drops"] for w in status["workers"])
            check(status["drops"] == lost, "drops are those of the workers", status)
            counted = sum(e["src_packets"] for e in live.events("flow_end"))
            check(counted + lost == sent, "each packet is in a flow or is counted as lost", (counted, lost, sent))


def returns_with_its_group(check, arguments):
    """An interface that is made anew gets a new group; all workers read again."""
    frames = pairs(40)
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0")
        with start(nets, arguments, 2) as live:
            nets.ip("b", "link del b0")
            live.wait_for(lambda: "it is gone" in live.err(), "it says that the interface is gone")
            nets.link("a", "a0", "b", "b0")
            live.wait_for(lambda: "listening again" in live.err(), "it listens again")
            sender = nets.sender("a", "a0")
            for frame in frames:
                sender.send(frame)
            status = settle(arguments, live, len(frames))
            check(min(w["packets"] for w in status["workers"]) > 20, "both read", status["workers"])
            check(live.stop() == 0, "it ends well", live.err())


if __name__ == "__main__":
    live_net.main(__doc__, [split_is_the_same, beside_others, tunnels, idle_workers, full_queue, returns_with_its_group])
