#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""selftest.py --exfild PROGRAM: armed is shown, not assumed.

exfild --self-test with many configurations: with defaults every shipped attack fires and nothing harmless does; each way to
keep one silent (a detector switched off, a raised parameter, a wide exception, the least severity, a capture filter) is
named with its place, and only those that it touches are silent; an exception that has ended takes nothing. Nothing is
sent, written or listened to; the answers do not depend on the number of workers; a missing or damaged capture is said."""
import json
import os
import shutil
import socket
import sys
import tempfile

import harness

DETECTORS = {"dns_tunnel": 3, "doh_tunnel": 1, "icmp_tunnel": 2, "upload_volume": 1, "port_scan": 3, "protocol_mismatch": 1}
ATTACKS, HARMLESS = sum(DETECTORS.values()), 3


class Tester:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.check = harness.Checks()

    def config(self, text):
        path = os.path.join(self.folder, "exfild.yaml")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
        return path

    def run(self, *arguments, environment=None):
        result = harness.run(self.program, "--self-test", *arguments, environment=environment)
        self.check(not result.crashed(), f"{arguments}: no crash", result.crashed() + result.err)
        return result

    def rows(self, *arguments, **options):
        """(exit status, a row a capture, the sums)."""
        result = self.run("-o", "json", *arguments, **options)
        lines = [json.loads(line) for line in result.out.splitlines()]
        return result.status, lines[:-1], lines[-1] if lines else {}

    def silent(self, name, code, detectors, *arguments, words=()):
        """Exactly the attacks of these detectors are silent, for this reason."""
        status, rows, sums = self.rows(*arguments)
        quiet = [row for row in rows if row["result"] == "silent"]
        expected = sum(DETECTORS[detector] for detector in detectors)
        self.check({row["detector"] for row in quiet} == set(detectors) and len(quiet) == expected,
                   f"{name}: silent are those of {sorted(detectors)}", quiet)
        self.check(all(row["reason"]["code"] == code for row in quiet), f"{name}: the reason is {code}", quiet)
        for word in words:
            self.check(all(word in row["reason"]["text"] for row in quiet), f"{name}: the reason names {word}", quiet)
        self.check(status == 4, f"{name}: exit status 4", status)
        self.check((sums["silent"], sums["fired"]) == (expected, ATTACKS - expected), f"{name}: the sums agree", sums)


def all_armed(t):
    status, rows, sums = t.rows()
    t.check(status == 0, "with defaults: exit status 0", (status, rows))
    t.check(sums == {"attacks": ATTACKS, "fired": ATTACKS, "silent": 0, "harmless": HARMLESS, "quiet": HARMLESS,
                     "false": 0, "broken": 0}, "with defaults: all fired, nothing harmless did", sums)
    counts = {name: sum(row.get("detector") == name for row in rows) for name in DETECTORS}
    t.check(counts == DETECTORS, "every detector has its attacks", counts)
    t.check(all(row["rule"].startswith(row["detector"]) and row["alerts"] > 0 and row["severity"] >= 21
                for row in rows if row["kind"] == "attack"), "each by a rule of its own detector", rows)
    text = t.run("-o", "text")
    t.check(text.status == 0 and text.out.decode().count("\n  fired ") == ATTACKS, "the text says the same", text.out.decode())
    t.check(f"{ATTACKS} of {ATTACKS} attacks fired, 0 stayed silent" in text.out.decode(), "and sums it up", text.out.decode())
    first = t.run("-o", "json").out
    t.check(all(t.run("-o", "json", "-j", n).out == first for n in (1, 2, 4)), "the same with 1, 2 and 4 workers")


def reasons(t):
    t.silent("disabled", "disabled", {"icmp_tunnel"}, "-c", t.config("detectors:\n  icmp_tunnel: {enabled: false}\n"),
             words=("detectors.icmp_tunnel.enabled is false", "exfild.yaml:2:"))
    t.silent("raised", "parameter", {"icmp_tunnel"}, "-c",
             t.config("detectors:\n  icmp_tunnel:\n    daily_bytes: 900000000\n"),
             words=("detectors.icmp_tunnel.daily_bytes is 900000000", "exfild.yaml:3:", "4096"))
    t.silent("raised by --set", "parameter", {"upload_volume"}, "--set", "detectors.upload_volume.named_bytes=900000000",
             "--set", "detectors.upload_volume.ssh_bytes=900000000",
             words=("detectors.upload_volume.named_bytes is 900000000 (--set ", "10000000, it fires"))
    t.silent("two raised", "parameter", {"icmp_tunnel"}, "--set", "detectors.icmp_tunnel.daily_bytes=900000000",
             "--set", "detectors.icmp_tunnel.alert_score=1")
    wide = "exceptions:\n  - {source: 10.0.0.0/8, rule: port_scan, reason: our scanner, expires: %s}\n"
    t.silent("exception", "exception", {"port_scan"}, "-c", t.config(wide % "2199-01-01"),
             words=("exfild.yaml:2:", "10.0.0.0/8", "our scanner"))
    status, rows, _ = t.rows("-c", t.config(wide % "2026-01-02"))
    t.check(status == 0, "an exception that has ended takes nothing", rows)
    t.silent("minimum", "minimum", {"protocol_mismatch"}, "-c", t.config("alerts: {minimum: medium}\n"),
             words=("severity is low", "alerts.minimum is medium", "exfild.yaml:1:"))
    t.silent("--minimum", "minimum", {"protocol_mismatch"}, "--minimum", "medium", words=("--minimum",))
    t.silent("filter", "filter", {"dns_tunnel"}, "-c", t.config("capture: {filter: not udp}\n"),
             words=("capture.filter", "not udp", "exfild.yaml:1:"))
    t.silent("networks of its own", "disabled", {"dns_tunnel"}, "-c",
             t.config("networks:\n  - {name: lan, prefixes: [192.168.7.0/24]}\ndetectors: {dns_tunnel: {enabled: false}}\n"))


def other_networks(t):
    path = t.config("networks:\n  - {name: all, prefixes: [203.0.113.0/24, 10.20.0.0/16]}\n")
    _, rows, _ = t.rows("-c", path)
    silent = {row["detector"]: row["reason"] for row in rows if row["result"] == "silent"}
    t.check("upload_volume" in silent and all(r["code"] == "networks" and "exfild.yaml:2:" in r["text"] for r in silent.values()),
            "networks that swallow the outside are named", rows)


def too_sharp(t):
    sets = [word for key in ("daily_bytes=256", "alert_score=0.1", "min_names=1")
            for word in ("--set", f"detectors.dns_tunnel.{key}")]
    status, rows, sums = t.rows(*sets)
    wrong = [row for row in rows if row["result"] == "false"]
    t.check([row["capture"] for row in wrong] == ["benign_dns"] and wrong[0]["rule"].startswith("dns_tunnel"),
            "a detector that is too sharp is named", rows)
    t.check(status == 4 and sums["false"] == 1 and sums["silent"] == 0, "and does not pass", (status, sums))


def no_traces(t):
    """Sinks, state and sockets of the configuration stay as they are."""
    kept = os.path.join(t.folder, "kept")
    os.mkdir(kept)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(5)
        server.settimeout(0.2)
        port = server.getsockname()[1]
        path = t.config(f"sinks: {{file: {{path: {kept}/alerts.json}}}}\n"
                        f"redis: {{url: 'redis://127.0.0.1:{port}/0'}}\n"
                        f"state: {{directory: {kept}/state}}\nspool: {{directory: {kept}/spool}}\n"
                        f"evidence: {{directory: {kept}/evidence}}\ncontrol: {{socket: {kept}/control.sock}}\n"
                        f"metrics: {{listen: '127.0.0.1:{port}'}}\n")
        status, rows, _ = t.rows("-c", path)
        t.check(status == 0, "a whole configuration: all fire", rows)
        try:
            server.accept()
            t.check(False, "nothing is sent to Redis")
        except socket.timeout:
            t.check(True, "nothing is sent to Redis")
    t.check(os.listdir(kept) == [], "nothing is written", os.listdir(kept))


def usage_and_damage(t):
    for arguments in (("-r", "x.pcap"), ("-i", "lo"), ("--events", "x"), ("--publish",), ("-T",), ("-f", "tcp"), ("--fail-on", "low")):
        result = t.run(*arguments)
        t.check(result.status == 2 and "--self-test goes with" in result.err, f"{arguments}: wrong usage", result.err)
    result = t.run("-c", t.config("alerts: {minimum: loud}\n"))
    t.check(result.status == 1 and "exfild.yaml:1:" in result.err, "a broken configuration is said", result.err)
    data = os.path.join(t.folder, "data")
    shutil.copytree(os.path.join(harness.SOURCE, "data"), data)
    os.remove(os.path.join(data, "selftest", "arp_sweep.pcap"))
    cut = os.path.join(data, "selftest", "dns_iodine.pcap")
    with open(cut, "r+b") as stream:
        stream.truncate(os.path.getsize(cut) - 7)
    result = t.run("-o", "json", environment={"EXFILD_DATADIR": data})
    rows = [json.loads(line) for line in result.out.splitlines()]
    broken = [row["capture"] for row in rows if row.get("result") == "broken"]
    t.check(result.status == 1 and broken == ["dns_iodine", "arp_sweep"], "a missing and a damaged capture are said", rows)
    t.check(rows[-1]["fired"] == ATTACKS - 2, "the others are tried all the same", rows[-1])


def main():
    options = harness.parser(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        t = Tester(options.exfild, folder)
        all_armed(t)
        reasons(t)
        other_networks(t)
        too_sharp(t)
        no_traces(t)
        usage_and_damage(t)
        return t.check.end()


if __name__ == "__main__":
    sys.exit(main())
