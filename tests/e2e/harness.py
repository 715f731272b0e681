# SPDX-License-Identifier: MIT
"""What the end-to-end tests share: starting exfild, checking, skipping, finding the corpus. Standard library only."""
import argparse
import csv
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
REPLAY = os.path.join(SOURCE, "tests", "replay")
LAB = os.path.join(SOURCE, "tests", "lab")
SKIP = 77
MEDIUM = 47
LAST_LINE = re.compile(r"^(interrupted after )?(\d+) packets, (.+), (\d+) flows, \d+\.\d\d s; "
                       r"alerts: (\d+) critical, (\d+) high, (\d+) medium, (\d+) low$")
sys.path.insert(0, LAB)


class Result:
    """How one run ended. `status` is negative for a signal, None where the time was up."""

    def __init__(self, status, out, err, seconds, usage):
        self.status, self.out, self.seconds, self.rss_kb = status, out, seconds, usage.ru_maxrss
        self.processor_s = usage.ru_utime + usage.ru_stime  # what a loaded machine does not change much
        self.err = err.decode("utf-8", "replace")

    def crashed(self):
        """What went wrong below the surface, or ''."""
        if self.status is None:
            return "it did not end in time"
        if self.status < 0:
            return f"signal {signal.Signals(-self.status).name}"
        found = re.search(r"(ERROR: \w+Sanitizer.*|WARNING: ThreadSanitizer.*|.*runtime error:.*)", self.err)
        if found:
            return found.group(1)
        return f"exit status {self.status}" if self.status not in range(5) else ""

    def alerts(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def summary(self):
        """The match of the last line on standard error, or None."""
        lines = self.err.splitlines()
        return LAST_LINE.match(lines[-1]) if lines else None


def run(program, *arguments, stdin=subprocess.DEVNULL, timeout=120, environment=None, out=None):
    """Runs to the end. `stdin` may be bytes, a file or a descriptor; `out` a file that takes standard output."""
    env = dict(os.environ, **(environment or {}))
    for sanitizer in ("ASAN", "UBSAN", "TSAN", "LSAN"):
        # a status that exfild never gives
        name = sanitizer + "_OPTIONS"
        env[name] = ":".join(filter(None, [env.get(name), "exitcode=99"]))
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr, tempfile.TemporaryFile() as given:
        if isinstance(stdin, bytes):
            given.write(stdin)
            given.seek(0)
            stdin = given
        began = time.monotonic()
        child = subprocess.Popen([program, *map(str, arguments)], stdin=stdin, stdout=out or stdout, stderr=stderr, env=env)
        status, usage = wait(child, began + timeout)
        seconds = time.monotonic() - began
        stdout.seek(0)
        stderr.seek(0)
        return Result(status, stdout.read(), stderr.read(), seconds, usage)


def wait(child, deadline):
    """(status, resource usage); the child is killed at the deadline, and its status is None."""
    pause = 0.001
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            child.returncode = os.waitstatus_to_exitcode(status)
            return child.returncode, usage
        if time.monotonic() > deadline:
            child.kill()
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            return None, usage
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def processes(pid):
    """Of a live exfild: its parent's and those of its children, by their names."""
    found = {"exfild": pid}
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as stream:
        for child in map(int, stream.read().split()):
            try:
                with open(f"/proc/{child}/comm", encoding="ascii") as name:
                    found[name.read().strip()] = child
            except OSError:
                pass
    return found


def kill_all(child):
    """SIGKILL to all processes of a live exfild, as a service manager does it; returns when they are gone."""
    pids = processes(child.pid).values()
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    child.wait()
    deadline = time.monotonic() + 10
    while any(is_running(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.01)


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stream:
            return stream.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


class Checks:
    """Counts what held, says what did not."""

    def __init__(self):
        self.held = self.failed = 0

    def __call__(self, condition, text, detail=""):
        if condition:
            self.held += 1
            return True
        self.failed += 1
        print(f"FAILED: {text}")
        for line in str(detail).strip().splitlines()[:20]:
            print(f"    {line[:400]}")
        sys.stdout.flush()
        return False

    def end(self, note=""):
        print(f"{self.held} checks held, {self.failed} failed{note and '; ' + note}")
        return 1 if self.failed else 0


def sanitized(program):
    """Whether the program carries a sanitizer: then its memory and time say nothing."""
    with open(program, "rb") as stream:
        data = stream.read()
    return b"__asan_init" in data or b"__tsan_init" in data


def end_once(*_):
    """Of a signal: ends the test; timeout(1) sends it twice, and the second would break off the clearing up."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIP)


def parser(doc):
    p = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--exfild", required=True, help="the program to test")
    return p


def corpus():
    """The folder of labelled captures that lies beside the project for its developers; skips the test without it."""
    for path in (os.environ.get("EXFILD_CORPUS"), os.path.join(SOURCE, "..", "shared", "corpus")):
        if path and os.path.isfile(os.path.join(path, "truth.tsv")):
            return os.path.abspath(path)
    skip("no corpus of labelled captures: name its folder (with truth.tsv) in EXFILD_CORPUS")


def truth(root):
    with open(os.path.join(root, "truth.tsv"), encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def scenarios():
    """Names of the folders of tests/replay that hold a capture."""
    return [name for name in sorted(os.listdir(REPLAY)) if os.path.isfile(capture_of(name))]


def capture_of(scenario):
    return os.path.join(REPLAY, scenario, "input.pcap")
