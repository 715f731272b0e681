#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""state.py --exfild PROGRAM: what exfild has learnt outlives its process.

Replays with --state: a capture in two parts gives for the second what the whole gives; the same inputs give the same
state byte for byte; a state that is damaged, cut or of another version is set aside with a message, and what is good
in it is used. Live, in network namespaces: a slow theft through DNS is summed over a kill -9, and nothing that was
told is told twice; a second process on the same state and a full disk are said and do no harm."""
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

import harness

NS = os.path.join(harness.LAB, "ns.sh")
SLOW = os.path.join(harness.REPLAY, "dns_exfil_slow", "input.pcap")
CUT = "2026-11-23T21:00:00Z"  # in the middle of it, before anything was said
# What neither waits for an answer nor runs over the border in one connection: sums by DNS and ICMP, uploads, scans.
# docs/STATE.md says what differs elsewhere.
WHOLE = ("dns_dns2tcp", "dns_exfil_hex", "dns_exfil_slow", "dns_iodine", "dns_iodine_resolver", "http_on_53tcp", "https_upload",
         "icmp_ptunnel", "icmp_v6", "scan_flags", "scan_nmap_syn", "scp_upload")
DNS = "203.0.113.21"
WALK_S = 30  # how often everything is walked over


def outcome(alerts):
    """What an analyst is left with: for each alert its last revision's facts, without numbers of this run."""
    last = {}
    for a in alerts:
        x = a["exfild"]
        last[x["alert_id"]] = (a["rule"]["id"], a["source"].get("ip"), a.get("destination", {}).get("ip"),
                               a["event"]["severity"], x["count"], a["source"].get("bytes"), a["event"]["start"],
                               a["event"]["end"])
    return last


def span(capture):
    """Times of the first and last packet of a pcap."""
    with open(capture, "rb") as f:
        data = f.read()
    order, unit = {b"\xd4\xc3\xb2\xa1": ("<", 1e6), b"\x4d\x3c\xb2\xa1": ("<", 1e9)}[data[:4]]
    times, at = [], 24
    while at + 16 <= len(data):
        seconds, part, length = struct.unpack_from(order + "III", data, at)
        times.append(seconds + part / unit)
        at += 16 + length
    return min(times), max(times)


def files(folder):
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


