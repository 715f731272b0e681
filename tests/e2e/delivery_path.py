#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""delivery_path.py --alerts PROGRAM: what an alert costs the thread that makes it, with Redis healthy, hanging and absent.

Packet threads never call a sink: the layers of tests/lint/layers.txt hold that. The analysis renders an alert and puts it into the delivery; the rest
is done by threads of their own. So the instructions of the thread that puts (callgrind, by thread) must not depend on how Redis is. Exit status 77:
valgrind or redis-server is missing."""
import argparse
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import harness
from delivery import Redis

COUNT, MOST = 1500, 0.01


def instructions(options, folder, name, url):
    """Of the first thread, until all is put and the end has come; and how many alerts Redis has."""
    out = os.path.join(folder, name)
    shutil.rmtree(os.path.join(folder, "spool"), ignore_errors=True)
    subprocess.run(["valgrind", "--tool=callgrind", "--separate-threads=yes", f"--callgrind-out-file={out}", "--toggle-collect=outputs_put", options.alerts,
                    "--set", "redis.url=" + url, "--set", f"spool.directory={folder}/spool", "--count", str(COUNT)], check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    totals = []
    for path in glob.glob(out + "-*"):
        with open(path, encoding="utf-8") as stream:
            found = re.search(r"^(?:totals|summary): (\d+)", stream.read(), re.M)
        totals.append(int(found[1]) if found else 0)
    return max(totals, default=0)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--alerts", required=True)
    o = p.parse_args()
    if not all(map(shutil.which, ("valgrind", "redis-server"))):
        harness.skip("needs valgrind and redis-server")
    check, folder = harness.Checks(), tempfile.mkdtemp(prefix="exfild-path-")
    redis, counts = Redis(folder).start(), {}
    try:
        counts["healthy"] = instructions(o, folder, "healthy", redis.url)
        redis.process.send_signal(signal.SIGSTOP)
        counts["hanging"] = instructions(o, folder, "hanging", redis.url)
        redis.process.send_signal(signal.SIGCONT)
        redis.kill()
        counts["absent"] = instructions(o, folder, "absent", redis.url)
    finally:
        redis.kill()
        shutil.rmtree(folder, ignore_errors=True)
    least, most = min(counts.values()), max(counts.values())
    check(least > COUNT * 1000 and most <= least * (1 + MOST), f"the same within {MOST:.0%}, however Redis is", counts)
    return check.end("instructions an alert of the thread that makes it: " + ", ".join(f"{name} {n / COUNT:.0f}" for name, n in counts.items()))


if __name__ == "__main__":
    sys.exit(main())
