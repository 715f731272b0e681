#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""determinism.py --exfild PROGRAM [--corpus]: one replay, whoever does the work, byte for byte.

Replays a folder into one state with -j 1, 2 and 4 and once more each, and compares alerts and every event (--events,
hashed as they come). Once with limits that nothing reaches, and once with limits so small that eviction is at work,
which must be said. Without --corpus the folder is tests/replay, with it the labelled captures (EXFILD_CORPUS); floods
made by --flood come between the captures, so that small limits are reached. What stands behind -- goes to exfild."""
import hashlib
import os
import subprocess
import sys
import tempfile
import threading

import harness

SMALL = {"limits.flows": 1024, "limits.undecided": 1024, "limits.hosts": 256, "limits.pairs": 1024}
FLOODS = (("conversations", 20000), ("syns", 20000), ("outward", 20000))
RUNS = (1, 2, 4, 1, 2, 4)


class Hashed(threading.Thread):
    """Reads a FIFO to its end; keeps the hash of all, and one of every block of lines to find the first difference."""
    BLOCK = 1 << 20

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.whole, self.blocks, self.size = path, hashlib.sha256(), [], 0

    def run(self):
        with open(self.path, "rb", buffering=0) as stream:
            rest = b""
            while True:
                data = stream.read(self.BLOCK)
                if not data:
                    break
                self.whole.update(data)
                self.size += len(data)
                rest += data
                while len(rest) >= self.BLOCK:
                    self.blocks.append(hashlib.sha256(rest[:self.BLOCK]).digest())
                    rest = rest[self.BLOCK:]
            self.blocks.append(hashlib.sha256(rest).digest())

    def first_difference(self, other):
        for number, (a, b) in enumerate(zip(self.blocks, other.blocks)):
            if a != b:
                return f"first difference in the events' MiB {number} of {self.size / self.BLOCK:.1f}"
        return f"{self.size} and {other.size} bytes of events"


def replay(program, inputs, workers, limits, passed_on, timeout):
    """(result, events) of one run."""
    with tempfile.TemporaryDirectory() as temp:
        fifo = os.path.join(temp, "events")
        os.mkfifo(fifo)
        events = Hashed(fifo)
        events.start()
        sets = [f"--set={key}={value}" for key, value in limits.items()]
        result = harness.run(program, "-r", *inputs, "-o", "json", "-j", workers, "--events", fifo, *sets, *passed_on, timeout=timeout)
        if events.is_alive() and not events.size:
            # exfild never opened it
            try:
                os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
            except OSError:
                pass
        events.join(60)
    return result, events


def counters(err):
    """The warnings on standard error: what was evicted, refused, damaged; not the summary with its seconds."""
    return [line for line in err.splitlines() if not harness.LAST_LINE.match(line)]


def compare(check, program, inputs, name, limits, options):
    first = None
    for number, workers in enumerate(RUNS, 1):
        what = f"{name}: run {number} (-j {workers})"
        result, events = replay(program, inputs, workers, limits, options.passed_on, options.timeout)
        good = check(result.status in (0, 3) and not result.crashed(), f"{what}: ends by itself", f"{result.crashed()}\n{result.err[-2000:]}")
        print(f"{what}: {result.seconds:.1f} s, {result.rss_kb / 1024:.0f} MiB, {len(result.out.splitlines())} alerts, "
              f"{events.size / 1e6:.1f} MB of events", flush=True)
        if not good:
            continue
        if first is None:
            first = result, events
            check(events.size > 0, f"{what}: has events")
            check("events were dropped" not in result.err, f"{what}: drops no event", result.err[-2000:])
            if limits:
                check("evicted" in result.err, f"{what}: says that flows were evicted", result.err[-2000:])
            continue
        check(result.out == first[0].out, f"{what}: the alerts of the first run", difference(first[0].out, result.out))
        check(events.whole.digest() == first[1].whole.digest(), f"{what}: the events of the first run",
              first[1].first_difference(events))
        said, now = counters(first[0].err), counters(result.err)
        check(said == now, f"{what}: the counters of the first run", "\n".join(sorted(set(said) ^ set(now))))
        check(result.status == first[0].status, f"{what}: the status of the first run")


def difference(a, b):
    for number, (x, y) in enumerate(zip(a.splitlines(), b.splitlines()), 1):
        if x != y:
            at = next((i for i, (c, d) in enumerate(zip(x, y)) if c != d), 0)
            return f"alert {number}: ...{x[max(0, at - 60):at + 60]!r}\n        and ...{y[max(0, at - 60):at + 60]!r}"
    return f"{len(a.splitlines())} and {len(b.splitlines())} alerts"


def main():
    p = harness.parser(__doc__)
    p.add_argument("--corpus", action="store_true", help="the labelled captures in place of tests/replay")
    p.add_argument("--folder", help="another folder")
    p.add_argument("--flood", help="the program that makes floods (tests/support/flood.c)")
    p.add_argument("--timeout", type=float, default=1800, help="seconds a run may take")
    p.add_argument("passed_on", nargs="*", help="behind --: further options of exfild")
    o = p.parse_args()
    check = harness.Checks()
    folder = o.folder or (os.path.join(harness.corpus(), "captures") if o.corpus else harness.REPLAY)
    with tempfile.TemporaryDirectory() as temp:
        inputs = [folder]
        for kind, count in FLOODS if o.flood else ():
            inputs.append(os.path.join(temp, kind + ".pcap"))
            with open(inputs[-1], "wb") as stream:
                subprocess.run([o.flood, kind, str(count)], stdout=stream, check=True)
        compare(check, o.exfild, inputs, "ample limits", {}, o)
        compare(check, o.exfild, inputs, "small limits", SMALL, o)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
