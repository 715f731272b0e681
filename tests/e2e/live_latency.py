#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""live_latency.py --exfild PROGRAM [--count N] [--workers N] [--bars]: from the packet that completes the evidence to the subscriber.

The lab of live_delivery.py with spool, file, Redis and syslog, as ever; pings that are drills, one at a time, with quiet times between them of several
lengths, so that none falls in with a rhythm of exfild's own. An alert's @timestamp is the kernel's time of its packet; a client that subscribes notes
when it has the line. Prints median, 90th, 99th percentile and the longest; bars (median under 40 ms, 99th percentile under 100 ms) are judged with
--bars, for a machine of its own. Needs root, iproute2, ethtool, redis-server."""
import datetime
import json
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import harness
from live_delivery import Watch


class Control:
    """A connection that stays, to ask for drills without a program for each."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r", encoding="utf-8")

    def drill(self):
        self.socket.sendall(b'{"v":1,"id":1,"command":"drill","args":{"kind":"icmp","to":"203.0.113.22"}}\n')
        answer = json.loads(self.lines.readline())
        return answer["result"] if answer["ok"] else {}


class Subscriber:
    """A client of its own: when each drill's alert came, by the drill's id."""

    def __init__(self, path):
        self.socket, self.came = socket.socket(socket.AF_UNIX), {}
        self.socket.connect(path)
        self.socket.sendall(b"SUBSCRIBE exfild:alerts\r\n")
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        data = b""
        while more := self.socket.recv(1 << 16):
            now_s = time.time()
            *lines, data = (data + more).split(b"\n")
            for line in lines:
                if not line.startswith(b"{"):
                    continue
                alert = json.loads(line)
                if alert["exfild"]["mode"] != "drill":
                    continue
                stamp = datetime.datetime.strptime(alert["@timestamp"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
                self.came.setdefault(alert["exfild"]["evidence"]["object"], (now_s - stamp.timestamp()) * 1000)


def measure(lab, check, count):
    control, subscriber = Control(lab.socket), Subscriber(lab.server_of.socket)
    shell = subprocess.Popen(lab.ns("cli", "sh"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
    wanted, lot = [], random.Random(1)
    for _ in range(count):
        asked = control.drill()
        if not check(asked, "a drill is given"):
            break
        wanted.append(asked["drill"])
        # its further pings repeat the drill and prove nothing here: not waited for
        shell.stdin.write(asked["command"] + " &\n")
        shell.stdin.flush()
        lab.until(lambda: wanted[-1] in subscriber.came, 20)
        time.sleep(lot.uniform(0.01, 0.2))
    shell.stdin.close()
    shell.wait()
    missing = [drill for drill in wanted if drill not in subscriber.came]
    check(not missing, f"all of {len(wanted)} drills reach the subscriber", missing[:5])
    return sorted(subscriber.came.values())


def main():
    p = harness.parser(__doc__)
    p.add_argument("--count", type=int, default=300)
    p.add_argument("--workers", type=int, default=1)
    p.add_argument("--bars", action="store_true")
    o = p.parse_args()
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "redis-server", "ethtool"))):
        harness.skip("needs root, iproute2, ethtool, redis-server")
    check, folder = harness.Checks(), tempfile.mkdtemp(prefix="exfild-latency-")
    lab = Watch(os.path.abspath(o.exfild), folder)
    lab.more = ["-j", str(o.workers), "--set", "alerts.rate_per_minute=0", "--set", "alerts.rule_per_minute=0"]
    signal.signal(signal.SIGTERM, harness.end_once)
    try:
        lab.up()
        check(lab.start(), "the daemon starts", lab.log())
        times = measure(lab, check, o.count)
        lab.stop()
    finally:
        lab.down()
        lab.server_of.kill()
        shutil.rmtree(folder, ignore_errors=True)
    if times:
        part = [times[min(len(times) - 1, len(times) * n // 100)] for n in (90, 99)]
        print(f"packet to subscriber, {len(times)} alerts, {o.workers} workers: median {statistics.median(times):.1f} ms, 90 % within {part[0]:.1f}, "
              f"99 % within {part[1]:.1f}, longest {times[-1]:.1f}; load {os.getloadavg()[0]:.0f}")
        if o.bars:
            check(statistics.median(times) < 40, "the median is under 40 ms")
            check(part[1] < 100, "the 99th percentile is under 100 ms")
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
