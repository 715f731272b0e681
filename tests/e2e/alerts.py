#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""alerts.py --exfild PROGRAM: what an alert tells an analyst to do works.

For every alert of tests/replay: its line of silence is a configuration that loads and silences it and no other rule,
its display filter is one that tshark takes and that shows packets of the source, the packets that it names are in the
capture, each once, in order, and are packets of its source; its words carry no cut sentence, and its numbers agree."""
import ipaddress
import os
import re
import shutil
import subprocess
import sys
import tempfile

import harness  # finds tests/lab
import capture_io


def hosts_of(frame):
    """The addresses of a frame's network header, as text."""
    found = capture_io.network_layer(frame)
    if not found:
        return set()
    start, kind, _ = found
    data = frame.data[start:]
    places = {capture_io.IPV4: ((12, 4), (16, 4)), capture_io.IPV6: ((8, 16), (24, 16)), capture_io.ARP: ((14, 4), (24, 4))}.get(kind, ())
    return {str(ipaddress.ip_address(data[at:at + size])) for at, size in places if len(data) >= at + size}


def words(alert):
    """Every text that a person reads."""
    ours = alert["exfild"]
    yield from (alert["message"], alert["event"]["reason"], ours.get("not_harmless", ""), ours.get("counterfactual", ""), ours.get("unseen", ""))
    yield from ours.get("next_steps", [])
    for item in ours["explain"]:
        yield item["text"]


class Tester:
    def __init__(self, program, temp):
        self.program, self.temp, self.check, self.filters = program, temp, harness.Checks(), {}
        self.all = []  # alerts of the capture at hand

    def silence(self, name, alert):
        file = os.path.join(self.temp, "silence.yaml")
        with open(file, "w", encoding="utf-8") as stream:
            stream.write(alert["exfild"]["silence"] + "\n")
        result = harness.run(self.program, "-T", "-c", file)
        self.check(result.status == 0, f"{name}: the line of silence loads: {alert['exfild']['silence']}", result.err)
        quiet = harness.run(self.program, "-r", harness.capture_of(name), "-c", file, "-o", "json")
        left = {other["exfild"]["alert_id"] for other in quiet.alerts()}
        self.check(alert["exfild"]["alert_id"] not in left, f"{name}: the line of silence silences it: {alert['exfild']['silence']}", quiet.err)
        loud = {other["exfild"]["alert_id"] for other in self.all if other["rule"]["id"] != alert["rule"]["id"]}
        self.check(loud <= left, f"{name}: the line of silence silences no other rule", loud - left)

    def display_filter(self, name, alert):
        text, source = alert["exfild"]["filter"], alert["source"]["ip"]
        key = (name, text)
        if key not in self.filters:
            done = subprocess.run(["tshark", "-n", "-r", harness.capture_of(name), "-Y", text, "-T", "fields", "-e", "ip.addr", "-e", "ipv6.addr",
                                   "-e", "arp.src.proto_ipv4"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, text=True)
            self.filters[key] = done
        done = self.filters[key]
        self.check(done.returncode == 0, f"{name}: tshark takes the filter {text}", done.stderr)
        self.check(source in done.stdout, f"{name}: the filter {text} shows packets of {source}", done.stdout[:200])

    def packets(self, name, alert, frames):
        numbers = alert["exfild"].get("evidence", {}).get("packets", [])
        self.check(numbers, f"{name}: the alert names packets")
        self.check(numbers == sorted(set(numbers)), f"{name}: packets are named once each, in order", numbers)
        self.check(all(1 <= n <= len(frames) for n in numbers), f"{name}: packets named are in the capture", numbers)
        # what another host did in consequence proves it too: a call back, the next step of a chain
        named = {alert["source"]["ip"], alert.get("destination", {}).get("ip")} | set(alert.get("related", {}).get("ip", []))
        strange = [n for n in numbers if 1 <= n <= len(frames) and not named & set(hosts_of(frames[n - 1]))]
        self.check(not strange, f"{name}: packets named are of hosts that the alert names", strange)

    def sense(self, name, alert):
        for text in words(alert):
            self.check(not re.search(r"(\.\.\.|…|~)$", text), f"{name}: a sentence is cut: {text}")
            self.check(not re.search(r"\b(nan|inf|null|\(null\)|%[a-z])\b", text), f"{name}: a sentence without a number: {text}")
        event = alert["event"]
        self.check(event["start"] <= event["end"] <= alert["@timestamp"], f"{name}: begins, ends, is told: in this order", f"{event['start']} {event['end']} {alert['@timestamp']}")
        total = sum(item["contribution"] for item in alert["exfild"]["explain"])
        score = alert["exfild"]["score"]
        self.check(min(total, 1) >= score - 0.01, f"{name}: the contributions make up the score", f"{total} {score}")


def main():
    o = harness.parser(__doc__).parse_args()
    has_tshark = shutil.which("tshark")
    count = 0
    with tempfile.TemporaryDirectory() as temp:
        t = Tester(o.exfild, temp)
        for name in harness.scenarios():
            frames = list(capture_io.read(harness.capture_of(name)))
            t.all = harness.run(o.exfild, "-r", harness.capture_of(name), "-o", "json").alerts()
            for alert in t.all:
                count += 1
                t.silence(name, alert)
                if has_tshark:
                    t.display_filter(name, alert)
                t.packets(name, alert, frames)
                t.sense(name, alert)
        t.check(count >= 20, f"{count} alerts looked at")
        return t.check.end(f"{count} alerts{'' if has_tshark else '; filters were not tried (tshark is missing)'}")


if __name__ == "__main__":
    sys.exit(main())
