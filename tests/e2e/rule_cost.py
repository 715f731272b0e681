#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""rule_cost.py --exfild PROGRAM [--capture FILE]: what rules, indicators and the counting of usage cost, in instructions.

Counts the instructions of a replay (valgrind) of a capture, and of the capture twice, the second time a day later: the difference is what the
traffic costs, the rest is start and reading of rules. Without rules; with the shipped ones; with 100 and 2,000 made ones, of which one in 64 is an
expression; with 2,000 for what the capture has none of; with a million mixed indicators, none of which occurs there (a hit makes an alert, which is
not what is counted); with usage counted. Holds the bars of BARS; what costs nothing may differ by half a percent, as the start of two runs does. The capture: by default the benign ones of tests/replay in a row; the figures of docs are of the mix of the throughput bench."""
import os
import random
import re
import subprocess
import sys
import tempfile
import uuid

import harness
import intel
from lookback import DAY_S, later, stamps

WORDS = ("alpha bravo cobalt delta ember falcon garnet harbor indigo jasper krypton lumen magnet nickel onyx pepper quartz raven sierra topaz umber violet "
         "walnut xenon yarrow zephyr").split()
BARS = {"100 rules": 5.0, "2000 rules": 20.0, "2000 rules for what does not occur": 0.5, "a million indicators": 2.0, "usage": 3.0}


def word(lot):
    return f"{lot.choice(WORDS)}{lot.choice(WORDS)}{lot.randrange(1000)}"


def rule(lot, number):
    """One in the ways that public rules look for things."""
    kinds = {
        "end": ("category: dns", f"query|endswith: ['.{word(lot)}.example', '.{word(lot)}.test']"),
        "has": ("category: dns", f"query|contains: '{word(lot)}'"),
        "agent": ("category: proxy", f"c-useragent|contains: ['{word(lot)}/1.', '{word(lot)}']"),
        "uri": ("category: proxy", f"c-uri|contains: '/{word(lot)}.php'"),
        "name": ("product: zeek\n  service: ssl", f"server_name|endswith: '.{word(lot)}.example'"),
        "port": ("product: zeek\n  service: conn", f"id.resp_p: {lot.randrange(1024, 65000)}"),
        "re": ("category: proxy", f"c-uri|re: '/{lot.choice(WORDS)}[0-9]{{3,6}}\\.(php|asp)\\?id=[a-f0-9]{{8}}'"),
        "both": ("category: proxy", f"c-uri|startswith: '/{word(lot)}'\n    cs-method: POST"),
    }
    kind = "re" if number % 64 == 6 else [k for k in kinds if k != "re"][number % 7]
    source, wanted = kinds[kind]
    return (f"title: Made {number}\nid: {uuid.UUID(int=lot.getrandbits(128), version=4)}\nstatus: test\ndescription: made\nlogsource:\n  {source}\n"
            f"detection:\n  selection:\n    {wanted}\n  condition: selection\nlevel: low\n")


def rules(folder, name, count, source=None):
    """So many of them, in a folder; with a log source all are for that one."""
    lot, place = random.Random(7), os.path.join(folder, name)
    os.mkdir(place)
    for number in range(count):
        text = rule(lot, number)
        if source:
            text = re.sub(r"logsource:\n.*\ndetection:\n  selection:\n.*\n", f"logsource:\n  {source}\ndetection:\n  selection:\n    cookie|contains: '{word(lot)}'\n", text)
        with open(os.path.join(place, f"{number:05}.yml"), "w", encoding="ascii") as out:
            out.write(text)
    return f"signatures: {{directories: [{place}]}}\n"


def merged(folder):
    """The benign captures of tests/replay, of one form and link type, in a row."""
    path, head = os.path.join(folder, "all.pcap"), None
    with open(path, "wb") as out:
        for scenario in sorted(os.listdir(harness.REPLAY)):
            if not scenario.startswith("benign"):
                continue
            with open(harness.capture_of(scenario), "rb") as f:
                data = f.read()
            if data[:4] != b"\xd4\xc3\xb2\xa1" or (head and data[20:24] != head[20:24]):
                continue
            out.write(data if head is None else data[24:])
            head = head or data[:24]
    return path


def addresses(program, capture, folder):
    """All of IPv4 that its events have."""
    path = os.path.join(folder, "events.json")
    subprocess.run([program, "-q", "-r", capture, "--events", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    with open(path, encoding="utf-8") as events:
        found = {a for line in events for a in re.findall(r"\d+\.\d+\.\d+\.\d+", line)}
    os.unlink(path)
    return found


class Count:
    def __init__(self, program, capture, folder):
        self.program, self.folder = program, folder
        with open(capture, "rb") as f:
            data = f.read()
        first = next(stamps(data))
        self.captures = [capture, later(capture, int.from_bytes(data[first:first + 4], "little") + DAY_S, os.path.join(folder, "again.pcap"))]

    def instructions(self, words, captures):
        done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={self.folder}/out", self.program, "-q", "-j", "1", "-o", "json",
                               *words, "-r", *captures], capture_output=True, text=True, check=False)
        found = re.search(r"Collected : (\d+)", done.stderr)
        return int(found.group(1)) if done.returncode == 0 and found else None

    def of(self, text, *more):
        """(start, traffic) in instructions."""
        config = os.path.join(self.folder, "exfild.yaml")
        with open(config, "w", encoding="ascii") as out:
            out.write(text)
        once, twice = (self.instructions(["-c", config, *more], captures) for captures in (self.captures[:1], self.captures))
        return (2 * once - twice, twice - once) if once and twice else None


def main():
    p = harness.parser(__doc__)
    p.add_argument("--capture", help="a pcap, little-endian, microseconds")
    o = p.parse_args()
    if harness.sanitized(o.exfild) or not subprocess.run(["which", "valgrind"], capture_output=True, check=False).stdout:
        harness.skip("needs valgrind, and a build without sanitizers")
    check = harness.Checks()
    with tempfile.TemporaryDirectory(prefix="exfild-cost-") as folder:
        count = Count(o.exfild, o.capture or merged(folder), folder)
        listed = os.path.join(folder, "list.txt")
        intel.write(listed, avoid=addresses(o.exfild, count.captures[0], folder))
        no_rules = "signatures: {directories: []}\n"
        kinds = {"no rules": no_rules, "the shipped rules": "", "100 rules": rules(folder, "few", 100),
                 "2000 rules": rules(folder, "many", 2000),
                 "2000 rules for what does not occur": rules(folder, "other", 2000, "product: zeek\n  service: rdp"),
                 "a million indicators": no_rules + f"intel: {{feeds: [{{name: many, file: {listed}}}]}}\n", "usage": no_rules}
        base = None
        for name, text in kinds.items():
            # a replay counts usage only where its command line says so
            got = count.of(text, *(("--set", f"usage.database={folder}/usage.db") if name == "usage" else ()))
            if not check(got, f"{name}: counted"):
                continue
            base = base or got
            # usage is written at the end of an hour and of a run, so its whole runs are compared: it pays for its start too
            spent = (got[0] + 2 * got[1] - base[0] - 2 * base[1]) / 2 if name == "usage" else got[1] - base[1]
            more = 100 * spent / base[1]
            print(f"{name}: start {got[0] / 1e6:.0f} M instructions, traffic {got[1] / 1e6:.0f} M, {more:+.2f} %")
            if name in BARS:
                check(more <= BARS[name], f"{name}: at most {BARS[name]} % more", more)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
