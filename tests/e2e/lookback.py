#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lookback.py --exfild PROGRAM: did we ever talk to this? Asked when an indicator arrives.

Replays with --state: a capture without a feed; days later another one with a feed that lists what the first one met, which is told with
day, host and volume, once, with any number of workers; after privacy.keep_days.lookback days, or with 0 of them, it is not. Live, in
network namespaces: a connection, then `exfilctl intel add` of its other end, then the alert. Nothing of it without root but the replays."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import harness

FEEDS = os.path.join(harness.REPLAY, "intel_feeds")
DAY_S = 86400
NOTE = "now lists it"


def stamps(data):
    """Offsets of the seconds of each packet of a little-endian pcap."""
    at = 24
    while at + 16 <= len(data):
        yield at
        at += 16 + int.from_bytes(data[at + 8:at + 12], "little")


def later(capture, begin_s, path):
    """The capture as if it had begun then."""
    with open(capture, "rb") as f:
        data = bytearray(f.read())
    first = None
    for at in stamps(data):
        seconds = int.from_bytes(data[at:at + 4], "little")
        first = seconds if first is None else first
        data[at:at + 4] = (begin_s + seconds - first).to_bytes(4, "little")
    with open(path, "wb") as f:
        f.write(data)
    return path


def begin_of(capture):
    with open(capture, "rb") as f:
        return int.from_bytes(f.read(28)[24:28], "little")


class Replays:
    def __init__(self, program, check, folder):
        self.program, self.check, self.folder = program, check, folder
        self.first = os.path.join(FEEDS, "input.pcap")
        self.config = os.path.join(folder, "exfild.yaml")
        shutil.copy(os.path.join(FEEDS, "feed.txt"), folder)
        with open(self.config, "w", encoding="ascii") as out:
            out.write(f"intel: {{feeds: [{{name: lab, file: {folder}/feed.txt}}]}}\n")

    def run(self, capture, state, *more):
        done = harness.run(self.program, "-q", "-r", capture, "--state", state, "-o", "json", *more)
        self.check(done.status == 0 and not done.crashed(), f"{os.path.basename(capture)} is replayed", done.err)
        return [json.loads(line) for line in done.out.splitlines()]

    def days_after(self, days, workers=1, *more):
        """What is said of the first capture's hosts when the feed comes so many days later."""
        state = os.path.join(self.folder, f"state-{days}-{workers}-{len(more)}")
        self.check(not self.run(self.first, state, *more), "without a feed the first capture says nothing")
        capture = later(harness.capture_of("benign_ping"), begin_of(self.first) + days * DAY_S, os.path.join(self.folder, "later.pcap"))
        said = self.run(capture, state, "-c", self.config, "-j", str(workers), *more)
        again = self.run(capture, state, "-c", self.config, "-j", str(workers), *more)
        self.check(not again, "what was told is not told again, after a restart either", [a["message"] for a in again])
        return said


def replays(program, check, folder):
    r = Replays(program, check, folder)
    said = r.days_after(3)
    told = {a["threat"]["indicator"]["ip"] if "ip" in a["threat"]["indicator"] else a["exfild"]["evidence"]["object"]: a for a in said}
    check(len(said) >= 3 and all(a["rule"]["id"] == "intel:lab" and NOTE in a["message"] for a in said), "each end that the feed lists is told", list(told))
    for a in said:
        end = a["event"]["end"]
        check(a["event"]["start"][:10] == end[:10] == time.strftime("%Y-%m-%d", time.gmtime(begin_of(r.first))), "with the day on which it was", end)
        features = {f["feature"]: f["value"] for f in a["exfild"]["explain"]}
        check(features.get("sent_bytes", 0) > 0 or "asked for" in a["message"], "and the volume", a["message"])
    first = json.dumps([[a["exfild"]["alert_id"], a["message"]] for a in said])
    other = json.dumps([[a["exfild"]["alert_id"], a["message"]] for a in r.days_after(3, 4)])
    check(first == other, "four workers say the same", (first, other))
    check(not r.days_after(20), "after fourteen days it is forgotten")
    check(not r.days_after(3, 1, "--set", "privacy.keep_days.lookback=0"), "with a look back of no days nothing is kept")


def live(program, check, folder):
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "redis-server", "ethtool"))):
        print("live part skipped: needs root, iproute2, ethtool, redis-server")
        return
    from live_delivery import Watch  # pylint: disable=import-outside-toplevel
    lab = Watch(os.path.abspath(program), folder)
    config = os.path.join(folder, "live.yaml")
    with open(config, "w", encoding="ascii") as out:
        out.write("networks: [{name: office, prefixes: [10.20.0.0/16]}]\n")  # else what lies behind the gateway's ports is inside
    lab.more = ["-c", config]
    try:
        lab.up()
        check(lab.start(), "the daemon starts", lab.log())
        lab.client(f"{sys.executable} -c \"import socket; s = socket.create_connection(('203.0.113.22', 80), 3); s.sendall(b'x' * 3000); s.close()\"")
        check(lab.until(lambda: lab.ask("flows").returncode == 0), "it answers")
        time.sleep(2)
        added = lab.ask("intel", "add", "203.0.113.22", "--reason", "case 12")
        check(added.returncode == 0, "an indicator is added", added.stdout)
        check(lab.until(lambda: any(NOTE in a["message"] for a in lab.alerts()), 30), "and what was before it is told",
              [a["message"] for a in lab.alerts()])
        lab.stop()
    finally:
        lab.down()
        lab.server_of.kill()


def main():
    p = harness.parser(__doc__)
    o = p.parse_args()
    check, folder = harness.Checks(), tempfile.mkdtemp(prefix="exfild-lookback-")
    try:
        replays(os.path.abspath(o.exfild), check, folder)
        live(o.exfild, check, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
