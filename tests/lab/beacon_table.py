#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""beacon_table.py --exfild PROGRAM: what the beacon detector finds, by period, jitter and loss, and what people raise.

Writes captures of beacons to a bare address (each connection sleeps T * (1 - jitter * dice) before the next) and of
people (Poisson, bursts), replays them, and prints Markdown: connections until the first alert of medium or above, the
mean of the seeds that were found, and how many were."""
import argparse
import json
import os
import re
import subprocess
import tempfile

from channels import VICTIM, visit
from conversation import Tape

SEEDS, CONNECTIONS = 10, 64


def replay(exfild, tape):
    """(RITA's score at the first alert of medium or above, connections until then), or None."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "in.pcap")
        tape.save(path)
        command = [exfild, "-q", "-o", "json", "-r", path]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    for alert in map(json.loads, lines):
        if alert["rule"]["id"] == "beacon" and alert["event"]["severity"] >= 47:
            rita = next(x["value"] for x in alert["exfild"]["explain"] if x["feature"] == "rita")
            return rita, int(re.search(r"(\d+) times", alert["message"]).group(1))
    return None


def beacon(seed, period, jitter, loss):
    tape, at = Tape(seed=seed), 1.0
    for _ in range(CONNECTIONS):
        if tape.dice.random() >= loss:
            size = 300 if tape.dice.random() < 0.8 else tape.dice.randrange(400, 2000)
            visit(tape, at, VICTIM, "203.0.113.45", (size, 900))
        at += period * (1 - jitter * tape.dice.random())
    return tape


def poisson(seed, mean):
    tape, at = Tape(seed=seed), 1.0
    for _ in range(CONNECTIONS * 4):
        visit(tape, at, VICTIM, "198.51.100.30", (tape.dice.randrange(100, 3000), tape.dice.randrange(300, 20000)))
        at += tape.dice.expovariate(1 / mean)
    return tape


def bursts(seed, mean):
    tape, at = Tape(seed=seed), 1.0
    for _ in range(CONNECTIONS):
        for _ in range(tape.dice.randrange(1, 10)):
            visit(tape, at, VICTIM, "198.51.100.30", (tape.dice.randrange(100, 3000), tape.dice.randrange(300, 20000)))
            at += 1 + tape.dice.expovariate(1 / 3)
        at += mean * tape.dice.paretovariate(1.2) / 6
    return tape


def row(exfild, name, make):
    found = [r for r in (replay(exfild, make(seed)) for seed in range(1, SEEDS + 1)) if r]
    mean = "%.1f" % (sum(n for _, n in found) / len(found)) if found else "-"
    rita = "%.2f" % (sum(s for s, _ in found) / len(found)) if found else "-"
    print("| %s | %d of %d | %s | %s |" % (name, len(found), SEEDS, mean, rita), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exfild", required=True)
    exfild = parser.parse_args().exfild
    print("| traffic | found | connections until then | RITA's score then |\n|---|---|---|---|")
    for period, text in ((5, "5 s"), (60, "1 min"), (3600, "1 h"), (21600, "6 h")):
        for jitter in (0, 0.1, 0.3, 0.5, 0.7, 0.9):
            row(exfild, "beacon of %s, jitter %d %%" % (text, 100 * jitter),
                lambda seed, p=period, j=jitter: beacon(seed, p, j, 0))
    for loss in (0.1, 0.3):
        for jitter in (0, 0.1, 0.3):
            row(exfild, "beacon of 5 min, jitter %d %%, %d %% lost" % (100 * jitter, 100 * loss),
                lambda seed, j=jitter, w=loss: beacon(seed, 300, j, w))
    for mean in (10, 60, 600):
        row(exfild, "people, Poisson, mean %d s" % mean, lambda seed, m=mean: poisson(seed, m))
        row(exfild, "people, bursts, pauses of %d s" % mean, lambda seed, m=mean: bursts(seed, m))


if __name__ == "__main__":
    main()
