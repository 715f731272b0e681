#!/usr/bin/env python3
"""clang-tidy over src, each file once for each of its states.

usage: tidy.py [--deep] BUILD [FILE...]

BUILD holds compile_commands.json, and BUILD/tidy remembers what has passed: a file is looked at again
when it, a header that it includes, its compiler options or .clang-tidy change.  The analyzer stops in a
function after so many steps; its own limit, which takes four times as long, is --deep, before a release.
Ends with the number of suppressions.  77: clang-tidy-14 is missing.
"""
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = "clang-tidy-14"
# the options are those of gcc
EXTRA = ["--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-ignored-optimization-argument"]
STEPS = ["--extra-arg=-Xclang", "--extra-arg=-analyzer-config", "--extra-arg=-Xclang", "--extra-arg=max-nodes=50000"]
INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.M)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def closure(path, seen):
    """The file and every header of the tree that it reaches."""
    if path in seen or not os.path.exists(path):
        return
    text = read(path)
    seen[path] = text
    for name in INCLUDE.findall(text):
        name = name.decode()
        closure(os.path.normpath(os.path.join(os.path.dirname(path), name)), seen)
        closure(os.path.join(ROOT, "include", name), seen)


def state(path, command, options):
    files = {}
    closure(path, files)
    h = hashlib.sha256(command.encode() + repr(options).encode() + read(os.path.join(ROOT, ".clang-tidy")))
    for name in sorted(files):
        h.update(name.encode() + b"\0" + files[name] + b"\0")
    return h.hexdigest()


def look_at(job):
    """(path, what clang-tidy says); nothing when all is well."""
    path, build, options, stamp = job
    if os.path.exists(stamp):
        return path, ""
    run = subprocess.run([PROGRAM, "-p", build, "--quiet", *options, path], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode == 0:
        with open(stamp, "w", encoding="utf-8"):
            pass
        return path, ""
    return path, run.stdout + ("" if run.stdout else run.stderr)


def jobs(build, options, only):
    stamps = os.path.join(build, "tidy")
    os.makedirs(stamps, exist_ok=True)
    for entry in json.loads(read(os.path.join(build, "compile_commands.json"))):
        path = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
        name = os.path.relpath(path, ROOT)
        if name.startswith("src" + os.sep) and (not only or name in only):
            yield path, build, options, os.path.join(stamps, state(path, entry["command"], options))


def suppressions():
    count = 0
    for top in ("src", "include"):
        for base, _, files in os.walk(os.path.join(ROOT, top)):
            for name in files:
                if name.endswith((".c", ".h")):
                    count += len(re.findall(rb"NOLINT(?!END)", read(os.path.join(base, name))))
    return count


def main():
    is_deep = "--deep" in sys.argv
    words = [word for word in sys.argv[1:] if word != "--deep"]
    if not words:
        sys.exit(__doc__)
    if not shutil.which(PROGRAM):
        print("tidy.py: skipped: Debian package clang-tidy-14 is missing")
        return 77
    work = list(jobs(os.path.abspath(words[0]), EXTRA if is_deep else EXTRA + STEPS, set(words[1:])))
    new = sum(not os.path.exists(stamp) for *_, stamp in work)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for path, said in pool.map(look_at, work):
            if said:
                bad += 1
                print(f"== {os.path.relpath(path, ROOT)}\n{said}")
    print(f"{len(work)} files, {new} looked at, {bad} with complaints, {suppressions()} suppressions")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
