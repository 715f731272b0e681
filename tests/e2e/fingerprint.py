#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fingerprint.py --exfild PROGRAM --exfilctl PROGRAM: the customer's own data, from exfilctl fingerprint to the alert.

A document, a table and a canary become sets; a capture in which they leave (a form, a packed answer, a bare socket) is replayed:
each is named with how much of it was seen, nothing of their text is in sets or alerts, an office that sends other text stays
silent, 1 and 4 workers say the same, a policy asks for the name. A damaged set, one of another key and one that is not there are
errors with a sentence. Then a live exfild takes a set that is put into its folder, and keeps those before when one is broken (needs
root, iproute2, ethtool; left out without)."""
import base64
import gzip
import os
import random
import shutil
import sys
import tempfile
import time

import harness
import live_net
from conversation import Tape, Tcp, answer, http

CLIENT, SERVER, AWAY = "10.20.1.10", "10.20.2.20", "203.0.113.20"
BROWSER = ("User-Agent: Mozilla/5.0", "Accept: */*", "Accept-Language: en", "Referer: http://www.example.org/")
POLICY = """title: the plan
name: plan
logsource: {product: exfild, category: alert}
detection: {s: {content.label: plan}, condition: s}
level: high
exfild: {action: label}
"""


def prose(seed, count):
    dice = random.Random(seed)
    return " ".join("".join(dice.choices("abcdefghijklmnoprstuvw", k=dice.randrange(3, 9))) for _ in range(count)).encode()


def rows(count):
    dice = random.Random(5)
    lines = ["name,surname,account,town"]
    for _ in range(count):
        name, surname, town = ("".join(dice.choices("aeioulmnrst", k=7)).capitalize() for _ in range(3))
        lines.append(f"{name},{surname},{dice.randrange(10**9, 10**10)},{town}")
    return "\n".join(lines).encode() + b"\n"


def post(tape, at, body, kind="text/plain"):
    tcp = Tcp(tape, at, CLIENT, AWAY, 80).open()
    tcp.ask(http("POST", "files.example.net", "/up", (*BROWSER, f"Content-Type: {kind}"), body), answer(b"ok"))
    tcp.close()


def theft(path, plan, table):
    tape = Tape()
    post(tape, 0, b"d=" + base64.b64encode(plan).replace(b"+", b"%2B"), "application/x-www-form-urlencoded")
    tcp = Tcp(tape, 60, "203.0.113.30", SERVER, 80).open()
    tcp.ask(http("GET", "shop.example.net", "/export", BROWSER), answer(gzip.compress(table, mtime=0), "text/csv"))
    tcp.close()
    tcp = Tcp(tape, 120, "10.20.1.11", "203.0.113.40", 4444).open()
    tcp.send(0, b"one thing more: ZX-4471-PAYROLL, as agreed\n")
    tcp.close()
    tape.save(path)


def benign(path):
    tape = Tape()
    for i in range(20):
        post(tape, 10 * i, prose(1000 + i, 800))
    tape.save(path)


class Tool:
    def __init__(self, program, folder):
        self.program, self.folder, self.key = program, folder, os.path.join(folder, "key")

    def __call__(self, *arguments):
        return harness.run(self.program, "fingerprint", *arguments[:1], "-k", self.key, *arguments[1:])

    def path(self, name, data=None):
        path = os.path.join(self.folder, name)
        if data is not None:
            with open(path, "wb") as out:
                out.write(data)
        return path

    def make(self, kind, name, path):
        return harness.run(self.program, "fingerprint", "-t", kind, "-n", name, "-k", self.key, "-o", self.path(f"sets/{name}.prints"), path)


def making(check, tool, plan, table):
    os.mkdir(tool.path("sets"))
    made = tool.make("document", "plan", tool.path("plan.txt", plan))
    check(made.status == 0 and b"'plan'" in made.out and "made: keep it secret" in made.err, "a document", made.out + made.err.encode())
    check(os.stat(tool.key).st_mode & 0o137 == 0, "nobody else reads or changes the key")
    made = tool.make("table", "customers", tool.path("customers.csv", table))
    check(made.status == 0 and b"300 rows" in made.out and not made.err, "a table", made.out + made.err.encode())
    made = tool.make("canary", "payroll", tool.path("canary", b"ZX-4471-PAYROLL\n"))
    check(made.status == 0 and b"1 canaries" in made.out, "a canary", made.out + made.err.encode())
    for name in ("plan", "customers", "payroll"):
        with open(tool.path(f"sets/{name}.prints"), "rb") as stream:
            data = stream.read()
        check(all(word not in data for word in (plan[:12], table[26:33], b"4471")), f"{name}: no content in it")
    shown = tool("show", tool.path("sets/plan.prints"))
    check(shown.status == 0 and b"document 'plan'" in shown.out, "show", shown.out)
    tried = tool("test", tool.path("sets/plan.prints"), tool.path("part", b"see: " + plan[2000:4000] + b" so far"))
    check(tried.status == 0 and b"document 'plan': " in tried.out, "test finds a part", tried.out)
    tried = tool("test", tool.path("sets/plan.prints"), tool.path("other", prose(99, 500)))
    check(tried.status == 1 and tried.out == b"not found\n", "test finds nothing in other text", tried.out)
    few = tool.make("document", "few", tool.path("few", b"too little"))
    check(few.status == 1 and "too little" in few.err and not os.path.exists(tool.path("sets/few.prints")), "too little text", few.err)


def replay(o, tool, capture, *more):
    return harness.run(o.exfild, "-r", capture, "-o", "json", "--set", f"content.fingerprints=[{tool.path('sets')}]",
                       "--set", f"content.fingerprint_key={tool.key}", *more)


def replaying(check, o, tool, plan, table):
    theft(tool.path("theft.pcap"), plan, table)
    benign(tool.path("benign.pcap"))
    done = replay(o, tool, tool.path("theft.pcap"))
    text = {a["source"]["ip"]: a["message"] + str(a["exfild"]["explain"]) for a in done.alerts() if a["rule"]["id"] == "sensitive_content"}
    check("document 'plan' (100 %)" in text.get(CLIENT, ""), "the document, and how much of it", done.out + done.err.encode())
    check("300 rows of your table 'customers'" in text.get(SERVER, ""), "the table", text.get(SERVER))
    check("canary payroll" in text.get("10.20.1.11", ""), "the canary", text.get("10.20.1.11"))
    check(all(w not in done.out for w in (plan[:12], table[26:33], b"ZX-4471")), "nothing of them in an alert")
    check(done.out == replay(o, tool, tool.path("theft.pcap"), "-j", 4).out, "4 workers say the same")
    quiet = replay(o, tool, tool.path("benign.pcap"))
    check(quiet.status == 0 and not [a for a in quiet.alerts() if a["rule"]["id"] == "sensitive_content"], "other text is silent", quiet.out)
    policy = tool.path("policy.yaml", POLICY.encode())
    decided = [a for a in replay(o, tool, tool.path("theft.pcap"), "--set", f"policy.files=[{policy}]").alerts() if "policy" in a["exfild"]]
    check(decided and {a["source"]["ip"] for a in decided} == {CLIENT}, "a policy asks for the name", decided[:1])


def refusing(check, o, tool):
    path = tool.path("sets/plan.prints")
    with open(path, "rb") as stream:
        good = stream.read()
    tool.path("sets/plan.prints", good[:-20] + b"x" + good[-19:])
    broken = replay(o, tool, tool.path("theft.pcap"))
    check(broken.status == 1 and f"{path}: is damaged" in broken.err, "a damaged set", broken.err)
    tool.path("sets/plan.prints", good)
    other = replay(o, tool, tool.path("theft.pcap"), "--set", f"content.fingerprint_key={tool.path('key2', b'00' * 16)}")
    check(other.status == 1 and "was made with another key" in other.err, "another key", other.err)
    gone = replay(o, tool, tool.path("theft.pcap"), "--set", f"content.fingerprints=[{tool.path('none.prints')}]")
    check(gone.status == 1 and "none.prints: No such file" in gone.err, "no such set", gone.err)


def live(check, o, tool, plan):
    good = tool.path("sets/plan.prints")
    os.rename(good, tool.path("aside"))
    with live_net.Nets("g", "c") as nets:
        nets.link("g", "in0", "c", "c0")
        with live_net.Live(nets, "g", o.exfild, "-i", "in0", "--set", f"content.fingerprints=[{tool.path('sets')}]",
                           "--set", f"content.fingerprint_key={tool.key}") as daemon:
            wire = nets.sender("c", "c0")
            ports = iter(range(41000, 60000))

            def found():
                tape = Tape()
                tape.port = next(ports)
                post(tape, 0, plan)
                for _, _, frame in sorted(tape.packets):
                    wire.send(frame)
                time.sleep(0.7)
                return [a for a in daemon.alerts() if a["rule"]["id"] == "sensitive_content"]
            check(not found(), "without the set there is nothing to find", daemon.err())
            tool.path("sets/bad.prints", b"no set")
            daemon.wait_for(lambda: "bad.prints: is no set" in daemon.err(), "the broken set is told of")
            os.remove(tool.path("sets/bad.prints"))
            os.rename(tool.path("aside"), good)
            deadline = time.monotonic() + 8
            alerts = found()
            while not alerts and time.monotonic() < deadline:
                alerts = found()
            check(alerts and "document plan" in alerts[-1]["message"], "a set that is put into the folder is taken", daemon.err())
            check(any(a["rule"]["id"] == "sensor_configuration" for a in daemon.alerts()), "the broken one is an alert")
            check(daemon.stop() == 0, "it ends well", daemon.err())
            wire.close()


def main():
    p = harness.parser(__doc__)
    p.add_argument("--exfilctl", required=True)
    o = p.parse_args()
    check = harness.Checks()
    plan, table = prose(1, 1500), rows(300)
    with tempfile.TemporaryDirectory() as folder:
        tool = Tool(o.exfilctl, folder)
        making(check, tool, plan, table)
        replaying(check, o, tool, plan, table)
        refusing(check, o, tool)
        note = ""
        if os.geteuid() == 0 and shutil.which("ip") and shutil.which("ethtool"):
            live(check, o, tool, plan)
        else:
            note = "the live part needs root, iproute2 and ethtool"
    return check.end(note)


if __name__ == "__main__":
    sys.exit(main())