class Replays:
    def __init__(self, check, program, temp):
        self.check, self.program, self.temp, self.count = check, program, temp, 0

    def folder(self):
        self.count += 1
        return os.path.join(self.temp, f"state-{self.count}")

    def run(self, inputs, state=None, *more):
        with_state = ("--state", state) if state else ()
        result = harness.run(self.program, "-r", *inputs, "-o", "json", *with_state, *more)
        self.check(not result.crashed(), f"replay of {inputs} ended well", result.crashed() + result.err[-400:])
        return result

    def in_two(self, name, cut):
        """Every alert of the second part is, by id, what the whole leaves of it."""
        capture = [os.path.join(harness.REPLAY, name, "input.pcap")]
        state = self.folder()
        whole = outcome(self.run(capture).alerts())
        first = outcome(self.run(capture, state, "--until", cut).alerts())
        after = self.run(capture, state, "--since", cut)
        second = outcome(after.alerts())
        joined = dict(first)
        joined.update(second)
        self.check(joined == whole, f"{name} cut at {cut} leaves the alerts of the whole", f"{joined}\n{whole}")
        self.check("entries were read from" in after.err, f"{name}: the second part says that it read a state", after.err)
        alone = outcome(self.run(capture, None, "--since", cut).alerts())
        return second, alone

    def halves(self):
        for name in WHOLE:
            first, last = span(harness.capture_of(name))
            for share in (0.3, 0.5, 0.7):
                self.in_two(name, f"{first + (last - first) * share:.3f}")
        second, alone = self.in_two("dns_exfil_slow", CUT)
        told = [a[3] for a in second.values()]
        self.check(told and max(told) > harness.MEDIUM, "the second half of a slow theft is an alert of the whole", second)
        self.check(second != alone, "without the state it is another one", alone)

    def same_bytes(self):
        inputs = [harness.REPLAY]
        states = []
        for workers in (1, 2, 4, 1):
            state = self.folder()
            self.run(inputs, state, "-j", workers)
            self.run(inputs, state, "-j", workers)
            states.append(digest(os.path.join(state, "state.db")))
        self.check(len(set(states)) == 1, "the same captures give the same state byte for byte, twice over", str(states))

    def no_trace(self):
        state = self.folder()
        self.run([SLOW])
        self.check(not files(state), "a replay without --state keeps nothing", str(files(state)))
        os.makedirs(state)
        result = self.run([SLOW], state)
        self.check(files(state) == ["state.db"] and not result.status, "one file is left", str(files(state)))
        mode = os.stat(os.path.join(state, "state.db")).st_mode & 0o777
        self.check(mode == 0o600, "it is its owner's alone", oct(mode))

    def aside(self, what, damage, kind, takes_some, word):
        state = self.folder()
        self.run([SLOW], state, "--until", CUT)
        path = os.path.join(state, "state.db")
        damage(path)
        before = digest(path)
        result = self.run([SLOW], state, "--since", CUT)
        name = f"state.db.{kind}-1"
        self.check(result.status == 0 and files(state) == ["state.db", name], f"{what}: set aside", f"{result.status} {files(state)}")
        self.check(name in result.err and word in result.err, f"{what}: a message says so", result.err)
        if files(state) == ["state.db", name] and kind != "damaged":
            self.check(digest(os.path.join(state, name)) == before, f"{what}: not a byte of it is changed", "")
        if takes_some:
            self.check("entries were read from" in result.err, f"{what}: what is good is used", result.err)
        again = self.run([SLOW], state)
        self.check(files(state) == ["state.db", name], f"{what}: the new one is sound", f"{files(state)} {again.err}")

    def damage(self):
        def cut(path):
            with open(path, "r+b") as f:
                f.truncate(os.path.getsize(path) // 2)

        def sql(text):
            def run(path):
                db = sqlite3.connect(path)
                db.executescript(text)
                db.close()
            return run

        def noise(path):
            with open(path, "wb") as f:
                f.write(os.urandom(20000))

        value = "(SELECT id FROM entry WHERE id >> 33 = (SELECT id FROM part WHERE name = 'dns_tunnel.pairs'))"
        self.aside("a file cut in half", cut, "damaged", False, "set aside")
        self.aside("noise", noise, "damaged", False, "not a database")
        self.aside("one entry changed", sql(f"UPDATE entry SET value = x'00ff' WHERE id IN {value}"), "damaged", True, "damaged")
        self.aside("a newer format", sql("PRAGMA user_version = 9"), "newer", False, "its format is 9")
        self.aside("a newer part", sql("UPDATE part SET version = 7 WHERE name = 'dns_tunnel.pairs'"), "newer", True,
                   "newer version of exfild")
        self.aside("a part nobody knows", sql("UPDATE part SET name = 'nobody.pairs' WHERE name = 'dns_tunnel.pairs'"),
                   "newer", True, "newer version of exfild")
        self.aside("an older part", sql("UPDATE part SET version = 0 WHERE name = 'dns_tunnel.pairs'"), "older", True,
                   "older version of exfild")

    def refusals(self):
        file = os.path.join(self.temp, "a-file")
        with open(file, "wb"):
            pass
        for folder in (file, "/proc/no/folder"):
            result = self.run([SLOW], folder)
            self.check(result.status == 1 and folder in result.err and not result.out, f"--state {folder} cannot start",
                       f"{result.status} {result.err}")
        off = self.folder()
        self.run([SLOW], off)
        result = self.run([SLOW], off, "--set", "detectors.dns_tunnel.enabled=false")
        self.check(files(off) == ["state.db"], "a detector that is switched off sets nothing aside", result.err)

    def all(self):
        self.halves()
        self.same_bytes()
        self.no_trace()
        self.damage()
        self.refusals()


class Live:
    """A client, a gateway with the daemon, and an outside world in network namespaces."""

    def __init__(self, check, program, temp):
        self.check, self.program, self.temp = check, program, temp
        self.ctl = os.path.join(os.path.dirname(os.path.abspath(program)), "exfilctl")
        self.prefix = f"S{os.getpid() % 100000}"
        self.environment = dict(os.environ, XFL_PREFIX=self.prefix)
        self.state, self.socket = os.path.join(temp, "live"), os.path.join(temp, "control.sock")
        self.sink, self.log_path = os.path.join(temp, "alerts.json"), os.path.join(temp, "daemon.log")
        self.daemon = self.server = None

    def ns(self, where, *command):
        return ["ip", "netns", "exec", f"{self.prefix}-{where}", *map(str, command)]

    def up(self):
        subprocess.run([NS, "up"], env=self.environment, check=True)
        self.server = subprocess.Popen(self.ns("srv", sys.executable, os.path.join(harness.LAB, "dnsd.py"), "--listen", DNS),
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def down(self):
        for child in (self.server, self.daemon):
            if child and child.poll() is None:
                child.kill()
                child.wait()
        subprocess.run([NS, "down"], env=self.environment, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self):
        listened = self.log().count(": listening")
        with open(self.log_path, "ab") as log:
            self.daemon = subprocess.Popen(
                self.ns("gw", self.program, "-i", "gin", "--set", f"state.directory={self.state}", "--set", "usage.database=", "--set", f"evidence.directory={self.state}.evidence", "--set", f"spool.directory={self.state}.spool",
                        "--set",
                        f"control.socket={self.socket}", "--set", f"sinks.file.path={self.sink}", "--set", "metrics.listen="),
                stdout=subprocess.DEVNULL, stderr=log)
        # the control socket answers first; what is sent before capture listens is seen by nobody
        return self.check(self.wait_for(lambda: self.status() and self.log().count(": listening") > listened, 60), "the daemon starts", self.log())

    def status(self):
        result = subprocess.run([self.ctl, "--socket", self.socket, "status", "--json"], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, check=False)
        return json.loads(result.stdout)["result"] if result.returncode == 0 else None

    def stop(self, number=signal.SIGTERM):
        if number == signal.SIGKILL:
            harness.kill_all(self.daemon)
            return self.daemon.returncode
        self.daemon.send_signal(number)
        try:
            self.daemon.wait(20)
        except subprocess.TimeoutExpired:
            harness.kill_all(self.daemon)
        return self.daemon.returncode

    def log(self):
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def alerts(self):
        if not os.path.exists(self.sink):
            return []
        with open(self.sink, encoding="utf-8") as f:
            return [a for a in map(json.loads, f) if a["rule"]["id"] == "dns_tunnel"]

    def steal(self, size, domain):
        """So many bytes in DNS names, within a second or two."""
        path = os.path.join(self.temp, "loot")
        with open(path, "wb") as f:
            f.write(os.urandom(size))
        subprocess.run(self.ns("cli", sys.executable, os.path.join(harness.LAB, "dns_exfil.py"), "--server", DNS, "--domain", domain,
                               "--rate", "100", path), check=True, stdout=subprocess.DEVNULL)

    def wait_for(self, what, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if what():
                return True
            time.sleep(0.2)
        return False

    def sums_over_a_kill(self):
        self.steal(900, "x.slow-drip.test")
        time.sleep(WALK_S + 6)
        self.check(not self.alerts(), "half of it is below the limit", self.alerts())
        self.stop(signal.SIGKILL)
        between = time.time_ns()
        self.start()
        self.check(self.wait_for(lambda: "entries were read from" in self.log(), 10), "the next process reads what the killed one left", self.log()[-600:])
        self.steal(1400, "x.slow-drip.test")
        self.check(self.wait_for(self.alerts, 30), "a slow theft is told though the daemon was killed half-way", self.log()[-600:])
        for a in self.alerts()[:1]:
            start = a["event"]["start"]
            self.check(start < time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(between / 1e9)),
                       "it began before the kill", start)

    def nothing_twice(self):
        before = {a["exfild"]["alert_id"] for a in self.alerts()}
        sessions = {a["exfild"]["session"] for a in self.alerts()}
        time.sleep(3)  # what was told follows within a second
        self.stop(signal.SIGKILL)
        self.start()
        self.steal(12000, "x.slow-drip.test")
        self.wait_for(lambda: len(self.alerts()) > 1, 20)
        self.check(self.stop() == 0, "an orderly end", self.log()[-600:])
        alerts = self.alerts()
        self.check({a["exfild"]["alert_id"] for a in alerts} == before, "what goes on stays one alert over a kill",
                   [(a["exfild"]["alert_id"], a["exfild"]["revision"]) for a in alerts])
        self.check(len({a["event"]["id"] for a in alerts}) == len(alerts), "no event.id comes twice", [a["event"]["id"] for a in alerts])
        revisions = [a["exfild"]["revision"] for a in alerts]
        self.check(revisions == sorted(set(revisions)) and len(revisions) > 1, "revisions count on", revisions)
        told = {a["exfild"]["session"] for a in alerts}
        self.check(len(told - sessions) == 1, "after a kill a session is new", told)

    def orderly_end(self):
        last = self.alerts()[-1]
        self.start()
        self.steal(6000, "x.other-loot.test")
        self.check(self.wait_for(lambda: len(self.alerts()) and self.alerts()[-1]["exfild"]["alert_id"] != last["exfild"]["alert_id"], 30),
                   "another theft is told", self.log()[-600:])
        first = next((a for a in self.alerts() if a["exfild"]["alert_id"] != last["exfild"]["alert_id"]), last)
        self.check(first["exfild"]["session"] == last["exfild"]["session"], "after an orderly end the session goes on",
                   (first["exfild"]["session"], last["exfild"]["session"]))
        self.check(first["event"]["sequence"] > last["event"]["sequence"], "and so does its sequence",
                   (first["event"]["sequence"], last["event"]["sequence"]))

    def second_process(self):
        result = subprocess.Popen(self.ns("gw", self.program, "-i", "gsv", "--set", f"state.directory={self.state}", "--set", "usage.database=", "--set", f"evidence.directory={self.state}.evidence", "--set", f"spool.directory={self.state}.spool",
                        "--set",
                                          f"control.socket={self.socket}2", "--set", "metrics.listen="), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE)
        time.sleep(2)
        alive = result.poll() is None
        result.terminate()
        said = result.communicate(timeout=20)[1].decode()
        self.check(alive and "in use by another exfild" in said, "a second process says so and goes on without", said)
        self.stop()

    def full_disk(self):
        self.state = os.path.join(self.temp, "small")
        os.mkdir(self.state)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "exfild-test", self.state], check=True)
        try:
            self.start()
            filler = os.path.join(self.state, "filler")
            with open(filler, "wb", buffering=0) as f:
                try:
                    while f.write(b"x" * 4096):
                        pass
                except OSError:
                    pass
            self.steal(6000, "x.full-disk.test")
            self.check(self.wait_for(lambda: (self.status() or {}).get("state", {}).get("failing"), 2 * WALK_S),
                       "a full disk shows in status", self.status())
            self.check("cannot be written" in self.log(), "and on the log", self.log()[-600:])
            self.check(self.log().count("cannot be written") == 1, "once", self.log()[-600:])
            os.unlink(filler)
            self.check(self.wait_for(lambda: (self.status() or {}).get("state", {}).get("failing") is False, 2 * WALK_S),
                       "it is written again as soon as that works", self.status())
            self.check(self.status()["state"]["errors"] > 0, "errors are counted", self.status())
            self.check(self.stop() == 0, "an orderly end after it", self.log()[-600:])
            self.start()
            self.stop()
            self.check(files(self.state) == ["ledger", "state.db"], "nothing was damaged", files(self.state))
        finally:
            if self.daemon.poll() is None:
                self.stop(signal.SIGKILL)
            subprocess.run(["umount", self.state], check=False)

    def all(self):
        try:
            self.up()
            if not self.start():
                return
            self.sums_over_a_kill()
            self.nothing_twice()
            self.orderly_end()
            self.second_process()
            self.full_disk()
            log = self.log()
            self.check("ERROR: " not in log and "runtime error" not in log, "no sanitizer spoke", log[-2000:])
        finally:
            self.down()


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--live", action="store_true", help="only the part in namespaces")
    options = parser.parse_args()
    check = harness.Checks()
    with tempfile.TemporaryDirectory(prefix="exfild-state-") as temp:
        if not options.live:
            Replays(check, options.exfild, temp).all()
        note = ""
        if os.geteuid() != 0:
            note = "the live part needs root"
        elif not all(map(shutil.which, ("ip", "ethtool"))):
            note = "the live part needs iproute2 and ethtool"
        else:
            Live(check, options.exfild, temp).all()
    return check.end(note)


if __name__ == "__main__":
    sys.exit(main())
