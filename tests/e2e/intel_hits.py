#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""intel_hits.py --exfild PROGRAM: each kind of indicator is found in traffic where it occurs.

Takes the indicators from the events of shipped captures (--events): an address, a name that DNS was asked for, one of SNI, a URL, JA3, JA4, HASSH, a User-Agent,
SHA-1 and SHA-256 of a certificate, a mail address, MD5, SHA-1 and SHA-256 of a file. Writes each into a feed of its own, since three days before its
packet, and wants of a replay with all of them at least one alert of each feed, about that indicator and no other (of a file's digests one gives the alert: each has a capture of its own), with feed, age, confidence, TLP and severity, the
same with 1 and 4 workers; with another last digit of each, none."""
import json
import os
import sys
import tempfile
from datetime import datetime, timedelta

import harness

DAYS, CONFIDENCE = 3, 77
# feed: its type in the feed's file, the capture, kind of the event, how its value is made of the event, severities
KINDS = {
    "address": ("ip-dst", "benign_web", "http", lambda e: e["dst"], {73, 99}),
    "question": ("domain", "intel_feeds", "dns", lambda e: e["name"], {47, 73, 99}),
    "sni": ("domain", "benign_web", "tls", lambda e: e["sni"], {47, 73, 99}),
    "ja3": ("ja3-fingerprint-md5", "benign_web", "tls", lambda e: e["ja3"], {73}),
    "ja4": ("ja4", "benign_web", "tls", lambda e: e["ja4"], {73}),
    "agent": ("user-agent", "benign_web", "http", lambda e: e["user_agent"], {73}),
    "cert-sha1": ("x509-fingerprint-sha1", "benign_web", "cert", lambda e: e["sha1"], {99}),
    "cert-sha256": ("x509-fingerprint-sha256", "benign_web", "cert", lambda e: e["sha256"], {99}),
    "hassh": ("hassh-md5", "benign_ssh", "ssh", lambda e: e["hassh"], {73}),
    "url": ("url", "executable_download", "http", lambda e: "http://" + e["host"] + e["uri"], {99}),
    "file-md5": ("md5", "program_wget", "file_hash", lambda e: e["md5"], {99}),
    "file-sha1": ("sha1", "intel_feeds", "file_hash", lambda e: e["sha1"], {99}),
    "file-sha256": ("sha256", "executable_download", "file_hash", lambda e: e["sha256"], {99}),
    "mail": ("email-dst", "mail_report_swaks", "mail", lambda e: e["to"], {99}),
}


def other(value):
    """As long and of the same form, but another one."""
    return value[:-1] + ("9" if value[-1] != "9" else "8")


class Hits:
    def __init__(self, program, check, folder):
        self.program, self.check, self.folder = program, check, folder

    def events(self, capture):
        """By kind; with a feed of digests, so that files are hashed."""
        path, feed = os.path.join(self.folder, "events"), os.path.join(self.folder, "digests")
        with open(feed, "w", encoding="ascii") as out:
            out.write("\n".join("0" * n for n in (32, 40, 64)) + "\n")
        done = harness.run(self.program, "-q", "-r", harness.capture_of(capture), "--events", path, "--set", f"intel.feeds=[{{name: digests, file: {feed}}}]")
        self.check(done.status == 0, f"{capture}: its events are written", done.err)
        with open(path, encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def feed(self, name, kind, value, time, severity="critical"):
        first = datetime.strptime(time[:19], "%Y-%m-%dT%H:%M:%S") - timedelta(days=DAYS, seconds=60)
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(f"value,type,first_seen,confidence,tlp,comment,severity\n{value},{kind},{first},{CONFIDENCE},amber,of {name},{severity}\n")
        return f"{{name: {name}, file: {path}, format: csv, expires: 3650d}}"

    def alerts(self, capture, feeds, workers="1"):
        done = harness.run(self.program, "-q", "-o", "json", "-j", workers, "-r", harness.capture_of(capture), "--set",
                           f"intel.feeds=[{', '.join(feeds)}]", "--set", "signatures.directories=[]")
        self.check(done.status == 0 and not done.crashed(), f"{capture}: replayed", done.err)
        return done.out

    def one(self, name, value, severities, alerts):
        self.check(alerts, f"{name}: {value} is found")
        for alert in alerts:
            found = alert["threat"]["indicator"]
            said = {x["feature"]: x for x in alert["exfild"]["explain"]}
            want = value.split("://")[-1].lower() if name != "agent" else value
            self.check(found["name"] in (want, value) and found["provider"] == name and found["description"] == "of " + name, f"{name}: names it", found)
            self.check(found["marking"]["tlp"] == "AMBER" and found["confidence"] == "High" and "first_seen" in found, f"{name}: TLP and confidence", found)
            self.check(f"listed {DAYS} days before" in alert["message"], f"{name}: says its age", alert["message"])
            self.check(said["feed_confidence"]["value"] == CONFIDENCE - 1 and said["feed_severity"]["value"] == 4, f"{name}: says why", said)
            self.check(alert["event"]["severity"] in severities, f"{name}: is as grave as the feed calls it", alert["event"]["severity"])
            if name.startswith("file-"):
                self.check(alert["file"]["hash"][name[5:]] == value and alert["file"]["size"] > 0, f"{name}: has the file", alert.get("file"))

    def capture(self, capture):
        events, values, feeds, others = self.events(capture), {}, [], []
        for name, (kind, of, event, make, _) in KINDS.items():
            found = next((e for e in events if e["kind"] == event), None) if of == capture else None
            if of != capture or not self.check(found, f"{capture}: has a {event} event"):
                continue
            values[name] = make(found)
            feeds.append(self.feed(name, kind, values[name], found["time"]))
        out = self.alerts(capture, feeds)
        self.check(out == self.alerts(capture, feeds, "4"), f"{capture}: the same with 4 workers")
        alerts = [a for a in map(json.loads, out.splitlines()) if a["rule"]["id"].startswith("intel:")]
        self.check({a["rule"]["id"] for a in alerts} == {"intel:" + name for name in values}, f"{capture}: each feed is met, no other", {a["rule"]["id"] for a in alerts})
        for name, value in values.items():
            self.one(name, value, KINDS[name][4], [a for a in alerts if a["rule"]["id"] == "intel:" + name])
        for name, value in values.items():
            others.append(self.feed(name, KINDS[name][0], other(value), events[0]["time"]))
        left = [a["message"] for a in map(json.loads, self.alerts(capture, others).splitlines()) if a["rule"]["id"].startswith("intel:")]
        self.check(not left, f"{capture}: nothing of other values", left)


def main():
    o = harness.parser(__doc__).parse_args()
    check = harness.Checks()
    with tempfile.TemporaryDirectory(prefix="exfild-hits-") as folder:
        hits = Hits(o.exfild, check, folder)
        for capture in sorted({of for _, of, _, _, _ in KINDS.values()}):
            hits.capture(capture)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
