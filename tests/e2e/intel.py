#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""intel.py --exfild PROGRAM --bench PROGRAM [--many]: a million mixed indicators; --many: five million.

Writes a list of addresses, networks, names, URLs and hashes, has intel_bench read it, and holds processor time under 3 s
and memory under 120 MB (not with a sanitizer); prints what a look-up takes. Then a replay with the list as a feed says how many
it has, and one with intel.max_indicators below that says what is left out. Five million: within what is reckoned for them, a look-up still below 100 ns; where
limits.memory_mb has no room for so many, the refusal names the key."""
import hashlib
import os
import random
import re
import subprocess
import sys
import tempfile

import harness

COUNT = 1_000_000
LOAD_S, MEMORY = 3.0, 120e6
MANY, LOOKUP_NS = 5_000_000, 100


def write(path, count=COUNT, avoid=frozenset()):
    """Three tenths addresses, one networks, three names, two URLs, one hashes; no address of `avoid` (text), and no network with one of them."""
    networks = {a.rsplit(".", 1)[0] for a in avoid}
    pick = random.Random(1)
    with open(path, "w", encoding="ascii") as out:
        for i in range(count):
            kind, a = i % 10, [pick.randrange(1, 224), pick.randrange(256), pick.randrange(256), pick.randrange(256)]
            while kind < 4 and ("{}.{}.{}".format(*a) in networks if kind == 3 else "{}.{}.{}.{}".format(*a) in avoid):
                a[3 - (kind == 3)] = pick.randrange(256)
            if kind < 3:
                out.write("{}.{}.{}.{}\n".format(*a))
            elif kind == 3:
                out.write("{}.{}.{}.0/24\n".format(*a))
            elif kind < 7:
                out.write(f"h{i // 10 * 10}{'' if kind == 4 else f'x{kind}'}.malware-host.example\n")
            elif kind < 9:
                out.write(f"http://h{i}.drop.example/p/{pick.randrange(1 << 40):x}.bin?id={i}\n")
            else:
                out.write(hashlib.md5(str(i).encode()).hexdigest() + "\n")


def said_of(check, bench, path, count):
    done = subprocess.run([bench, path, str(count)], stdout=subprocess.PIPE, check=False)
    if not check(done.returncode == 0, "the benchmark runs to its end", done.returncode):
        return None
    said = {k: float(v) for k, v in (line.split() for line in done.stdout.decode().splitlines())}
    print(", ".join(f"{k} {v:g}" for k, v in said.items()))
    return said


def measure_many(check, o, path):
    said = said_of(check, o.bench, path, MANY)
    if not said:
        return
    check(said["items"] > 0.98 * MANY, "nearly all of five million are taken (the rest are repeated)", said)
    check(said["rss_bytes"] < said["worst_bytes"], "they take no more than is reckoned for them", said)
    check(said["lookup_ns"] < LOOKUP_NS, f"a look-up takes less than {LOOKUP_NS} ns", said)
    feed = f"intel.feeds=[{{name: many, file: {path}}}]"
    run = harness.run(o.exfild, "-r", harness.capture_of("benign_web"), "-o", "json", "--set", feed)
    check(run.status == 0 and re.search(r"many: 49\d{5} indicators", run.err), "a replay has them all", run.err)
    run = harness.run(o.exfild, "-r", harness.capture_of("benign_web"), "-o", "json", "--set", feed, "--set", "intel.max_indicators=1000000")
    check(run.status == 0 and re.search(r"are left out: raise intel.max_indicators", run.err), "with less room it says which key to raise", run.err)
    for memory, fits in ((256, False), (2048, True)):
        run = harness.run(o.exfild, "-T", "--set", feed, "--set", "intel.max_indicators=5000000", "--set", f"limits.memory_mb={memory}")
        text = run.out.decode() + run.err
        check(("lower limits" not in text) == fits and (fits or "intel.max_indicators" in text), f"-T with {memory} MB", text[-800:])


def measure(check, bench, path):
    said = said_of(check, bench, path, COUNT)
    if not said:
        return
    check(said["items"] > 0.99 * COUNT, "nearly all of a million are taken (the rest are repeated)", said)
    check(said["load_s"] < LOAD_S, f"a million are read in {LOAD_S} s of processor time", said)
    check(said["rss_bytes"] < MEMORY, "they take less than 120 MB", said)


def main():
    p = harness.parser(__doc__)
    p.add_argument("--bench", required=True, help="the program intel_bench")
    p.add_argument("--many", action="store_true", help="five million instead, by hand")
    o = p.parse_args()
    check = harness.Checks()
    if harness.sanitized(o.exfild):
        harness.skip("with a sanitizer, time and memory say nothing")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "list.txt")
        if o.many:
            write(path, MANY)
            measure_many(check, o, path)
            return check.end()
        write(path)
        measure(check, o.bench, path)
        capture = harness.capture_of("benign_web")
        feeds = f"intel: {{feeds: [{{name: many, file: {path}}}]}}\n"
        for limit, want in (("", r"many: \d{6} indicators \(plain\)"), ("intel.max_indicators=1000", r"are left out")):
            config = os.path.join(folder, "exfild.yaml")
            with open(config, "w", encoding="ascii") as out:
                out.write(feeds)
            run = harness.run(o.exfild, "-r", capture, "-o", "json", "-c", config, *(["--set", limit] if limit else []))
            check(run.status == 0 and not run.crashed(), f"a replay with them ends well {limit}", run.err)
            check(re.search(want, run.err), f"it says: {want}", run.err)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
