#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""case.py --exfild PROGRAM: the folder of a replay (--case).

It holds what -o json, --events, --evidence and --report write, the configuration of -T, the SHA-256 of each input as sha256sum has it, and a
manifest that sha256sum takes and that notices one altered byte. All but the times and the command line is the same with any number of
workers. What it refuses it refuses before the work, and leaves nothing behind."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

import harness

NAMES = ["dns_exfil_hex", "https_upload", "scan_nmap_syn"]
FILES = ["MANIFEST.sha256", "alerts.json", "case.json", "configuration.yaml", "events.json", "evidence.pcapng", "report.html"]
TIMED = ("MANIFEST.sha256", "case.json")


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def inputs(names=tuple(NAMES)):
    return [x for name in names for x in ("-r", harness.capture_of(name))]


def sums(folder):
    return subprocess.run(["sha256sum", "--check", "--strict", "MANIFEST.sha256"], cwd=folder, capture_output=True, check=False)


def whole(program, check, temp):
    one, two, apart = (os.path.join(temp, name) for name in ("one", "two", "apart"))
    os.mkdir(two)  # an empty one is taken
    os.mkdir(apart)
    given = ["-q", *inputs(), "--case", one, "--set", "alerts.merge=2h"]
    result = harness.run(program, *given)
    check(result.status == 0 and not result.crashed(), "a case is made", result.err)
    check(sorted(os.listdir(one)) == FILES, f"the folder holds {FILES}", str(os.listdir(one)))
    plain = harness.run(program, "-q", *inputs(), "--set", "alerts.merge=2h", "-o", "json", "--events", os.path.join(apart, "events.json"), "--evidence",
                        os.path.join(apart, "evidence.pcapng"), "--report", os.path.join(apart, "report.html"))
    check(plain.status == 0 and plain.out == read(one, "alerts.json") and plain.alerts(), "alerts.json is what -o json writes")
    for name in ("events.json", "evidence.pcapng", "report.html"):
        check(read(one, name) == read(apart, name), f"{name} is what its own option writes")
    about(program, check, one, given)
    done = sums(one)
    check(done.returncode == 0 and done.stdout.count(b": OK") == len(FILES) - 1, "sha256sum takes the manifest", done.stderr.decode())
    result = harness.run(program, "-q", *inputs(), "--case", two + "/", "--set", "alerts.merge=2h", "-j", "2", "-o", "text")
    check(result.status == 0, "an empty folder is taken", result.err)
    for name in FILES:
        check((read(one, name) == read(two, name)) != (name in TIMED), f"{name}: two workers")
    check(os.stat(one).st_mode & 0o7 == 0, "nobody else looks into the folder")
    altered(check, one)


def about(program, check, one, given):
    """case.json and configuration.yaml."""
    case = json.loads(read(one, "case.json"))
    check(case["command"][1:] == given, "the command line is there as it was given", str(case["command"]))
    version = harness.run(program, "-V").out.decode()
    check(f"exfild {case['version']}, nDPI {case['ndpi']}\n" == version, "and the version", version)
    for said, name in zip(case["inputs"], NAMES):
        path = harness.capture_of(name)
        check(said == {"path": path, "bytes": os.path.getsize(path), "sha256": hashlib.sha256(read(path)).hexdigest()}, f"the input {name}", str(said))
    check(len(case["inputs"]) == len(NAMES) and case["damaged"] == [] and case["read"]["packets"] > 0, "no other inputs, no damage")
    check(sum(case["alerts"].values()) == len({json.loads(a)["exfild"]["alert_id"] for a in read(one, "alerts.json").splitlines()}), "alerts by severity")
    printed = harness.run(program, "-T", "-c", os.path.join(one, "configuration.yaml")).out
    body = read(one, "configuration.yaml")
    check(b"merge: 2h" in body and body.split(b"\n# Set")[0][:2000] == printed[:2000], "the configuration can be used again, and prints the same")


def altered(check, one):
    for name in FILES[1:]:
        path = os.path.join(one, name)
        before = read(path)
        with open(path, "r+b") as f:
            f.seek(len(before) // 2)
            f.write(bytes([before[len(before) // 2] ^ 1]))
        check(sums(one).returncode != 0, f"one altered bit of {name} is noticed")
        with open(path, "wb") as f:
            f.write(before)
    check(sums(one).returncode == 0, "and nothing else was")


def refused(program, check, temp):
    full, caps = os.path.join(temp, "full"), os.path.join(temp, "caps")
    os.mkdir(full)
    with open(os.path.join(full, "mine"), "w", encoding="ascii") as f:
        f.write("mine")
    os.mkdir(caps)
    shutil.copy(harness.capture_of(NAMES[0]), os.path.join(caps, "a.pcap"))
    fresh = os.path.join(temp, "fresh")
    for arguments, status, word in (
            ([*inputs(), "--case", full], 1, "is not empty"),
            ([*inputs(), "--case", os.path.join(full, "mine")], 1, "mine"),
            ([*inputs(), "--case", os.path.join(temp, "no", "where")], 1, "folder above"),
            (["-r", caps, "--case", os.path.join(caps, "case")], 1, "within the input"),
            (["-r", "-", "--case", fresh], 1, "standard input"),
            ([*inputs(), "--case", ""], 1, "path of a folder"),
            ([*inputs(), "--case", fresh, "--report", "x.html"], 2, "leave out"),
            ([*inputs(), "--case", fresh, "-f", "no such word ("], 1, "filter"),
            (["-i", "lo", "--case", fresh], 2, "-i"),
            (["--self-test", "--case", fresh], 2, "self-test")):
        result = harness.run(program, "-q", *arguments)
        check(result.status == status and word in result.err and not result.out, f"refused: {' '.join(arguments[-4:])[-90:]}", f"{result.status} {result.err}")
    check(read(full, "mine") == b"mine" and os.listdir(full) == ["mine"], "what was there is untouched")
    check(os.listdir(caps) == ["a.pcap"] and not os.path.exists(fresh), "and nothing is left behind")
    cut = os.path.join(temp, "cut.pcap")
    with open(cut, "wb") as f:
        f.write(read(harness.capture_of(NAMES[0]))[:-5])
    result = harness.run(program, "-q", "-r", cut, "-r", os.path.join(temp, "gone.pcap"), "--case", fresh)
    case = json.loads(read(fresh, "case.json"))
    check(result.status == 3 and sums(fresh).returncode == 0 and len(case["damaged"]) == 2, "a damaged input has its case", str(case["damaged"]))
    check("sha256" in case["inputs"][0] and "error" in case["inputs"][-1], "what cannot be read has no hash", str(case["inputs"]))
    result = harness.run(program, "-q", *inputs(), "--case", fresh)
    check(result.status == 1 and "is not empty" in result.err, "a case is not written over another", result.err)


def main():
    arguments = harness.parser(__doc__).parse_args()
    check = harness.Checks()
    with tempfile.TemporaryDirectory(prefix="exfild-case-") as temp:
        whole(arguments.exfild, check, temp)
        refused(arguments.exfild, check, temp)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
