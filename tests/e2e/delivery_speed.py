#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""delivery_speed.py --alerts PROGRAM --sink PROGRAM: how many alerts a second find their way, against redis-benchmark.

The same command (XADD with the fields of an alert), the same payload, the same unix socket, the same number of commands under way: redis-benchmark and
the sink alone take turns, so that whatever else the machine does falls on both. Then whole alerts from their rendering to Redis, through the spool on
the disk; by the clock, and by the processor time of each thread, which tells what a machine of its own would do: the slowest thread
is the bound. Prints figures; the bars (sink at least 0.5 of redis-benchmark, 20,000 alerts a second through the spool by the slowest thread and by
two processors) are judged with --bars, by the middle of the rounds."""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import harness
from delivery import Redis, Sender

SIZE = 2800
TICKS = os.sysconf("SC_CLK_TCK")


def spent(pid):
    """Seconds of processor of each thread, by name; those of one name together."""
    threads = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat", encoding="ascii") as stream:
            head, _, rest = stream.read().rpartition(")")
        name, fields = head.partition("(")[2], rest.split()
        threads[name] = threads.get(name, 0) + (int(fields[11]) + int(fields[12])) / TICKS
    return threads


class Round:
    def __init__(self, options, redis, folder):
        self.options, self.redis, self.folder = options, redis, folder
        self.count = options.count

    def benchmark(self):
        """Commands a second of redis-benchmark, and of the processor time of both ends."""
        fields = ["id", "0" * 32, "severity", "73", "alert", "x" * SIZE]
        before, server = os.times(), sum(spent(self.redis.process.pid).values())
        out = subprocess.run(["redis-benchmark", "-s", self.redis.socket, "-n", str(self.count), "-c", "1", "-P", "512", "--csv", "XADD", "bench", "MAXLEN",
                              "~", "100000", "*", *fields], capture_output=True, text=True, check=True).stdout
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        cpu += sum(spent(self.redis.process.pid).values()) - server
        return float(out.strip().splitlines()[-1].split('","')[1]), self.count / cpu

    def sink(self):
        server = sum(spent(self.redis.process.pid).values())
        out = subprocess.run([self.options.sink, "--url", self.redis.url, "--count", str(self.count), "--size", str(SIZE)], capture_output=True, text=True,
                             check=True).stdout.split()
        cpu = float(out[4]) + sum(spent(self.redis.process.pid).values()) - server
        return self.count / float(out[2]), self.count / cpu

    def whole(self):
        """(a second by the clock, seconds of processor of each thread)."""
        shutil.rmtree(os.path.join(self.folder, "spool"), ignore_errors=True)
        self.redis.ask("FLUSHALL")
        began = time.monotonic()
        sender = Sender(self.options.alerts, self.folder, "--count", str(self.count), sets=["redis.url=" + self.redis.url, "redis.channel=false"])
        sender.wait_done()
        sender.drain()
        seconds = time.monotonic() - began
        threads = spent(sender.process.pid)
        sender.stop()
        got = int(self.redis.ask("XLEN", "exfild:alerts"))
        if got != self.count:
            sys.exit(f"{got} of {self.count} alerts arrived")
        return self.count / seconds, threads


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--alerts", required=True)
    p.add_argument("--sink", required=True)
    p.add_argument("--count", type=int, default=50000)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--bars", action="store_true")
    o = p.parse_args()
    if not shutil.which("redis-benchmark"):
        harness.skip("needs redis-server and redis-benchmark")
    check, folder = harness.Checks(), tempfile.mkdtemp(prefix="exfild-speed-")
    redis = Redis(folder, "--appendfsync", "no").start()
    try:
        r = Round(o, redis, folder)
        ratios, cpu_ratios, rates, slowest, two = [], [], [], [], []
        for number in range(o.rounds):
            bench, sink = r.benchmark(), r.sink()
            ratios.append(sink[0] / bench[0])
            cpu_ratios.append(sink[1] / bench[1])
            print(f"round {number + 1}: redis-benchmark -c 1 -P 512 {bench[0]:.0f} a second ({bench[1]:.0f} of processor, both ends); the sink alone "
                  f"{sink[0]:.0f} ({sink[1]:.0f}): {ratios[-1]:.2f} of it by the clock, {cpu_ratios[-1]:.2f} by processor; load {os.getloadavg()[0]:.0f}")
            rate, threads = r.whole()
            rates.append(rate)
            slowest.append(o.count / max(threads.values()))
            two.append(o.count / (sum(threads.values()) / 2))
            print(f"  whole, through the spool: {rate:.0f} a second by the clock; of processor " +
                  ", ".join(f"{name} {seconds:.2f} s" for name, seconds in sorted(threads.items())))
        middle = statistics.median
        print(f"the sink alone: {middle(ratios):.2f} of redis-benchmark by the clock, {middle(cpu_ratios):.2f} by processor")
        print(f"through the spool: {middle(rates):.0f} alerts a second by the clock; {middle(slowest):.0f} by the slowest thread, {middle(two):.0f} by two processors")
        if o.bars:
            check(max(middle(ratios), middle(cpu_ratios)) >= 0.5, "the sink alone: 0.5 of redis-benchmark")
            check(middle(slowest) >= 20000 and middle(two) >= 20000, "through the spool: 20,000 alerts a second")
    finally:
        redis.kill()
        shutil.rmtree(folder, ignore_errors=True)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
