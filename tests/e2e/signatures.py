#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""signatures.py --exfild PROGRAM: exfilctl signatures, as one who writes rules uses it.

Rules are listed, shown and checked; one is tried against a capture and against what --events wrote, and both agree with the alerts of a replay; a rule that
does not match says which part failed; what cannot be used is counted with its reason; what is not there is an error that says what to do. Each kind of correlation
tells the same with 1, 2 and 4 workers."""
import json
import os
import subprocess
import sys
import tempfile

import harness

NULL_RECORD = "5c22c469-63e9-48fd-a4d4-748ca3c77ebf"
RULE = """title: A name that is asked for
id: 3d9f3b55-6d30-4f4e-9f54-2f6f4d6a1c01
logsource: {category: dns}
detection:
  selection:
    query|endswith: '.example.test'
    record_type: '%s'
  condition: selection
level: low
"""
STRANGE = """title: A process
id: 3d9f3b55-6d30-4f4e-9f54-2f6f4d6a1c02
logsource: {category: process_creation, product: windows}
detection:
  selection: {Image: cmd.exe}
  condition: selection
level: low
"""


BASE = """title: {name}
name: {name}
logsource: {{product: exfild, service: dns}}
detection:
  selection: {{is_response: {response}}}
  condition: selection
---
"""
CORRELATION = """title: {name}
id: 3d9f3b55-6d30-4f4e-9f54-2f6f4d6a1e{number:02}
correlation:
  type: {type}
  rules: [{rules}]
  group-by: [flow]
  timespan: 5s
{condition}level: medium
---
"""
CORRELATIONS = {"event_count": "{gte: 20}", "value_count": "{field: name, gte: 20}", "value_sum": "{field: message_len, gte: 1000}",
                "value_avg": "{field: message_len, gte: 20}", "value_percentile": "{field: message_len, percentile: 90, gte: 20}", "temporal": "", "temporal_ordered": ""}


class Tool:
    def __init__(self, program):
        self.program = os.path.join(os.path.dirname(os.path.abspath(program)), "exfilctl")

    def __call__(self, *arguments, **more):
        done = subprocess.run([self.program, "signatures", *arguments], capture_output=True, text=True, timeout=120, check=False, **more)
        return done.returncode, done.stdout, done.stderr


def write(path, text):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    return path


def looked_at(check, tool):
    status, out, err = tool("list", "--json")
    rules = [json.loads(line) for line in out.splitlines()]
    check(status == 0 and f"{len(rules)} rules" in err and "; 0 problems" in err, "the shipped rules load without a problem", err)
    check(all(rule["id"] and rule["level"] and rule["file"] for rule in rules) and len({rule["id"] for rule in rules}) == len(rules), "each has an id of its own")
    status, text, _ = tool("list")
    check(status == 0 and len(text.splitlines()) == len(rules) and all(rule["title"] in text for rule in rules), "as text it is the same list")
    for name in (NULL_RECORD, NULL_RECORD[:8], "NULL record asked for", "dns_null_record.yml"):
        status, text, err = tool("show", name)
        check(status == 0 and NULL_RECORD in text and "T1071.004" in text, f"{name}: shown", text + err)
    status, _, err = tool("show", "no such rule")
    check(status == 1 and "exfilctl signatures list" in err, "a rule that is not there: what to do is said", err)
    status, out, _ = tool("sources")
    check(status == 0 and "dns" in out and "query" in out, "log sources are told", out[:200])


def tried(check, tool, program, folder):
    capture = harness.capture_of("dns_iodine")
    events = os.path.join(folder, "events.ndjson")
    alerts = harness.run(program, "-r", capture, "-o", "json", "--events", events).alerts()
    told = max(a["exfild"]["count"] for a in alerts if a["rule"]["id"] == "sigma:" + NULL_RECORD)
    status, of_capture, err = tool("test", NULL_RECORD, capture)
    check(status == 0 and f": {told} of " in of_capture, f"a capture: as many matches as the alert counts, {told}", of_capture[-300:] + err)
    status, of_file, err = tool("test", NULL_RECORD, events)
    check(status == 0 and f": {told} of " in of_file and not err, "what --events wrote: the same", of_file[-300:] + err)
    with open(events, encoding="utf-8") as stream:
        status, of_input, _ = tool("test", NULL_RECORD, "-", stdin=stream)
    check(status == 0 and of_input == of_file, "standard input: the same", of_input[-300:])
    other = write(os.path.join(folder, "rule.yml"), RULE % "MX")
    status, out, _ = tool("test", other, capture)
    check(status == 1 and "0 of " in out, "a rule that does not match: status 1", out)
    check("1 of 2 parts hold" in out and "yes selection: query|endswith" in out and "no  selection: record_type: MX" in out, "and which part failed", out)
    write(other, RULE % "NULL")
    check(tool("test", other, capture)[0] == 0, "mended it matches")
    status, out, _ = tool("why", other, capture)
    check(status == 0 and "2 of 2 parts hold" in out, "why tells the parts of what matched", out)
    status, out, _ = tool("test", other, harness.capture_of("benign_logins"))
    check(status == 1 and "is of a kind that the rule is about" in out, "no event of its kind: said", out)
    status, out, err = tool("profile", capture)
    check(status == 0 and "NULL record asked for" in out and "rules over" in err, "each rule has its cost", out[:300] + err)


def refused(check, tool, folder):
    rules = os.path.join(folder, "rules")
    os.mkdir(rules)
    write(os.path.join(rules, "good.yml"), RULE % "A")
    for i in range(3):
        write(os.path.join(rules, f"strange{i}.yml"), STRANGE.replace("1c02", f"1d0{i}"))
    status, out, _ = tool("check", rules)
    check(status == 1 and out.lstrip().startswith("1 of 4 rules can be used"), "what cannot be used is counted", out)
    check(any(line.strip().startswith("3 ") and "is not seen" in line for line in out.splitlines()), "by reason", out)
    status, out, _ = tool("check", "-v", rules)
    check(status == 1 and out.count("strange") == 3 and ".yml:" in out, "-v names each place", out)
    status, _, err = tool("check", os.path.join(folder, "nothing"))
    check(status == 1 and "cannot be read" in err, "a folder that is not there", err)
    status, _, err = tool("test", NULL_RECORD, os.path.join(folder, "nothing.pcap"))
    check(status == 1 and "cannot be read" in err, "a capture that is not there", err)
    broken = write(os.path.join(folder, "broken.pcap"), "no capture at all")
    status, _, err = tool("test", NULL_RECORD, broken)
    check(status == 1 and "broken.pcap" in err, "a file that is neither", err)
    lines = write(os.path.join(folder, "lines"), '{"kind": 7}\n{"kind": "nothing"}\n')
    status, _, err = tool("test", NULL_RECORD, lines)
    check(status == 1 and "2 lines tell no event: line 1" in err, "lines that tell no event are counted", err)
    for wrong in ((), ("nothing",), ("test",), ("list", "--wrong"), ("check",)):
        status, _, err = tool(*wrong)
        check(status == 2 and "usage:" in err, f"{wrong}: usage", err)


def correlated(check, program, folder):
    """Each kind of correlation over one capture: with any number of workers the same alerts, byte for byte, of each kind one at least."""
    text = BASE.format(name="asked", response="false") + BASE.format(name="answered", response="true")
    for number, (kind, condition) in enumerate(CORRELATIONS.items()):
        text += CORRELATION.format(name=kind, number=number, type=kind, rules="asked" if condition else "asked, answered",
                                   condition=f"  condition: {condition}\n" if condition else "")
    place = os.path.join(folder, "correlations")
    os.mkdir(place)
    write(os.path.join(place, "all.yml"), text)
    sets = ("--set", f"signatures.directories=[{place}]")
    runs = [harness.run(program, "-r", harness.capture_of("dns_iodine"), "-o", "json", "-j", workers, *sets) for workers in ("1", "2", "4")]
    check(all(run.status == 0 for run in runs) and len({run.out for run in runs}) == 1, "the same alerts with 1, 2 and 4 workers", runs[0].err[-500:])
    told = {a["rule"]["name"] for a in runs[0].alerts() if a["rule"]["id"].startswith("sigma:")}
    check(told == set(CORRELATIONS), "each kind of correlation tells, and the rules that they refer to do not", sorted(told))


def main():
    options = harness.parser(__doc__).parse_args()
    check = harness.Checks()
    tool = Tool(options.exfild)
    with tempfile.TemporaryDirectory() as folder:
        looked_at(check, tool)
        tried(check, tool, options.exfild, folder)
        refused(check, tool, folder)
        correlated(check, options.exfild, folder)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
