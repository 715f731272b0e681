#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run.py --exfild PROGRAM [--turns] [--update] [SCENARIO ...]: replay each capture of this folder and compare its alerts.

expect.ndjson holds every alert of a scenario as exfild -o json prints it, one a line; whole alerts are compared, but
observer.version, which changes with each release. A scenario's exfild.yaml is its configuration. Replays with -j 1, 2 and 4 must be byte-identical, every line must
keep docs/alert.schema.json; where there is events.ndjson, each of its lines must be part of an event; and a scenario called benign_* must have nothing of severity 47 (medium) or above.
--turns gives each scenario one of these numbers of workers, in turn: for a slow build, beside a whole run of another.
--update writes expect.ndjson anew: read the difference before it is committed, each alert must be one that an analyst
would agree with."""
import json
import os
import sys

WORKERS = (1, 2, 4)
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
import harness  # noqa: E402  (the folder is known only now)


def validator():
    """The function of check_schema.py that lists what is wrong with a line, or None without python3-jsonschema."""
    try:
        import check_schema
        import jsonschema
    except ImportError:
        return None
    with open(os.path.join(harness.SOURCE, "docs", "alert.schema.json"), encoding="utf-8") as stream:
        schema = json.load(stream)
    judge = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    return lambda line: check_schema.faults(line, judge)


def differences(want, got, path=""):
    """Yields a sentence for each place where two JSON values differ."""
    if isinstance(want, dict) and isinstance(got, dict):
        for key in sorted(want.keys() | got.keys()):
            here = f"{path}.{key}" if path else key
            if key not in got:
                yield f"{here}: is gone, was {json.dumps(want[key])}"
            elif key not in want:
                yield f"{here}: is new: {json.dumps(got[key])}"
            else:
                yield from differences(want[key], got[key], here)
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        for i, (w, g) in enumerate(zip(want, got)):
            yield from differences(w, g, f"{path}[{i}]")
    elif want != got or type(want) is not type(got):
        yield f"{path}: {json.dumps(want)} became {json.dumps(got)}"


def title(alert):
    return (f"{alert['event']['severity']} {alert['rule']['id']} revision {alert['exfild']['revision']} "
            f"from {alert['source'].get('ip')}: {alert['message'][:80]}")


def compare(check, name, expected, alerts):
    check(len(expected) == len(alerts), f"{name}: {len(alerts)} alerts, {len(expected)} expected",
          "\n".join(["got:", *map(title, alerts), "expected:", *map(title, expected)]))
    for number, (want, got) in enumerate(zip(expected, alerts), 1):
        want["observer"]["version"] = got["observer"]["version"]
        found = list(differences(want, got))
        check(not found, f"{name}: alert {number} ({title(got)})", "\n".join(found))


def expect_events(check, program, name):
    """What a scenario shows besides alerts: members that some event must have."""
    path = os.path.join(harness.REPLAY, name, "events.ndjson")
    if not os.path.isfile(path):
        return
    result = harness.run(program, "-r", harness.capture_of(name), "--events", "-")
    events = result.alerts()
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            want = json.loads(line)
            near = [event for event in events if event.get("kind") == want.get("kind")]
            check(any(want.items() <= {k: v for k, v in event.items() if not isinstance(v, (list, dict))}.items()
                      for event in near), f"{name}: an event with {line.strip()}", near)


def replay(check, program, name, faults, update, counts):
    capture, expect = harness.capture_of(name), os.path.join(harness.REPLAY, name, "expect.ndjson")
    config = os.path.join(harness.REPLAY, name, "exfild.yaml")
    own = ["-c", config] if os.path.isfile(config) else []
    runs = {workers: harness.run(program, "-r", capture, "-o", "json", "-j", workers, *own) for workers in counts}
    first = runs[counts[0]]
    for workers, result in runs.items():
        check(result.status == 0 and not result.crashed(), f"{name}: -j {workers} ends with status 0",
              f"{result.crashed()}\n{result.err}")
        check(result.summary(), f"{name}: -j {workers} ends with the summary", result.err)
        check(result.out == first.out, f"{name}: -j {counts[0]} and -j {workers} give the same bytes")
    lines = first.out.splitlines()
    for number, line in enumerate(lines, 1):
        found = faults(line) if faults else []
        check(not found, f"{name}: alert {number} keeps the schema", "\n".join(found))
    alerts = first.alerts()
    expect_events(check, program, name)
    if name.startswith("benign_"):
        loud = [alert for alert in alerts if alert["event"]["severity"] >= harness.MEDIUM]
        check(not loud, f"{name}: nothing of medium severity or above", "\n".join(map(title, loud)))
    if update:
        with open(expect, "wb") as stream:
            stream.write(first.out)
        for alert in alerts:
            print(f"{name}: {title(alert)}")
    elif check(os.path.isfile(expect), f"{name}: has expect.ndjson (run.py --update writes it)"):
        with open(expect, encoding="utf-8") as stream:
            compare(check, name, [json.loads(line) for line in stream], alerts)


def main():
    p = harness.parser(__doc__)
    p.add_argument("--turns", action="store_true", help="one number of workers a scenario, in turn")
    p.add_argument("--update", action="store_true", help="write expect.ndjson from what comes now")
    p.add_argument("scenario", nargs="*", help="only these")
    o = p.parse_args()
    faults, check = validator(), harness.Checks()
    names = o.scenario or harness.scenarios()
    for turn, name in enumerate(names):
        counts = (WORKERS[turn % len(WORKERS)],) if o.turns else WORKERS
        if check(os.path.isfile(harness.capture_of(name)), f"{name}: has input.pcap"):
            replay(check, o.exfild, name, faults, o.update, counts)
    note = "" if faults else "; the schema was not held (python3-jsonschema is missing)"
    return check.end(f"{len(names)} scenarios{note}")


if __name__ == "__main__":
    sys.exit(main())
