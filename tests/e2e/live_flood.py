#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""live_flood.py --exfild PROGRAM --exfilctl PROGRAM --sender PROGRAM [--seconds N]: forged SYNs, random DNS names and
fragments as fast as a sender can, with one real iodine tunnel among them. Memory stays at its cap, the tunnel is alerted,
the flood is reported, and exfild ends well. Not with a sanitizer; not part of the everyday run."""
import os
import shutil
import socket
import subprocess
import sys
import time

import harness
import live_net
from live_net import Live, Nets

CLIENT, SERVER = "10.9.0.2", "10.9.0.1"
LIMIT_MB = 128


def iodine(nets):
    """A tunnel over the watched link, and what keeps it busy."""
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    nets.ip("a", "addr add 10.20.1.10/24 dev a0")
    nets.ip("b", "addr add 10.20.1.1/24 dev b0")
    children = [subprocess.Popen(["ip", "netns", "exec", nets.of("b"), "iodined", "-f", "-c", "-P", "secret", "-l", "10.20.1.1", SERVER,
                                  "t.example.test"], **quiet)]
    time.sleep(1)
    children.append(subprocess.Popen(["ip", "netns", "exec", nets.of("a"), "iodine", "-f", "-r", "-P", "secret", "10.20.1.1",
                                      "t.example.test"], **quiet))
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if " dns0" in nets.ip("a", "link") and CLIENT in nets.ip("a", "addr"):
            break
        time.sleep(0.2)
    else:
        raise RuntimeError("iodine did not come up")
    sender = nets.inside("a", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    return children, sender


def main():
    p = harness.parser(__doc__)
    p.add_argument("--exfilctl", required=True)
    p.add_argument("--sender", required=True, help="the program made of tests/support/sender.c")
    p.add_argument("--seconds", type=float, default=60)
    o = p.parse_args()
    if harness.sanitized(o.exfild):
        harness.skip("its memory and time say nothing with a sanitizer")
    live_net.need()
    for tool in ("iodine", "iodined"):
        if not shutil.which(tool):
            harness.skip(f"{tool} is not installed")
    check = harness.Checks()
    with Nets("a", "b", "c") as nets:
        nets.link("a", "a0", "b", "b0")
        nets.link("c", "c0", "b", "b1")
        with Live(nets, "b", o.exfild, "-i", "b0", "-i", "b1", "-j", "2", "--set", "limits.memory_mb=128", listening=2) as live:
            before = live.proportional_mb()
            flood = subprocess.Popen(["ip", "netns", "exec", nets.of("c"), o.sender, "c0", "flood", str(o.seconds)],
                                     stdout=subprocess.PIPE, text=True)
            time.sleep(o.seconds / 6)
            children, sender = iodine(nets)
            sizes = []
            try:
                while flood.poll() is None:
                    sender.sendto(os.urandom(900), (SERVER, 9))
                    sizes.append(live.proportional_mb())
                    time.sleep(0.2)
            finally:
                for child in children:
                    child.terminate()
                    child.wait()
            sent, seconds = flood.communicate()[0].split()
            status = live.stop()
            packets, flows, dropped = live.counts()
            rules = {}
            for alert in live.alerts():
                key = (alert["rule"]["id"], alert["event"]["severity"])
                rules[key] = rules.get(key, 0) + 1
            half = sizes[len(sizes) // 2:]
            print(f"{sent} frames of the flood in {seconds} s; {packets} packets read, {flows} flows, {dropped} dropped; memory "
                  f"{before:.0f} MB before, {max(sizes):.0f} at most, second half {min(half):.0f} to {max(half):.0f}; "
                  f"stop {live.stop_seconds:.2f} s; alerts {rules}")
            for line in live.err().splitlines():
                if line.startswith("warning"):
                    print("    " + line)
            check(status == 0, "it ends well", live.err()[-800:])
            check(max(sizes) < LIMIT_MB * 1.05, f"memory stays under {LIMIT_MB} MB", max(sizes))
            check(max(half) - min(half) < 4, "and is flat in the second half", (min(half), max(half)))
            check(any("example.test" in a["message"] for a in live.alerts()), "the tunnel is told", rules)
            check(any(rule.startswith("sensor_") for rule, _ in rules), "the flood is reported", rules)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
