#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""memory.py --exfild PROGRAM --flood PROGRAM [--quick]: memory stays within its promises, whatever comes.

One million concurrent connections, their protocol found out, take at most 400 MB at their peak. Ten million forged
SYNs leave memory where one million had it, likewise SYNs of inside hosts to the whole world; that flows were evicted
is said. Nothing is written to disk: tests/support/flood.c makes each stream. --quick: a twentieth of all that."""
import subprocess
import sys
import time

import harness

LIMIT_MB = 400


def measure(o, kind, count, *options):
    """The result of a replay of COUNT flows, its memory taken by wait4."""
    flood = subprocess.Popen([o.flood, kind, str(count)], stdout=subprocess.PIPE)
    try:
        result = harness.run(o.exfild, "-r", "-", "-o", "json", *options, stdin=flood.stdout, timeout=o.timeout)
    finally:
        flood.stdout.close()
        if flood.wait() not in (0, 1):
            print(f"flood ended with status {flood.returncode}")
    print(f"{kind} {count} {' '.join(options)}: {result.rss_kb / 1024:.0f} MB, {result.seconds:.1f} s, {len(result.out.splitlines())} alerts")
    for line in result.err.splitlines()[1:]:
        print(f"    {line}")
    sys.stdout.flush()
    return result


def counter(result, words):
    for line in result.err.splitlines():
        if line.startswith("warning: ") and words in line:
            return int(line.split(": ")[2].split()[0])
    return 0


def main():
    p = harness.parser(__doc__)
    p.add_argument("--flood", required=True, help="the program made of tests/support/flood.c")
    p.add_argument("--quick", action="store_true")
    p.add_argument("--timeout", type=float, default=900)
    o = p.parse_args()
    check, million = harness.Checks(), 50_000 if o.quick else 1_000_000
    sanitized = harness.sanitized(o.exfild)
    began = time.monotonic()
    # small tables where the flood is small, so that it overflows them all the same
    small = ["--set=limits.flows=20000", "--set=limits.hosts=4096", "--set=limits.pairs=8192"] if o.quick else []
    if not o.quick and sanitized:
        harness.skip("memory and time under a sanitizer say nothing: use a release build, or --quick")

    for workers in ("1", "2"):
        many = measure(o, "conversations", million, "-j", workers)
        check(many.status == 0 and not many.crashed(), "conversations: ends by itself", f"{many.crashed()}\n{many.err}")
        check(int(many.summary().group(4)) == million, f"conversations: {million} flows", many.err)
        check(counter(many, "flows were evicted") < million // 1000, "conversations: they are held at once", many.err)
        check("events were dropped" not in many.err, "conversations: no event is dropped", many.err)
        check(sanitized or many.rss_kb / 1024 <= LIMIT_MB, f"conversations: at most {LIMIT_MB} MB", f"{many.rss_kb / 1024:.0f} MB")
    for kind in ("syns", "outward"):
        one = measure(o, kind, 2 * million, *small)
        ten = measure(o, kind, 10 * million, *small)
        for result in (one, ten):
            check(result.status == 0 and not result.crashed(), f"{kind}: ends by itself", f"{result.crashed()}\n{result.err}")
            check("events were dropped" not in result.err, f"{kind}: no event is dropped", result.err)
        check(sanitized or ten.rss_kb <= one.rss_kb * 1.05 + 16_000, f"{kind}: five times the flood, the same memory", f"{one.rss_kb} kB, {ten.rss_kb} kB")
        check(counter(ten, "flows were evicted") > 0, f"{kind}: evictions are said", ten.err)
        # outward: 5000 hosts scan, each may be told of and told of again as it goes on
        alerts, most = len(ten.out.splitlines()), 4 * 5000 if kind == "outward" else 100
        check(alerts <= most, f"{kind}: at most {most} alerts", f"{alerts} alerts")
    return check.end(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
