#!/usr/bin/env python3
"""A working office raises nothing of medium or above, and what is stolen in it is found.

usage: check.py --exfild PROGRAM [--hosts N] [--days D] [--seed S] [--table]

Runs the office twice, without thefts and with all that its days allow; each theft is one host's, and found when that
host has an alert. With --table the findings are printed as a table of Markdown.
"""
import argparse
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import thefts  # noqa: E402

MEDIUM = 47


def replay(exfild, hosts, days, seed, names):
    """The alerts, the last revision of each."""
    make = subprocess.Popen([sys.executable, os.path.join(HERE, "office.py"), "--hosts", str(hosts), "--days", str(days), "--seed", str(seed), "--theft", names],
                            stdout=subprocess.PIPE)
    run = subprocess.run([exfild, "-q", "-o", "json", "-r", "-"], stdin=make.stdout, stdout=subprocess.PIPE, check=False)
    make.stdout.close()
    if make.wait() or run.returncode:
        sys.exit(f"check.py: the office ended with {make.returncode}, exfild with {run.returncode}")
    alerts = {}
    for line in run.stdout.splitlines():
        alert = json.loads(line)
        alerts[alert["exfild"]["alert_id"]] = alert
    return list(alerts.values())


def say(alert):
    return f'{alert["event"]["severity"]} {alert["rule"]["id"]}: {alert["message"]}'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exfild", required=True)
    parser.add_argument("--hosts", type=int, default=50)
    parser.add_argument("--days", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--table", action="store_true")
    o = parser.parse_args()
    bad = 0
    quiet = replay(o.exfild, o.hosts, o.days, o.seed, "")
    false = [a for a in quiet if a["event"]["severity"] >= MEDIUM]
    for alert in false:
        print(f"false alarm: {say(alert)}")
    bad += len(false)
    print(f"office of {o.hosts} hosts, {o.days} days: {len(quiet)} alerts, {len(false)} of medium or above")
    names = thefts.chosen("all", o.days)
    alerts = replay(o.exfild, o.hosts, o.days, o.seed, ",".join(names))
    if o.table:
        print("| theft | what | found by | severity |\n|---|---|---|---|")
    for name in names:
        who = thefts.who(name, o.hosts)
        hits = [a for a in alerts if a["source"]["ip"] == who]
        best = max((a["event"]["severity"] for a in hits), default=0)
        bad += not hits
        rules = ", ".join(sorted({a["rule"]["id"] for a in hits})) or "nobody"
        print(f"| {name} | {thefts.ALL[name][1].__doc__} | {rules} | {best} |" if o.table else f"theft {name}: {rules} ({best})")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
