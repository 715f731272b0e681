#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares what exfild reads of DCE-RPC and NTLM with tshark, capture by capture.

usage: compare_rpc.py --exfild PROGRAM FILE|DIR...

Of DCE-RPC over TCP and SMB pipes: interfaces that bindings ask for, operation numbers of requests.  Of NTLM, whatever carries
it: accounts of its last messages.  Each is compared as a bag over the whole capture.  A difference has a class, or makes the exit status 1:

 gap       tshark says that segments are missing, sent again or out of order, or frames are cut off
 hidden    SMB is encrypted, or the log-in lies in a protocol that exfild does not look into for it (SQL Server, RPC over HTTP, mail)
 lone      a binding without its answer, or calls of a connection whose binding was not seen: tshark counts them by their form alone
"""
import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
import uuid

FIELDS = ["dcerpc.pkt_type", "dcerpc.cn_bind_to_uuid", "dcerpc.opnum", "ntlmssp.messagetype", "ntlmssp.auth.username", "tds.type", "smtp.req.command"]
LOST = ("tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment || tcp.analysis.out_of_order || tcp.analysis.retransmission"
        " || frame.cap_len<frame.len")


def captures(paths):
    for path in paths:
        if os.path.isfile(path):
            yield path
        for folder, _, names in sorted(os.walk(path)):
            for name in sorted(names):
                if name.endswith((".pcap", ".pcapng", ".cap")):
                    yield os.path.join(folder, name)


def tshark(path, display, fields):
    command = ["tshark", "-r", path, "-n", "-Y", display, "-T", "fields", "-E", "occurrence=a", "-E", "separator=/t"]
    for field in fields:
        command += ["-e", field]
    out = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False).stdout
    return [[v.split(",") if v else [] for v in line.split("\t")] for line in out.splitlines()]


def theirs(path):
    bags, flags = collections.defaultdict(collections.Counter), set()
    for row in tshark(path, "dcerpc || ntlmssp", FIELDS):
        kinds, bound, opnums, ntlm, users, tds, smtp = row + [[]] * (len(FIELDS) - len(row))
        if "0" in kinds:
            bags["opnum"].update(int(v) for v in opnums[:kinds.count("0")])
        if "11" in kinds or "14" in kinds:
            bags["interface"].update(v.lower() for v in bound)
        if "0x00000003" in ntlm:
            bags["account"].update(v for v in users if v != "NULL")
        if tds or smtp:
            flags.add("hidden")
    return bags, flags


def ours(program, path):
    bags, flags = collections.defaultdict(collections.Counter), set()
    with tempfile.NamedTemporaryFile("r", suffix=".ndjson") as events:
        subprocess.run([program, "-q", "-r", path, "--events", events.name, "-o", "json"], capture_output=True, check=False)
        for line in events:
            if '"kind":"rpc"' in line:
                e = json.loads(line)
                if e["act"] == 0:
                    bags["interface"][str(uuid.UUID(e["interface_id"]))] += 1
                elif e["act"] in (1, 2):
                    bags["opnum"][e["opnum"]] += 1
                if not e["is_answered"]:
                    flags.add("lone")
            elif '"kind":"login"' in line:
                e = json.loads(line)
                if e["method"] == 3 and e.get("user") and e.get("service") in ("smb", "ldap", "dcerpc", "http", "http-proxy"):
                    bags["account"][e["user"]] += 1
            elif '"kind":"smb"' in line and json.loads(line)["is_encrypted"]:
                flags.add("hidden")
    return bags, flags


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--exfild", required=True)
    ap.add_argument("paths", nargs="+")
    o = ap.parse_args()
    agreed, classes, bad = collections.Counter(), collections.Counter(), 0
    for path in captures(o.paths):
        a, flags = theirs(path)
        b, more = ours(o.exfild, path)
        flags |= more
        for what in sorted(set(a) | set(b)):
            if a[what] == b[what]:
                agreed[what] += 1
                continue
            reason = "gap" if tshark(path, LOST, ["frame.number"]) else min(flags, default=None)
            classes[f"{what}: {reason or 'unexplained'}"] += 1
            bad += reason is None
            if reason is None:
                print(f"{os.path.basename(path)}: {what}: tshark {dict(a[what] - b[what])}, exfild {dict(b[what] - a[what])}")
    print("agreed:", dict(agreed), "differed:", dict(classes) or "never")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
