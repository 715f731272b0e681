#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The forms of an alert: OCSF and EVE of every replay hold against their schemas, tell the same alerts as ECS, and fit into a line.

usage: forms.py --exfild PROGRAM

Exit status 77: python3-jsonschema is missing.
"""
import argparse
import glob
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading

LINE_MAX = 8192
MSGID_MAX = 32  # RFC 5424, 6: the rule's id is cut there, CEF has it whole
HERE = os.path.dirname(os.path.abspath(__file__))


def lines_of(program, capture, folder, form):
    path = os.path.join(folder, form)
    done = subprocess.run([program, "-r", capture, "-q", "-o", "json", "--publish", "--set", "sinks.file.path=" + path, "--set",
                           "alerts.format=" + form], capture_output=True, check=False)
    with open(path, "rb") as stream:
        lines = stream.read().splitlines()
    if done.stdout.splitlines() != lines:
        sys.exit(f"standard output and the file differ in {form}")
    return lines


def cef_of(program, capture, folder):
    """What a syslog daemon on a socket gets."""
    path = os.path.join(folder, "log")
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind(path)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    server.settimeout(0.2)
    got, ended = [], threading.Event()

    def listen():
        while True:
            try:
                got.append(server.recv(65536).decode())
            except TimeoutError:
                if ended.is_set():
                    return

    thread = threading.Thread(target=listen)
    thread.start()
    subprocess.run([program, "-r", capture, "-q", "--publish", "--set", f"sinks.syslog.url=unix://{path}"], capture_output=True, check=False)
    ended.set()
    thread.join()
    server.close()
    os.unlink(path)
    return got


def cef_faults(message):
    head = re.match(r"<(\d+)>1 (\S+) (\S+) exfild - (\S+) \[meta sequenceId=\"\d+\"\] CEF:0\|(.*)$", message, re.S)
    if not head:
        return "no RFC 5424 message with CEF in it: " + message[:100]
    fields = re.split(r"(?<!\\)\|", head.group(5), maxsplit=6)
    if len(fields) != 7 or fields[0] != "exfild" or not 0 <= int(fields[5]) <= 10 or fields[3][:MSGID_MAX] != head.group(4):
        return "its header is not CEF: " + head.group(5)[:100]
    pairs = re.findall(r"(\w+)=((?:\\.|[^\\=])*?)(?= \w+=|$)", fields[6])
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys) or not {"rt", "externalId", "msg", "cnt"} <= set(keys):
        return "its extension: " + fields[6][:200]
    return "" if "\n" not in message else "a line feed"


def main():
    parser = argparse.ArgumentParser(description="The forms of an alert.")
    parser.add_argument("--exfild", required=True)
    options = parser.parse_args()
    try:
        import jsonschema
    except ImportError:
        print("skipped: python3-jsonschema is not installed")
        return 77
    validators = {form: jsonschema.Draft7Validator(json.load(open(os.path.join(HERE, "..", "support", form + ".schema.json"))))
                  for form in ("ocsf", "eve")}
    bad, count = [], 0
    for capture in sorted(glob.glob(os.path.join(HERE, "..", "replay", "*", "input.pcap*"))):
        name = os.path.basename(os.path.dirname(capture))
        with tempfile.TemporaryDirectory() as folder:
            ids = [json.loads(line)["event"]["id"] for line in lines_of(options.exfild, capture, folder, "ecs")]
            for form, validator in validators.items():
                others = lines_of(options.exfild, capture, folder, form)
                alerts = [json.loads(line) for line in others]
                found = [a["metadata"]["uid"] if form == "ocsf" else a["event"]["id"] for a in alerts]
                if ids != found:
                    bad.append(f"{name}: {form} tells {len(found)} alerts, ECS {len(ids)}, or others")
                for raw, alert in zip(others, alerts):
                    count += 1
                    if len(raw) + 1 > LINE_MAX:
                        bad.append(f"{name}: {form}: {len(raw)} bytes")
                    bad += [f"{name}: {form}: {'.'.join(map(str, e.absolute_path))}: {e.message[:150]}" for e in validator.iter_errors(alert)]
            messages = cef_of(options.exfild, capture, folder)
            if len(messages) != len(ids):
                bad.append(f"{name}: {len(messages)} messages of CEF, {len(ids)} alerts")
            bad += [f"{name}: {fault}" for fault in map(cef_faults, messages) if fault]
    for line in bad[:20]:
        print(line)
    print(f"{count} alerts in OCSF and EVE, and the same in CEF: {len(bad)} faults")
    return 1 if bad or not count else 0


if __name__ == "__main__":
    sys.exit(main())
