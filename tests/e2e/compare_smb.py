#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What exfild tells of SMB against tshark, on real captures.

usage: compare_smb.py --exfild PROGRAM [--root FOLDER] [--verbose] [CAPTURE...]

Without CAPTURE: every capture below FOLDER (default: ../shared/corpus/captures beside the tree) whose name, or whose
folder's, speaks of SMB or of what is done by it.  Compared as multisets: shares asked for, files and pipes opened with their
names, final status of session set-ups, users of NTLM log-ins, bytes written by SMB 2.  A difference has a class:

  gap         tshark says that segments are missing from the capture, or frames are cut off
  hidden      part of it is sealed: tshark has no key either, but counts differently what lies around it
  unframed    tshark reads SMB where exfild's flow had none: other ports, UDP (mailslots), SMB over IPX
  file-close  bytes of files that are open when the capture ends, or were before it began
  unexplained none of these: an error of one of both

Status 0: nothing is unexplained; 1: something is; 77: no captures, or no tshark.
"""
import argparse
import collections
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../../../shared/corpus/captures")
NAMES = re.compile(r"smb|cifs|psexec|eternal|wannacry|hydra_port_445|xcopy|atexec|wmiexec|dcsync|remcom|netshare|samr", re.I)
MORE_PROCESSING = 0xC0000016
NONE = 2**32 - 1


def tshark(path, display, fields):
    """Rows of fields, each a list of the values of one frame."""
    command = ["tshark", "-r", path, "-n", "-Y", display, "-T", "fields", "-E", "occurrence=a", "-E", "separator=/t"]
    for field in fields:
        command += ["-e", field]
    out = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False).stdout
    return [[v.split(",") if v else [] for v in line.split("\t")] for line in out.splitlines()]


def last_part(share):
    return share.replace("/", "\\").rstrip("\\").split("\\")[-1].upper()


def strip(name):
    name = name.lstrip("\\")
    return name[5:] if name.upper().startswith("PIPE\\") else name


FIELDS = ["smb2.cmd", "smb2.flags.response", "smb2.nt_status", "smb2.tree", "smb2.write.count", "smb.cmd", "smb.flags.response",
          "smb.nt_status", "smb.path", "ntlmssp.messagetype", "ntlmssp.auth.username", "smb.account",
          "smb.error_class", "smb.error_code"]


def by_tshark(path):
    got = {k: collections.Counter() for k in ("share", "open", "session", "user")}
    got["written"] = 0
    for row in tshark(path, "smb || smb2", FIELDS):
        cmd, answer, status, tree, count, cmd1, answer1, status1, path1, ntlm, user, account, error, code = row + [[]] * (len(FIELDS) - len(row))
        statuses = iter(status)
        for c, a in zip(cmd, answer):
            st = int(next(statuses, "0"), 0) if a in ("1", "True") else None
            if st is None:
                if c == "3":
                    got["share"].update(last_part(v) for v in tree[-1:])
                got["open"]["*"] += c == "5"
            elif c == "1" and st != MORE_PROCESSING:
                got["session"][st] += 1
        if "0x73" in cmd1 and answer1[:1] in (["0"], ["False"]):
            got["user"].update(v for v in account[:1] if v)
        got["written"] += sum(int(v, 0) for v in count)
        for c, a in zip([int(v, 0) for v in cmd1], answer1 * len(cmd1)):
            if a in ("1", "True"):
                if c != 0x73:
                    continue
                st = int(status1[0], 0) if status1 else int((code or ["0"])[0], 0) << 16 | int((error or ["0"])[0], 0)
                if st != MORE_PROCESSING:
                    got["session"][st] += 1
            else:
                if c == 0x75:
                    got["share"].update(last_part(v) for v in path1[-1:])
                got["open"]["*"] += c in (0xa2, 0x2d)
        asks = any(a in ("0", "False") and c == "1" for c, a in zip(cmd, answer)) or "0x73" in cmd1
        if asks and "0x00000003" in ntlm:
            got["user"].update(v for v in user[:1] if v != "NULL")
    got["open"] += collections.Counter()
    return got


def by_exfild(program, path):
    got = {k: collections.Counter() for k in ("share", "open", "session", "user")}
    got["written"] = 0
    flags = set()
    with tempfile.NamedTemporaryFile("r", suffix=".ndjson") as events:
        subprocess.run([program, "-r", path, "--events", events.name, "-o", "json", "-q"], capture_output=True, check=False)
        for line in events:
            e = json.loads(line)
            if e["kind"] == "login" and e.get("service") == "smb" and e["method"] in (1, 3) and e.get("user"):
                got["user"][e["user"]] += 1
            if e["kind"] != "smb":
                continue
            act, second = e["act"], e["version"] > 1
            if e["is_encrypted"] or e["is_compressed"]:
                flags.add("hidden")
            if act == 3:
                got["share"][last_part(e.get("share", ""))] += 1
            elif act == 4:
                got["open"]["*"] += 1
            elif act == 2 and e["status"] != NONE:
                got["session"][e["status"]] += 1
            elif act == 7 and second:
                got["written"] += e["written"]
                if e["status"] == NONE:
                    flags.add("file-close")
            elif e["is_malformed"]:
                flags.add("odd")
    return got, flags


def has_gaps(path):
    display = "tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment || tcp.analysis.out_of_order || frame.cap_len<frame.len"
    out = subprocess.run(["tshark", "-r", path, "-n", "-c", "200000", "-Y", f"({display}) && (tcp.port==445 || tcp.port==139)"],
                         capture_output=True, text=True, errors="replace", check=False).stdout
    return bool(out.strip())


def explain(path, what, theirs, ours, flags):
    if has_gaps(path):
        return "gap"
    if "hidden" in flags:
        return "hidden"
    if what == "written" and ("file-close" in flags or abs(theirs - ours) < 0.01 * max(theirs, ours)):
        return "file-close"
    if not subprocess.run(["tshark", "-r", path, "-n", "-Y", "(smb || smb2) && tcp"], capture_output=True, text=True,
                          check=False).stdout.strip():
        return "unframed"
    return "unexplained"


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--exfild", required=True)
    ap.add_argument("--root", default=ROOT)
    ap.add_argument("--verbose", action="store_true")
    ap.add_argument("captures", nargs="*")
    o = ap.parse_args()
    if not shutil.which("tshark"):
        print("compare_smb.py: skipped: Debian package tshark is missing")
        return 77
    paths = o.captures or [p for p in sorted(glob.glob(os.path.join(o.root, "**/*"), recursive=True))
                           if os.path.isfile(p) and NAMES.search(os.path.relpath(p, o.root))]
    if not paths:
        print("compare_smb.py: skipped: no captures")
        return 77
    classes, agree, compared = collections.Counter(), collections.Counter(), 0
    for path in paths:
        theirs = by_tshark(path)
        ours, flags = by_exfild(o.exfild, path)
        if not any(theirs.values()) and not any(ours.values()):
            continue
        compared += 1
        for what, a in theirs.items():
            b = ours[what]
            if a == b:
                agree[what] += 1
                continue
            reason = explain(path, what, a, b, flags)
            classes[reason] += 1
            if o.verbose or reason == "unexplained":
                shown = (dict(a - b), dict(b - a)) if isinstance(a, collections.Counter) else (a, b)
                print(f"{reason}: {what}: {os.path.basename(path)}: tshark {shown[0]}, exfild {shown[1]}")
    print(f"{compared} captures; agreed:", ", ".join(f"{k} {v}" for k, v in agree.items()),
          "; differed:", ", ".join(f"{k} {v}" for k, v in sorted(classes.items())) or "never")
    return 1 if classes["unexplained"] else 0


if __name__ == "__main__":
    sys.exit(main())
