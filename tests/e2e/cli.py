#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""cli.py --exfild PROGRAM: the command line keeps its word.

Wrong usage is status 2, one sentence and a hint; a wrong configuration status 1 and the place; what -T prints loads
again; --since, --until, -f, --inside, --minimum, --fail-on, --events, --evidence, -q and the inputs of every kind do
what the help says; an output that cannot be written is never passed over."""
import gzip
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import harness
import make_hostile

TUNNEL = harness.capture_of("dns_iodine")
SLOW = harness.capture_of("dns_exfil_slow")
QUIET = harness.capture_of("benign_dns")


class Cli:
    def __init__(self, program, temp):
        self.program, self.temp, self.check = program, temp, harness.Checks()

    def path(self, name):
        return os.path.join(self.temp, name)

    def run(self, *arguments, status=0, what="", **options):
        result = harness.run(self.program, *arguments, timeout=60, **options)
        what = what or " ".join(map(str, arguments))
        self.check(result.status == status and not result.crashed(), f"{what}: status {result.status}, {status} promised",
                   f"{result.crashed()}\n{result.err}")
        return result

    def packets(self, result):
        found = result.summary()
        return int(found.group(2)) if found else -1


def usage(t):
    """(arguments, a word that the sentence must hold)"""
    wrong = [([], "-r"), (["-x"], "-x"), (["--bogus"], "--bogus"), (["-r"], "-r"), (["--set"], "--set"), (["-r", "a", "-j", "0"], "0"),
             (["-r", "a", "-j", "65"], "64"), (["-r", "a", "-j", "two"], "two"), (["-r", "a", "-j", "99999999999999999999"], "64"),
             (["-r", "a", "-o", "xml"], "xml"), (["-r", "a", "--set", "foo"], "KEY=VALUE"), (["-r", "a", "--minimum", "loud"], "loud"),
             (["-r", "a", "--fail-on", "never"], "never"), (["-r", "a", "--since", "yesterday"], "yesterday"),
             (["-r", "a", "--until", "2026-13-01"], "2026-13-01"), (["-r", "a", "--since", "2026-01-02", "--until", "2026-01-01"], "--since"),
             (["-r", "a", "--inside", "1.2.3"], "1.2.3"), (["-r", "a", "--inside", "10.0.0.0/33"], "10.0.0.0/33"), (["capture.pcap"], "-r"),
             (["-r", "a", "--events", "-", "-o", "json"], "--events"), (["-r", "a", *["--inside=10.0.0.0/8"] * 65], "64"),
             (["-r", "a", *["--set=alerts.minimum=low"] * 65], "64")]
    for arguments, word in wrong:
        result = t.run(*arguments, status=2)
        lines = result.err.splitlines()
        name = " ".join(arguments)[:60]
        t.check(len(lines) == 2 and lines[0].startswith("exfild: ") and word in lines[0], f"{name!r}: one sentence with {word!r}", result.err)
        t.check(lines and "exfild -h" in lines[-1], f"{name!r}: a hint", result.err)
        t.check(not result.out, f"{name!r}: nothing on standard output", result.out)
    helped = t.run("-h")
    text = helped.out.decode()
    t.check(not helped.err and text.startswith("usage: exfild"), "-h is on standard output")
    t.check(all(len(line) <= 100 for line in text.splitlines()), "-h fits a terminal of 100 columns")
    for option in re.findall(r'^\t\{ "([a-z-]+)",', open(os.path.join(harness.SOURCE, "src/engine/options.c"), encoding="utf-8").read(), re.M):
        t.check(f"--{option}" in text or option in ("help", "version"), f"-h names --{option}")
    t.check(t.run("--help").out == helped.out, "--help is -h")
    version = t.run("-V")
    t.check(re.fullmatch(rb"exfild \d+\.\d+\.\d+, nDPI \d+\.\d+\.\d+\S*\n", version.out), "-V names both versions", version.out)


def configuration(t):
    first = t.run("-T")
    t.check(first.out.startswith(b"#") and not first.err, "-T prints the configuration", first.err)
    changed = ["--set=alerts.minimum=high", "--set=sensor.name=gw-7", "--set=limits.flows=4096", "--set=detectors.dns_tunnel.enabled=false"]
    printed = t.run("-T", *changed)
    t.check(printed.out != first.out and b"gw-7" in printed.out, "-T shows what --set changed")
    file = t.path("printed.yaml")
    with open(file, "wb") as stream:
        stream.write(printed.out)
    again = t.run("-T", "-c", file).out  # every key is of that file now
    t.check(again.split(b"\n# Set by")[0] == printed.out.split(b"\n# Set by")[0], "what -T prints loads again and prints the same")
    t.check(b"sensor.name" in printed.out.split(b"\n# Set by")[1], "-T says where a value comes from")
    quiet = t.run("-r", TUNNEL, "-c", file, "-o", "json")
    t.check(not quiet.out, "a detector that is turned off is silent", quiet.out)
    with open(t.path("name.yaml"), "w", encoding="ascii") as stream:
        stream.write("sensor: {name: gw-9}\n")
    named = t.run("-r", TUNNEL, "-c", t.path("name.yaml"), "-o", "json")
    t.check({a["observer"]["name"] for a in named.alerts()} == {"gw-9"}, "sensor.name of a file is observer.name")
    over = t.run("-r", TUNNEL, "-c", t.path("name.yaml"), "--set", "sensor.name=gw-10", "-o", "json")
    t.check({a["observer"]["name"] for a in over.alerts()} == {"gw-10"}, "--set goes before the file")
    for text, words in (("alerts.minimum=loud", ("alerts.minimum", "loud", "low")), ("alert.minimum=low", ("alert", "did you mean 'alerts'")),
                        ("limits.flows=many", ("limits.flows", "many")), ("limits.flows=1", ("limits.flows", "out of range")),
                        ("detectors.dns_tunel.enabled=true", ("dns_tunel", "dns_tunnel")), ("=low", ()), ("alerts.minimum=", ("alerts.minimum",))):
        for last in (["-T"], ["-r", TUNNEL]):
            bad = t.run("--set", text, *last, status=1)
            lines = bad.err.splitlines()
            t.check(len(lines) == 1 and lines[0].startswith("error: ") and all(word in lines[0] for word in words), f"--set {text}: one clear error", bad.err)
            t.check(not bad.out, f"--set {text}: nothing on standard output")
    for name, content, place in (("syntax.yaml", "sensor: {name: x\n", ":"), ("key.yaml", "\nsensor:\n  nam: x\n", ":3:3:"),
                                 ("type.yaml", "alerts:\n  merge: soon\n", ":2:10:"), ("binary.yaml", "\x00\x01\x02", ":")):
        file = t.path(name)
        with open(file, "w", encoding="latin-1") as stream:
            stream.write(content)
        bad = t.run("-T", "-c", file, status=1)
        t.check(file + place in bad.err, f"{name}: the error names file, line and column ({place})", bad.err)
    missing = t.run("-T", "-c", t.path("none.yaml"), status=1)
    t.check("none.yaml" in missing.err, "a missing configuration is named", missing.err)
    nodata = t.run("-r", TUNNEL, status=1, environment={"EXFILD_DATADIR": t.temp})
    t.check("EXFILD_DATADIR" in nodata.err, "missing shipped data is an error", nodata.err)


def times(t):
    whole = t.run("-r", SLOW, "-o", "json")
    total = t.packets(whole)
    at = whole.alerts()[0]["event"]["start"]
    before = t.run("-r", SLOW, "--until", at, "-o", "json")
    after = t.run("-r", SLOW, "--since", at, "-o", "json")
    t.check(0 < t.packets(before) < total and t.packets(before) + t.packets(after) == total, "--since and --until cut without a gap or an overlap",
            f"{t.packets(before)} + {t.packets(after)} of {total}")
    seconds = subprocess.run(["date", "-u", "-d", at, "+%s.%N"], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
    t.check(t.packets(t.run("-r", SLOW, "--since", seconds, "-o", "json")) == t.packets(after), "seconds since 1970 are the same time")
    t.check(not before.out, "no alert before the theft")
    t.check(t.packets(t.run("-r", SLOW, "--since", "2026-11-23", "--until", "2026-11-24", "-o", "json")) == total, "a day")
    t.check(t.packets(t.run("-r", SLOW, "--since", "2027-01-01", "-o", "json")) == 0, "nothing is left of another year")


def filters(t):
    whole = t.run("-r", TUNNEL, "-o", "json")
    dns = t.run("-r", TUNNEL, "-f", "udp port 53", "-o", "json")
    rest = t.run("-r", TUNNEL, "-f", "not udp port 53", "-o", "json")
    t.check(t.packets(dns) + t.packets(rest) == t.packets(whole) and t.packets(rest), "-f takes and leaves every packet once")
    t.check(dns.out and not rest.out, "-f decides what is judged", rest.out)
    for text in ("port 99999", "bogus (", "udp port 53 and"):
        bad = t.run("-r", TUNNEL, "-f", text, status=1)
        t.check(bad.err.startswith("error: ") and len(bad.err.splitlines()) == 1, f"-f {text}: one clear error", bad.err)


def inside(t):
    moved = t.path("moved.pcap")
    lines = subprocess.run([sys.executable, os.path.join(harness.LAB, "readdress.py"), "--to-v4", "45.33.0.0/16", TUNNEL, moved],
                           stdout=subprocess.PIPE, check=True, text=True).stdout.split()
    prefixes = [f"--inside={prefix}" for prefix in lines[1::2]]
    result = t.run("-r", moved, "-o", "json", *prefixes)
    t.check(result.alerts() and result.alerts()[-1]["network"].get("direction") == "outbound", "--inside makes a public prefix an inside one", result.out)
    first = result.err.splitlines()[0]
    t.check(first.startswith("info: inside: ") and all(prefix in first for prefix in lines[1::2]), "the first line says what is inside", first)


def levels(t):
    found = t.run("-r", TUNNEL, "-o", "json")
    top = max(a["event"]["severity"] for a in found.alerts())
    for level, severity in (("low", 21), ("medium", 47), ("high", 73), ("critical", 99)):
        result = t.run("-r", TUNNEL, "-o", "json", "--minimum", level)
        t.check(all(a["event"]["severity"] >= severity for a in result.alerts()) and bool(result.alerts()) == (severity <= top),
                f"--minimum {level} leaves out what is below")
        t.run("-r", TUNNEL, "-o", "json", "--fail-on", level, status=4 if severity <= top else 0)
        t.run("-r", QUIET, "-o", "json", "--fail-on", level)
    cut = t.path("cut.pcap")
    with open(TUNNEL, "rb") as stream, open(cut, "wb") as copy:
        copy.write(stream.read()[:-5])
    t.run("-r", cut, "-o", "json", status=3)
    t.run("-r", cut, "-o", "json", "--fail-on", "medium", status=4)


def inputs(t):
    whole = t.run("-r", TUNNEL, "-o", "json")
    with open(TUNNEL, "rb") as stream:
        data = stream.read()
    t.check(t.run("-r", "-", "-o", "json", stdin=data).out == whole.out, "-r - reads standard input")
    with open(t.path("a.pcap.gz"), "wb") as stream:
        stream.write(gzip.compress(data))
    t.check(t.run("-r", t.path("a.pcap.gz"), "-o", "json").out == whole.out, "a .gz gives the same alerts")
    t.check(t.run("-r", "-", "-o", "json", stdin=gzip.compress(data)).out == whole.out, "a packed standard input gives the same alerts")
    if shutil.which("zstd"):
        subprocess.run(["zstd", "-q", "-f", TUNNEL, "-o", t.path("a.pcap.zst")], check=True)
        t.check(t.run("-r", t.path("a.pcap.zst"), "-o", "json").out == whole.out, "a .zst gives the same alerts")
    folder = t.path("folder")
    os.makedirs(os.path.join(folder, "deep"))
    shutil.copy(TUNNEL, os.path.join(folder, "deep", "b.pcap"))
    shutil.copy(SLOW, os.path.join(folder, "a.pcap"))
    both = t.run("-r", folder, "-o", "json")
    t.check(both.out == t.run("-r", SLOW, TUNNEL, "-o", "json").out, "a folder is its files")
    t.check(both.out == t.run("-r", TUNNEL, "-r", SLOW, "-o", "json").out, "the order of the arguments decides nothing where times differ")
    t.check(t.packets(both) == t.packets(whole) + t.packets(t.run("-r", SLOW, "-o", "json")), "two files hold the packets of both")
    mixed = [data for name, data in make_hostile.pcapng_files() if name == "odd_mixed_links_and_resolutions.pcapng"][0]
    with open(t.path("mixed.pcapng"), "wb") as stream:
        stream.write(mixed)
    t.check(t.packets(t.run("-r", t.path("mixed.pcapng"), "-o", "json")) == 48, "a pcapng with four kinds of interfaces is read whole")


def words(t):
    loud = t.run("-r", TUNNEL, "-o", "json")
    t.check(loud.summary(), "the last line is the summary", loud.err)
    counts = [int(n) for n in loud.summary().groups()[-4:]]
    ids = {}
    for alert in loud.alerts():
        ids[alert["exfild"]["alert_id"]] = alert["event"]["severity"]
    t.check(counts == [sum(s == level for s in ids.values()) for level in (99, 73, 47, 21)], "the last line counts alerts by severity", loud.err)
    quiet = t.run("-q", "-r", TUNNEL, "-o", "json")
    t.check(not quiet.err and quiet.out == loud.out, "-q leaves alerts only", quiet.err)
    t.check(len(t.run("-v", "-r", TUNNEL, "-o", "json").err) >= len(loud.err), "-v says no less")
    text = t.run("-r", TUNNEL, "-o", "text").out.decode()
    for word in ("HIGH", "10.20.1.10", "example.test", "silence", "T1071.004"):
        t.check(word in text, f"-o text says {word}")
    t.check("\x1b" not in text, "no colours in a pipe")
    t.check(t.run("-r", TUNNEL).out == loud.out, "a pipe gets json unless told otherwise")
    t.check(not t.run("-r", QUIET, "-o", "text").out, "nothing found, nothing printed")


def terminal(t):
    """On a terminal: text with colours, none with NO_COLOR."""
    for environment, colours in (({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)):
        environment = dict(os.environ, **environment)
        if not environment["NO_COLOR"]:
            del environment["NO_COLOR"]
        master, slave = pty.openpty()
        child = subprocess.Popen([t.program, "-q", "-r", TUNNEL], stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.DEVNULL, env=environment)
        os.close(slave)
        got = b""
        try:
            while True:
                data = os.read(master, 65536)
                if not data:
                    break
                got += data
        except OSError:
            pass
        os.close(master)
        t.check(child.wait() == 0 and b"example.test" in got and not got.startswith(b"{"), "a terminal gets text", got[:300])
        t.check((b"\x1b[" in got) == colours, f"a terminal gets {'' if colours else 'no '}colours", got[:300])


def events(t):
    file = t.path("events.ndjson")
    whole = t.run("-r", TUNNEL, "-o", "json")
    result = t.run("-r", TUNNEL, "-o", "json", "--events", file)
    t.check(result.out == whole.out, "--events changes no alert")
    with open(file, encoding="utf-8") as stream:
        lines = stream.read().splitlines()
    kinds = {json.loads(line)["kind"] for line in lines}
    t.check({"flow_start", "flow_end", "dns", "classified"} <= kinds, "--events FILE has every event as a JSON line", kinds)
    alone = t.run("-r", TUNNEL, "--events", "-")
    t.check([json.loads(line) for line in alone.out.splitlines() if b'"kind":"alert"' not in line] == [json.loads(line) for line in lines],
            "--events - writes the same to standard output")


def evidence(t):
    file = t.path("evidence.pcapng")
    result = t.run("-r", TUNNEL, "-o", "json", "--evidence", file)
    ids = {alert["exfild"]["alert_id"] for alert in result.alerts()}
    again = t.run("-r", file, "-o", "json")
    t.check(0 < t.packets(again) <= t.packets(result), "--evidence writes a capture that can be read", again.err)
    t.check(again.alerts() and again.alerts()[0]["source"]["ip"] == "10.20.1.10", "the evidence alone raises the alert again", again.out[:300])
    if shutil.which("tshark"):
        shark = subprocess.run(["tshark", "-n", "-r", file, "-T", "fields", "-e", "frame.comment", "-e", "ip.addr", "-e", "frame.time_epoch"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, text=True)
        rows = [line.split("\t") for line in shark.stdout.splitlines()]
        t.check(shark.returncode == 0 and len(rows) == t.packets(again), "tshark reads it whole", shark.stderr)
        # a packet of two alerts carries the id of the one that came first
        named = {row[0] for row in rows}
        t.check(named and named <= ids, "each packet's comment is the id of its alert", named ^ ids)
        t.check(all("10.20.1.10" in row[1] for row in rows), "each packet is of the host that the alert is about")
    none = t.path("none.pcapng")
    t.run("-r", QUIET, "-o", "json", "--evidence", none)
    t.check(t.packets(t.run("-r", none, "-o", "json")) == 0, "no alert: an evidence file without packets")
    piped = t.run("-r", "-", "--evidence", file, status=1, stdin=b"")
    t.check("standard input" in piped.err, "--evidence of standard input: says why not", piped.err)


def unwritable(t):
    """What cannot be written is said, also with -q, and is not status 0."""
    with open("/dev/full", "wb") as full:
        for quiet in ([], ["-q"]):
            result = t.run("-r", TUNNEL, "-o", "json", *quiet, status=1, out=full, what="a full standard output")
            t.check("error: stdout: " in result.err, "a full standard output is said", result.err)
    lost = t.run("-q", "-r", TUNNEL, "-o", "json", "--events", "/dev/full", status=1)
    t.check(lost.alerts() and "error: events: " in lost.err, "events that cannot be written are said", lost.err)
    lost = t.run("-q", "-r", TUNNEL, "-o", "json", "--evidence", "/dev/full", status=1)
    t.check(lost.alerts() and "error: evidence: " in lost.err, "evidence that cannot be written is said", lost.err)
    for option in ("--events", "--evidence"):
        early = t.run("-r", TUNNEL, "-o", "json", option, t.path("no/such/folder"), status=1)
        t.check(not early.out and "no/such/folder" in early.err, f"{option} into a missing folder: said before the replay", early.err)


def interrupted(t):
    """Ctrl-C reports what was found."""
    with open(TUNNEL, "rb") as stream:
        data = stream.read()
    whole = t.run("-r", TUNNEL, "-o", "json")
    reader, writer = os.pipe()
    os.write(writer, data[:50000])
    err = t.path("interrupted.err")
    with open(err, "wb") as stderr, open(t.path("interrupted.out"), "wb") as stdout:
        child = subprocess.Popen([t.program, "-r", "-", "-o", "json"], stdin=reader, stdout=stdout, stderr=stderr)
        os.close(reader)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not os.path.getsize(t.path("interrupted.out")):
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        # nothing more comes, and the other end stays open
        began = time.monotonic()
        status, _ = harness.wait(child, began + 20)
        took = time.monotonic() - began
        os.close(writer)
    with open(err, encoding="utf-8") as stream:
        said = stream.read()
    with open(t.path("interrupted.out"), "rb") as stream:
        out = stream.read()
    t.check(status == 0, "an interrupted replay ends by itself, without damage", f"{status}\n{said}")
    t.check(took < 2, "an interrupted replay does not wait for input", f"{took:.1f} s")
    t.check("interrupted after" in said, "an interrupted replay says so", said)
    t.check(out and out.splitlines()[0] == whole.out.splitlines()[0], "an interrupted replay has told what it found")


def main():
    o = harness.parser(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as temp:
        t = Cli(os.path.abspath(o.exfild), temp)
        for test in (usage, configuration, times, filters, inside, levels, inputs, words, terminal, events, evidence, unwritable, interrupted):
            test(t)
        return t.check.end()


if __name__ == "__main__":
    sys.exit(main())
