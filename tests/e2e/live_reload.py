#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""live_reload.py --exfild PROGRAM --sender PROGRAM [--rate N]: a million indicators are read anew while packets come, and none is lost.

A capture of tests/replay is sent over a veth pair at a steady rate (5,000 packets a second) to an exfild whose feed has a million indicators. Meanwhile another
list of a million is moved into its place, three times. Each one must be in effect, every packet that was sent must be counted, and none dropped. By hand,
on a quiet machine: sender, listener and the reading of lists share its processors. Needs root, iproute2, ethtool."""
import os
import subprocess
import sys
import tempfile
import time

import harness
import intel
import live_net

TIMES = 3


def reload_once(check, live, path, number):
    fresh = path + ".new"
    subprocess.run(["cp", path, fresh], check=True)
    with open(fresh, "a", encoding="ascii") as out:
        out.write(f"now-{number}.bad-example.test\n")
    began, before = time.monotonic(), live.err().count("many: 99")
    os.rename(fresh, path)
    while live.err().count("many: 99") == before and time.monotonic() - began < 60:
        time.sleep(0.05)
    took = time.monotonic() - began
    check(live.err().count("many: 99") > before, f"list {number} is in effect", live.err()[-800:])
    return took


def measure(check, o, nets, folder):
    path, config = os.path.join(folder, "list.txt"), os.path.join(folder, "exfild.yaml")
    intel.write(path)
    with open(config, "w", encoding="ascii") as out:
        out.write(f"intel: {{max_indicators: 1100000, feeds: [{{name: many, file: {path}}}]}}\nlimits: {{memory_mb: 1024}}\n")
    with live_net.Live(nets, "b", o.exfild, "-i", "b0", "--inside", "10.20.0.0/16", "-c", config) as live:
        count = o.rate * o.seconds
        sender = subprocess.Popen(["ip", "netns", "exec", nets.of("a"), o.sender, "a0", harness.capture_of("benign_web"), str(count), str(o.rate)],
                                  stdout=subprocess.PIPE)
        try:
            time.sleep(1)
            took = [reload_once(check, live, path, i) for i in range(TIMES)]
            check(sender.poll() is None, "packets still came when the last list was in effect: raise --seconds", took)
            said = sender.communicate(timeout=o.seconds + 60)[0].decode()
        finally:
            if sender.poll() is None:
                sender.kill()
                sender.wait()
        time.sleep(2)
        check(live.stop() == 0, "it ends well", live.err()[-800:])
        packets, _, dropped = live.counts()
        check(dropped == 0, "no packet is dropped", live.err()[-300:])
        check(packets == count, "every packet is counted", (packets, count))
        print(f"{said.strip()}; lists in effect after {', '.join(f'{t:.1f}' for t in took)} s; {packets} packets counted, {dropped} dropped")


def main():
    p = harness.parser(__doc__)
    p.add_argument("--sender", required=True)
    p.add_argument("--rate", type=int, default=5000)
    p.add_argument("--seconds", type=int, default=40)
    o = p.parse_args()
    live_net.need()
    if harness.sanitized(o.exfild):
        harness.skip("with a sanitizer, time says nothing")
    check = harness.Checks()
    with tempfile.TemporaryDirectory(prefix="exfild-reload-") as folder, live_net.Nets("a", "b") as nets:
        os.chmod(folder, 0o755)
        nets.link("a", "a0", "b", "b0")
        measure(check, o, nets, folder)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
