#!/usr/bin/env python3
"""Compares what exfild reads of Kerberos and LDAP with tshark, capture by capture.

usage: compare_krb.py --exfild PROGRAM FILE|DIR...

Of Kerberos over UDP and TCP: messages by kind, errors, encryption types offered, services asked for.  Of LDAP: requests by kind.  Each
is compared as a bag over the whole capture.  A difference is in one of these classes, or makes the exit status 1:

 port      tshark dissects Kerberos and LDAP by port (88, 389, 3268); exfild by what the bytes are, on any port
 together  a segment holds several messages: tshark lists their fields without saying whose they are
 cut       the capture has cut packets, gaps or repeats: tshark tells a message again, or only one of both tells it
 broken    the capture holds bytes that break the protocol: exfild tells the parts that parse, tshark none (or vice versa)
"""
import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile

KRB = {10, 11, 12, 13, 30}
LDAP_REQUESTS = {0: "bind", 2: "unbind", 3: "search", 6: "modify", 8: "add", 10: "delete", 12: "modify_dn", 14: "compare", 16: "abandon",
                 23: "extended"}


def captures(paths):
    for path in paths:
        if os.path.isfile(path):
            yield path
        for folder, _, names in sorted(os.walk(path)):
            for name in sorted(names):
                if name.endswith((".pcap", ".pcapng", ".cap")):
                    yield os.path.join(folder, name)


def ours(program, path):
    with tempfile.TemporaryDirectory() as folder:
        events = os.path.join(folder, "e")
        subprocess.run([program, "-q", "-r", path, "--events", events, "-o", "json"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)
        bags, ports = collections.defaultdict(collections.Counter), set()
        if not os.path.exists(events):
            return bags, ports
        with open(events, encoding="utf-8", errors="replace") as f:
            for line in f:
                if '"kind":"kerberos"' in line:
                    e = json.loads(line)
                    if e["message"] not in KRB:
                        continue
                    ports.add(e.get("dport"))
                    bags["message"][e["message"]] += 1
                    if e["message"] == 30:
                        bags["error"][e["error"]] += 1
                    if e["message"] in (10, 12) and e.get("etypes"):
                        bags["offered"].update(e["etypes"].split(","))
                    if e["message"] == 10 and e.get("sname"):
                        bags["service"][e["sname"]] += 1
                elif '"kind":"ldap"' in line:
                    e = json.loads(line)
                    ports.add(e.get("dport"))
                    if not e["is_response"] and e["operation"] in LDAP_REQUESTS:
                        bags["ldap"][LDAP_REQUESTS[e["operation"]]] += 1
        return bags, ports


def tshark(path, display, *fields):
    command = ["tshark", "-n", "-r", path, "-Y", display, "-T", "fields", "-E", "separator=/t", "-E", "aggregator=;"]
    for field in fields:
        command += ["-e", field]
    out = subprocess.run(command, capture_output=True, check=False, timeout=300).stdout.decode("utf-8", "replace")
    for line in out.splitlines():
        yield [value.split(";") if value else [] for value in line.split("\t")]


def theirs(path):
    bags, together = collections.defaultdict(collections.Counter), False
    # the request's own list stands in its body; a ticket within has types of its own
    for kinds, errors, offered, names in tshark(path, "kerberos && (tcp.port==88 || udp.port==88)", "kerberos.msg_type",
                                                "kerberos.error_code", "kerberos.ENCTYPE", "kerberos.SNameString"):
        own = [int(k) for k in kinds if int(k) in KRB]
        together |= len(own) > 1
        for kind in own:
            bags["message"][kind] += 1
        for code in errors:
            bags["error"][int(code)] += 1
        if own and own[0] in (10, 12):
            bags["offered"].update(offered)
        for at in range(0, len(names), 2):  # a ticket service has two components
            if own and own[0] == 10:
                bags["service"]["/".join(names[at:at + 2])] += 1
    for (operations,) in tshark(path, "ldap || cldap", "ldap.protocolOp"):
        for operation in operations:
            if int(operation) in LDAP_REQUESTS:
                bags["ldap"][LDAP_REQUESTS[int(operation)]] += 1
    return bags, together


def classify(path, name, ports, together):
    """The class of a difference, or None."""
    if together and name in ("service", "offered"):
        return "together"
    lower = path.lower()
    info = subprocess.run(["tshark", "-n", "-r", path, "-Y", "_ws.malformed || tcp.analysis.lost_segment || tcp.analysis.retransmission || "
                           "tcp.analysis.out_of_order || frame.cap_len < frame.len || tcp.analysis.ack_lost_segment || ip.flags.mf==1",
                           "-c", "100000"], capture_output=True, check=False).stdout
    if info:
        return "cut" if b"Malformed" not in info else "broken"
    if name in ("message", "error", "offered", "service", "ldap") and ports - {88, 389, 3268}:
        return "port"
    if any(word in lower for word in ("malformed", "recursion", "fuzz", "overflow")):
        return "broken"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exfild", required=True)
    parser.add_argument("paths", nargs="+")
    args = parser.parse_args()
    totals, classes, bad, seen = collections.Counter(), collections.Counter(), 0, 0
    for path in captures(args.paths):
        mine, ports = ours(args.exfild, path)
        if not mine:
            continue
        seen += 1
        other, together = theirs(path)
        for name in ("message", "error", "offered", "service", "ldap"):
            own = mine[name]
            totals[name] += sum(own.values())
            if own == other[name]:
                continue
            kind = classify(path, name, ports, together)
            classes[kind or "NOT EXPLAINED"] += 1
            bad += kind is None
            print(f"{kind or 'NOT EXPLAINED':14} {name:8} {path}: only exfild {dict(own - other[name])}, only tshark {dict(other[name] - own)}")
    print(f"{seen} captures; compared: {dict(totals)}; differences: {dict(classes)}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
