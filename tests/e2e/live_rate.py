#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""live_rate.py --exfild PROGRAM [--capture FILE] [--rates K,K] [--seconds N] [--most K]

A capture (the mix of the throughput workloads) sent over a veth pair at given rates, in thousands of packets a second:
what exfild loses, and the processor seconds that it and Suricata (where it is installed, without rules, with its usual
logs) take for a million packets. At the rate of --most nothing may be lost. Not with a sanitizer; by hand, on a quiet
machine: sender and listener share its processors."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import harness
import live_net
from live_net import Nets

TICK = os.sysconf("SC_CLK_TCK")
SENT = re.compile(r"Actual: (\d+) packets")
RATED = re.compile(r"Rated: .*?([\d.]+) pps")


class Listener:
    """A program that listens to b0, and what its processes have used."""

    def __init__(self, nets, ready, words):
        self.folder = tempfile.mkdtemp(prefix="exfild-rate-")
        self.log = open(self.folder + "/log", "w+b")
        words = [word.replace("FOLDER", self.folder) for word in words]
        self.child = subprocess.Popen(["ip", "netns", "exec", nets.of("b"), *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=self.log)
        deadline = time.monotonic() + 60
        while ready not in self.said():
            if self.child.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("it does not listen: " + self.said()[-2000:])
            time.sleep(0.05)
        time.sleep(0.5)
        self.before = self.used()

    def said(self):
        text = b""
        for path in (self.log.name, self.folder + "/suricata.log"):
            if os.path.exists(path):
                with open(path, "rb") as stream:
                    text += stream.read()
        return text.decode("utf-8", "replace")

    def used(self):
        """Processor seconds until now, of all its processes."""
        total = 0
        for pid in {self.child.pid, *harness.processes(self.child.pid).values()}:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stream:
                words = stream.read().rsplit(")", 1)[1].split()
            total += int(words[11]) + int(words[12])
        return total / TICK

    def end(self):
        """What it has used since it listened, and what it said."""
        time.sleep(1.5)
        used = self.used() - self.before
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(60)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        said = self.said()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        return used, said


def exfild(program, workers):
    return ": listening", [program, "-v", "-o", "json", "-i", "b0", "-j", str(workers), "--set", "control.socket=FOLDER/c", "--set",
                           "state.directory=FOLDER/state", "--set", "spool.directory=FOLDER/spool", "--set",
                           "evidence.directory=FOLDER/evidence", "--set", "redis.url=", "--set", "metrics.listen="]


def suricata():
    return "Engine started", ["suricata", "-c", "/etc/suricata/suricata.yaml", "--af-packet=b0", "-S", "/dev/null", "-k", "none", "-l", "FOLDER",
                              "--set", "unix-command.enabled=no"]


def send(nets, capture, thousands, seconds):
    """(packets, packets a second) that went out."""
    done = subprocess.run(["ip", "netns", "exec", nets.of("a"), "tcpreplay", "-i", "a0", "--pps", str(thousands * 1000), "--limit",
                           str(int(thousands * 1000 * seconds)), "--preload-pcap", capture], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    return int(SENT.search(done.stdout).group(1)), float(RATED.search(done.stdout).group(1))


def measure(nets, o, who, listener, thousands):
    """One row: processor seconds for a million packets, and packets that were lost."""
    running = Listener(nets, *listener)
    packets, rate = send(nets, o.capture, thousands, o.seconds)
    used, said = running.end()
    lost = re.search(r"; (\d+) packets dropped", said) or re.search(r"drops: (\d+)", said)
    print(f"{who:10} {thousands:4} asked, {rate / 1000:5.0f} sent: {used / packets * 1e6:6.2f} s for a million packets, "
          f"{int(lost.group(1)) if lost else 0} of {packets} lost")
    return used / packets * 1e6, int(lost.group(1)) if lost else 0


def main():
    p = harness.parser(__doc__)
    p.add_argument("--capture", required=True)
    p.add_argument("--rates", default="50,100,200")
    p.add_argument("--most", type=int, default=300)
    p.add_argument("--seconds", type=float, default=10)
    o = p.parse_args()
    if harness.sanitized(o.exfild):
        harness.skip("its time says nothing with a sanitizer")
    live_net.need()
    if not shutil.which("tcpreplay"):
        harness.skip("tcpreplay is not installed")
    check = harness.Checks()
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0")
        for thousands in map(int, o.rates.split(",")):
            ours, _ = measure(nets, o, "exfild", exfild(o.exfild, 1), thousands)
            if shutil.which("suricata"):
                theirs, _ = measure(nets, o, "suricata", suricata(), thousands)
                check(ours <= theirs / 2, f"at most half of Suricata's at {thousands} thousand a second", (ours, theirs))
        _, lost = measure(nets, o, "exfild", exfild(o.exfild, 2), o.most)
        check(lost == 0, f"nothing is lost at {o.most} thousand a second", lost)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
