#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Live equals replay: each shipped capture of at most LONGEST seconds is sent over a veth pair with its own times, to an
exfild with one worker and to one with two on the same interface, and recorded there with the kernel's times. Both, a replay
of the record and one of the capture itself give the same alerts as a multiset of (rule, source, destination, severity).

The count of an alert is the same as of the record to within one: it grows each time a detector finds twice as much, and the
number of distinct names is an estimate whose key is secret when exfild listens. A scan's count is not compared: unanswered
connections end with the capture, in the order of a table that has such a key as well."""
import collections
import concurrent.futures
import os
import socket
import struct
import threading
import time

import harness
import live_net
from live_net import Live, Nets

LONGEST = 6.0
AT_ONCE = 4
WORKERS = ("1", "2")
SO_TIMESTAMPNS = 35
OUTGOING = 4


def packets_of(path):
    """(seconds after the first one, frame) in the file's order: a pcap of Ethernet in this machine's byte order. None where
    frames were cut: they cannot be sent again."""
    with open(path, "rb") as stream:
        data = stream.read()
    packets, at = [], 24
    while at + 16 <= len(data):
        seconds, micros, size, wire = struct.unpack_from("<IIII", data, at)
        if size != wire:
            return None
        packets.append((seconds + micros / 1e6, data[at + 16:at + 16 + size]))
        at += 16 + size
    first = packets[0][0]
    return [(when - first, frame) for when, frame in packets]


def in_order(packets):
    """What the wire can give: time goes one way there."""
    return sorted(packets, key=lambda packet: packet[0])


def send(sender, packets):
    began = time.monotonic()
    for when, frame in packets:
        late = began + when - time.monotonic()
        if late > 0:
            time.sleep(late)
        sender.send(frame)


class Recorder(threading.Thread):
    """Frames that come in at an interface, with the times that every reader there gets, as a pcap of nanoseconds."""

    def __init__(self, nets, name, device):
        super().__init__(daemon=True)
        self.frames, self.ended = [], False

        def make():
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            s.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
            s.bind((device, 3))
            return s
        self.socket = nets.inside(name, make)
        self.socket.settimeout(0.2)
        self.start()

    def run(self):
        while not self.ended:
            try:
                frame, words, _, address = self.socket.recvmsg(65536, 256)
            except socket.timeout:
                continue
            if address[2] != OUTGOING:
                self.frames.append((words[0][2][:16], frame))

    def write(self, path):
        self.ended = True
        self.join()
        self.socket.close()
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHIIII", 0xa1b23c4d, 2, 4, 0, 0, 65535, 1))
            for when, frame in self.frames:
                seconds, nanos = struct.unpack("qq", when)
                out.write(struct.pack("<IIII", seconds, nanos, len(frame), len(frame)) + frame)


def replayed(arguments, path):
    return harness.run(arguments.exfild, "-r", path, "-q", "-o", "json").alerts()


def essence(alerts):
    return collections.Counter((a["rule"]["id"], a["source"].get("ip"), a.get("destination", {}).get("ip"),
                                a["event"]["severity"]) for a in alerts)


def counts_of(alerts):
    """Of the last word on each alert, by what it is about."""
    last = {a["exfild"]["alert_id"]: a for a in alerts if a["rule"]["id"] != "port_scan"}
    return {(a["rule"]["id"], a["source"].get("ip"), a.get("destination", {}).get("ip")): a["exfild"]["count"]
            for a in last.values()}


def one(nets, arguments, number, name, packets):
    """The alerts of a replay, those of the record's replay; what was seen live, by workers."""
    seen, lives = {}, []
    sender = nets.sender(f"a{number}", "a0")
    try:
        for workers in WORKERS:
            lives.append(Live(nets, f"b{number}", arguments.exfild, "-i", "b0", "-j", workers))
        recorder = Recorder(nets, f"b{number}", "b0")
        send(sender, packets)
        time.sleep(0.3)
        for workers, live in zip(WORKERS, lives):
            status = live.stop()
            seen[workers] = (status, live.counts(), live.alerts(), live.err())
        record = os.path.join(lives[0].folder, "record.pcap")
        recorder.write(record)
        return replayed(arguments, harness.capture_of(name)), replayed(arguments, record), seen
    finally:
        sender.close()
        for live in lives:
            live.close()


def same(check, say, live, replay):
    check(live == replay, say, {"live only": live - replay, "replay only": replay - live})


def live_equals_replay(check, arguments):
    """Each capture that is short enough."""
    scenarios = [(name, packets_of(harness.capture_of(name))) for name in harness.scenarios()]
    scenarios = [(name, in_order(packets)) for name, packets in scenarios if packets and packets[-1][0] <= LONGEST]
    check(len(scenarios) >= 15, "there are captures to send", len(scenarios))
    with Nets(*(side + str(n) for n in range(len(scenarios)) for side in "ab")) as nets:
        for n in range(len(scenarios)):
            nets.link(f"a{n}", "a0", f"b{n}", "b0")
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            runs = [pool.submit(one, nets, arguments, n, name, packets) for n, (name, packets) in enumerate(scenarios)]
            for (name, packets), run in zip(scenarios, runs):
                original, recorded, seen = run.result()
                for workers, (status, counts, alerts, err) in seen.items():
                    say = f"{name} -j {workers}: "
                    check(status == 0 and counts[0] == len(packets) and counts[2] == 0,
                          say + "every packet is read", (status, counts, len(packets), err[-400:]))
                    same(check, say + "the same alerts as of the record", essence(alerts), essence(recorded))
                    same(check, say + "the same alerts as of the capture", essence(alerts), essence(original))
                    live_counts, counts = counts_of(alerts), counts_of(recorded)
                    check(live_counts.keys() == counts.keys() and
                          all(abs(live_counts[key] - counts[key]) <= 1 for key in counts),
                          say + "the same counts as of the record, to within one", (live_counts, counts))
        print(f"{len(scenarios)} captures, {sum(len(p) for _, p in scenarios)} packets")


if __name__ == "__main__":
    live_net.main(__doc__, [live_equals_replay])
