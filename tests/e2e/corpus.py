#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""corpus.py --exfild PROGRAM: what is found in labelled real captures, wherever their hosts live.

Needs the corpus of labelled captures (EXFILD_CORPUS: a folder with truth.tsv). A malicious capture is detected when an
alert of medium severity or above carries a technique of its label's family and involves an address that the truth
names; it is named when that technique is one the truth names. A benign capture is clean without such alerts.

  judge       every capture on its own: no failure, figures not below the minimums given, and every tunnel in clear
              DNS or ICMP detected and named
  readdress   every malicious capture again with its inside hosts on public IPv4 and on global IPv6, --inside naming
              them (tests/lab/readdress.py): the verdict stays
  wrap        ten of them inside VXLAN, GENEVE and ERSPAN (tests/lab/encap.py): the verdict stays

  once        all captures in one run, merged by time: it ends, and no sanitizer spoke (not one of the default parts)

EXPLAINED below lists the differences that are right, each with its cause."""
import concurrent.futures
import contextlib
import ipaddress
import json
import os
import re
import sys
import tempfile

import harness  # finds tests/lab
import readdress

EXFIL = set("T1048 T1041 T1567 T1020 T1030 T1029 T1011 T1052 T1537 T1071 T1572 T1573 T1095 T1571 T1568 T1090 T1102 T1105 T1132 T1001 T1008 "
            "T1104 T1219 T1205 T1113 T1114 T1005 T1039 T1074 T1119 T1560".split())
LATERAL = set("T1021 T1570 T1210 T1550 T1563 T1534 T1080 T1091 T1046 T1018 T1135 T1087 T1069 T1016 T1033 T1049 T1082 T1083 T1124 T1482 T1201 "
              "T1012 T1007 T1057 T1003 T1110 T1187 T1557 T1558 T1207 T1212 T1552 T1555 T1556 T1649 T1040 T1047 T1053 T1569 T1059 T1505 T1190 "
              "T1068 T1070 T1112 T1543 T1547 T1098 T1136 T1078 T1199 T1133 T1039 T1105 T1529 T1489 T1562 T1595".split())
FAMILY = {"exfil": EXFIL, "c2": EXFIL, "lateral": LATERAL}
RANK = {"missed": 0, "detected": 1, "named": 2}
V4, V6 = "45.33.0.0/16", "2600:1f00::/32"

# (part, regular expression of the path): why the verdict may differ
EXPLAINED = {
    ("readdress v6", r"test12-icmp-portscan"): "the sweep is told by pings to .0 and .255, which IPv6 has not",
    ("readdress v6", r"elcabezzonn.*/start-service"): "what is medium there is an answer of ARP that nobody asked for, and IPv6 has no ARP",
    ("readdress v6", r"xprobe icmp d"): "it is told by ICMP questions for time and mask, which ICMPv6 has not",
    ("readdress v6", r"thiagosmith\+pcaps/exfiltration"): "the data is in the last bytes of IPv4 addresses, which are others then",
    ("readdress v6", r"nDPI/.*/emotet"): "the false name is an IPv4 address literal, which a host with IPv6 may have as well",
    ("readdress v4", r"log4-shell"): "the request names the address to be called as text, which stays, and the call goes to another then",
    ("readdress v6", r"log4-shell"): "the request names the address to be called as text, which stays, and the call goes to another then",
}


def techniques(alert):
    technique = alert.get("threat", {}).get("technique", {})
    return technique.get("id", []) + technique.get("subtechnique", {}).get("id", [])


def addresses(alert):
    found = {alert.get(side, {}).get("ip") for side in ("source", "destination")}
    return (found | set(alert.get("related", {}).get("ip", []))) - {None}


def same(a, b):
    """A technique is its own parent and its own sub-technique."""
    return a == b or a.split(".")[0] == b or b.split(".")[0] == a


def verdict(row, alerts, ips=None):
    ips = set(row["ips"].split()) if ips is None else ips
    family = [a for a in alerts if a["event"]["severity"] >= harness.MEDIUM and (not ips or addresses(a) & ips)
              and any(t.split(".")[0] in FAMILY[row["label"]] for t in techniques(a))]
    if any(same(t, want) for a in family for t in techniques(a) for want in row["techniques"].split()):
        return "named"
    return "detected" if family else "missed"


def is_clear_tunnel(row):
    """A tunnel in clear DNS or ICMP, as the notes of the truth tell them; not inside TLS or HTTPS, not in header fields."""
    if row["label"] not in ("exfil", "c2") or re.search(r"\bDo[HT]\b|DNS.?over.?H", row["note"] + row["path"], re.I):
        return False
    return "T1071.004" in row["techniques"].split() or "ICMP tunnel" in row["note"]


class Corpus:
    def __init__(self, options):
        self.o, self.root, self.check = options, harness.corpus(), harness.Checks()
        self.rows = [row for row in harness.truth(self.root) if options.only in row["path"]]
        self.pool = concurrent.futures.ThreadPoolExecutor(options.jobs)
        self.verdicts = {}

    def path(self, row):
        return os.path.join(self.root, row["path"])

    def replay(self, path, *options):
        """(alerts, what went wrong or '')"""
        result = harness.run(self.o.exfild, "-r", path, "-o", "json", *options, timeout=self.o.timeout)
        if result.crashed() or result.status not in (0, 3):
            return [], result.crashed() or f"status {result.status}: {result.err[-300:]}"
        try:
            return result.alerts(), "" if result.summary() else "no summary"
        except json.JSONDecodeError as error:
            return [], f"standard output is not JSON: {error}"

    def malicious(self):
        return [row for row in self.rows if row["label"] in FAMILY]

    def judge(self):
        figures = {label: {"all": 0, "detected": 0, "named": 0} for label in FAMILY}
        benign, dirty, failed = 0, [], 0
        for row, (alerts, fault) in zip(self.rows, self.pool.map(lambda row: self.replay(self.path(row)), self.rows)):
            failed += not self.check(not fault, f"{row['path']}: is replayed", fault)
            if row["label"] in FAMILY:
                found = self.verdicts[row["path"]] = verdict(row, alerts)
                figures[row["label"]]["all"] += 1
                figures[row["label"]]["detected"] += RANK[found] >= 1
                figures[row["label"]]["named"] += RANK[found] == 2
                if is_clear_tunnel(row):
                    self.check(found == "named", f"tunnel in clear DNS or ICMP: {found}: {row['path']}", row["note"])
            elif row["label"] == "benign":
                loud = [a for a in alerts if a["event"]["severity"] >= harness.MEDIUM]
                benign += 1
                if loud or fault:
                    dirty.append((row["path"], {a["rule"]["id"] for a in loud}))
        for label, figure in figures.items():
            print(f"{label:8} {figure['all']:4} captures: detected {figure['detected']}, named {figure['named']}")
            least = getattr(self.o, label)
            self.check(figure["detected"] >= least, f"{label}: {figure['detected']} detected, at least {least} expected")
        share = 100 * len(dirty) / max(1, benign)
        print(f"benign   {benign:4} captures: {len(dirty)} not clean ({share:.2f} %)")
        self.check(share <= self.o.dirty, f"benign: {share:.2f} % not clean, at most {self.o.dirty} % allowed",
                   "\n".join(f"{path}: {' '.join(sorted(rules))}" for path, rules in dirty))
        print(f"failures {failed} of {len(self.rows)} replays", flush=True)

    def compare(self, part, row, now, note=""):
        before = self.verdicts[row["path"]]
        if now == before:
            self.check(True, "")
            return
        for (where, pattern), cause in EXPLAINED.items():
            if where == part and re.search(pattern, row["path"]):
                print(f"{part}: {before} became {now}, explained ({cause}): {row['path']}")
                return
        self.check(False, f"{part}: {before} became {now}: {row['path']}", note)

    def ensure_verdicts(self):
        rows = [row for row in self.malicious() if row["path"] not in self.verdicts]
        for row, (alerts, _) in zip(rows, self.pool.map(lambda row: self.replay(self.path(row)), rows)):
            self.verdicts[row["path"]] = verdict(row, alerts)

    def readdressed(self, row, way, temp):
        """(verdict, what went wrong or a note)"""
        out = os.path.join(temp, f"{way}-{self.malicious().index(row)}.pcap")
        try:
            prefix = V4 if way == "v4" else V6
            pairs = [line.split() for line in tool("readdress.py", f"--to-{way}", prefix, self.path(row), out).splitlines()]
            moved = mapping(way, prefix, pairs)
            ips = {str(ipaddress.ip_address(moved.map(ipaddress.ip_address(ip).packed))) for ip in row["ips"].split()}
            inside = [new for old, new in pairs if old != "0.0.0.0/0"]
            if len(inside) > 60:
                inside = [prefix]
            alerts, fault = self.replay(out, *(f"--inside={new}" for new in inside))
            return verdict(row, alerts, ips), fault or "\n".join(f"{a['event']['severity']} {a['rule']['id']} {sorted(addresses(a))}: {a['message']}" for a in alerts[:8])
        except SystemExit as error:
            return None, str(error)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(out)

    def readdress(self):
        rows = self.malicious()
        with tempfile.TemporaryDirectory() as temp:
            for way in ("v4", "v6"):
                counts = {}
                for row, (now, note) in zip(rows, self.pool.map(lambda row, way=way: self.readdressed(row, way, temp), rows)):
                    if now is None:
                        print(f"readdress {way}: left out ({note}): {row['path']}")
                        continue
                    counts[now] = counts.get(now, 0) + 1
                    self.compare(f"readdress {way}", row, now, note)
                print(f"readdress {way}: {counts}", flush=True)

    def wrapped(self, row, mode, temp):
        out = os.path.join(temp, f"{mode}-{self.malicious().index(row)}.pcap")
        tool("encap.py", "--mode", mode, "--id", "77", self.path(row), out)
        alerts, fault = self.replay(out)
        os.unlink(out)
        return verdict(row, alerts), fault or "\n".join(f"{a['event']['severity']} {a['rule']['id']} {sorted(addresses(a))}: {a['message']}" for a in alerts[:8])

    def wrap(self):
        found = [row for row in self.malicious() if self.verdicts[row["path"]] != "missed"]
        step = max(1, len(found) // 10)
        rows = found[::step][:10]
        self.check(len(rows) == 10 or self.o.only, f"wrap: ten captures are at hand, {len(rows)}")
        with tempfile.TemporaryDirectory() as temp:
            for mode in ("vxlan", "geneve", "erspan2"):
                for row, (now, note) in zip(rows, self.pool.map(lambda row, mode=mode: self.wrapped(row, mode, temp), rows)):
                    self.compare(f"wrap {mode}", row, now, note)
                print(f"wrap {mode}: {len(rows)} captures", flush=True)


    def once(self):
        result = harness.run(self.o.exfild, "-r", self.root, "-o", "json", "-q", timeout=self.o.timeout)
        self.check(not result.crashed() and result.status == 3, "all captures in one run: it ends with the damaged ones told",
                   f"{result.status} {result.crashed()} {result.err[-2000:]}")
        alerts = len(result.alerts())
        self.check(alerts > 100, f"{alerts} alerts of one run over all")
        print(f"once: {alerts} alerts, {result.seconds:.0f} s, {result.rss_kb // 1024} MB", flush=True)


def tool(name, *arguments):
    """What a script of tests/lab prints. Run as a program: its memory and its globals are its own."""
    result = harness.run(sys.executable, os.path.join(harness.LAB, name), *arguments, timeout=600)
    if result.status:
        raise SystemExit(result.err.strip().splitlines()[-1] if result.err.strip() else f"{name} ended with status {result.status}")
    return result.out.decode()


def mapping(way, prefix, pairs):
    """The object by which readdress.py mapped addresses, put together from the prefixes it printed."""
    def start(network):
        return ipaddress.ip_address(network.split("/")[0]).packed

    if way == "v4":
        moved = readdress.ToV4(readdress.PRIVATE, prefix, set())
        moved.prefixes = {start(old)[:3]: start(new)[:3] for old, new in pairs}
    else:
        moved = readdress.ToV6(readdress.PRIVATE, prefix, [])
        moved.local = {start(old)[:6]: start(new)[5] for old, new in pairs if ":" in old}
    return moved


def main():
    p = harness.parser(__doc__)
    p.add_argument("--only", default="", help="captures whose path holds this")
    p.add_argument("--part", choices=("judge", "readdress", "wrap", "once"), action="append", help="not the first three")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--timeout", type=float, default=120)
    for label in FAMILY:
        p.add_argument(f"--{label}", type=int, default=0, metavar="N", help="captures that must be detected")
    p.add_argument("--dirty", type=float, default=100.0, metavar="PERCENT", help="of the benign captures, not clean at most")
    c = Corpus(p.parse_args())
    parts = c.o.part or ["judge", "readdress", "wrap"]
    if "judge" in parts:
        c.judge()
    if "once" in parts:
        c.once()
    if "readdress" in parts or "wrap" in parts:
        c.ensure_verdicts()
    if "readdress" in parts:
        c.readdress()
    if "wrap" in parts:
        c.wrap()
    return c.check.end()


if __name__ == "__main__":
    sys.exit(main())
