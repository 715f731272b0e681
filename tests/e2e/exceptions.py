#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""exceptions.py --exfild PROGRAM [--all]: an exception silences every kind of alert, by every kind of end, and no longer than it says.

Of each scenario of tests/replay that raises alerts, all alerts are excepted at once: by the address of their source, its prefix, its zone, by
destination, domain, port and rule alone; once more by exceptions that are over, which silence nothing. The everyday form looks at each rule once,
by some of these in turn; --all at every scenario, by all."""
import ipaddress
import json
import os
import sys
import tempfile

import harness

FAR, PAST = "2200-01-01", "2000-01-01"
ZONE = "networks: [{name: here, prefixes: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, \"fc00::/7\", \"fe80::/10\"]}]\n"


def prefix_of(address):
    parsed = ipaddress.ip_address(address)
    return str(ipaddress.ip_network(f"{address}/{24 if parsed.version == 4 else 64}", strict=False))


def by_prefix(alert):
    return {"source": prefix_of(alert["source"]["ip"])} if "ip" in alert.get("source", {}) else None


def by_address(alert):
    return {"source": alert["source"]["ip"]} if "ip" in alert.get("source", {}) else None


def by_zone(alert):
    return {"source": "zone:here"} if alert["exfild"].get("zone", {}).get("source") == "here" else None


def end_of(name):
    def take(alert):
        value = alert.get("destination", {}).get(name)
        return {"port" if name == "port" else "destination": value} if value else None
    return take


def by_domain(alert):
    """A host's own name may be learnt only after its first alert: it silences from then on."""
    name = alert.get("destination", {}).get("domain", "")
    return {"destination": name} if "." in name else None


def by_rule(_):
    return {}


KINDS = {"address": by_address, "prefix": by_prefix, "zone": by_zone, "destination": end_of("ip"), "domain": by_domain, "port": end_of("port"),
         "rule": by_rule}


def matches(alert, exception):
    """Whether an alert that came all the same is one that this exception names."""
    if alert["rule"]["id"] != exception["rule"]:
        return False
    end = alert.get("destination", {})
    if "port" in exception and end.get("port") != exception["port"]:
        return False
    wanted = exception.get("destination")
    if wanted and wanted not in (end.get("ip"), end.get("domain")):
        return False
    source = exception.get("source")
    if not source:
        return True
    if source.startswith("zone:"):
        return alert["exfild"].get("zone", {}).get("source") == source[5:]
    return "ip" in alert.get("source", {}) and ipaddress.ip_address(alert["source"]["ip"]) in ipaddress.ip_network(source)


def run(program, name, folder, exceptions, expires, extra=""):
    path = os.path.join(folder, "exceptions.yaml")
    with open(path, "w", encoding="utf-8") as out:
        lines = [json.dumps({**x, "reason": "test", "expires": expires}) for x in exceptions]
        out.write(f"{extra}exceptions: [{', '.join(lines)}]\n")
    return harness.run(program, "-r", harness.capture_of(name), "-c", path, "-o", "json")


def scenario(check, program, name, folder, alerts, kinds):
    """The number of exceptions tried."""
    count = 0
    zoned = run(program, name, folder, [], FAR, ZONE).alerts() if "zone" in kinds else []
    for kind in kinds:
        make = KINDS[kind]
        extra = ZONE if kind == "zone" else ""
        wanted = [{**made, "rule": alert["rule"]["id"]} for alert in (zoned if kind == "zone" else alerts) if (made := make(alert)) is not None]
        wanted = [x for i, x in enumerate(wanted) if x not in wanted[:i]]
        if not wanted:
            continue
        count += len(wanted)
        done = run(program, name, folder, wanted, FAR, extra)
        left = [(x, a["message"]) for a in done.alerts() for x in wanted if matches(a, x)]
        check(done.status == 0 and not left, f"{name}: exceptions by {kind} silence", (left, done.err))
        if kind == "rule":
            over = [a["exfild"]["alert_id"] for a in run(program, name, folder, wanted, PAST).alerts()]
            check(over == [a["exfild"]["alert_id"] for a in alerts], f"{name}: exceptions that are over silence nothing", over)
    return count


def main():
    p = harness.parser(__doc__)
    p.add_argument("--all", action="store_true", help="every scenario")
    o = p.parse_args()
    check, count, seen = harness.Checks(), 0, set()
    with tempfile.TemporaryDirectory() as folder:
        for name in harness.scenarios():
            alerts = harness.run(o.exfild, "-r", harness.capture_of(name), "-o", "json").alerts()
            rules = {alert["rule"]["id"] for alert in alerts}
            if not rules - seen and not (o.all and rules):
                continue
            seen |= rules
            turn = len(seen) % 3
            count += scenario(check, o.exfild, name, folder, alerts, list(KINDS) if o.all else list(KINDS)[turn::3])
        check(len(seen) >= 20, f"{len(seen)} rules looked at")
    return check.end(f"{len(seen)} rules, {count} exceptions")


if __name__ == "__main__":
    sys.exit(main())
