#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""reload.py --exfild PROGRAM: another configuration without a restart, and a broken one.

A client, a gateway and an outside world in network namespaces (tests/lab/ns.sh); the daemon listens on the gateway's inside
interface. While a DNS tunnel, a long connection and a stream of counted packets pass, the configuration is read again 20
times: no packet may be missing, the connection stays one flow, and the tunnel is told with what it sent before the first
reload. Then each thing that changes live is changed and seen to have changed; what does not is named; a broken file is
refused with its place, on the log, in status and doctor and by an alert; a broken file at the start runs the last good copy,
a damaged copy does not run. The longest pause is printed; the bar is 100 ms (not with a sanitizer). Needs root, iproute2,
ethtool."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import harness

NS = os.path.join(harness.LAB, "ns.sh")
DNS, WEB = "203.0.113.21", "203.0.113.20"
RELOADS = 20
PAUSE_MS = 100

# queries with random bytes in their names: COUNT of them below DOMAIN, one each PAUSE seconds
TUNNEL = """
import os, socket, struct, sys, time
domain, count, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.5)
for i in range(count):
    labels = [os.urandom(28).hex(), os.urandom(20).hex(), *domain.split(".")]
    name = b"".join(bytes([len(l)]) + l.encode() for l in labels) + b"\\0"
    s.sendto(struct.pack(">HHHHHH", i & 0xffff, 256, 1, 0, 0, 0) + name + struct.pack(">HH", 16, 1), ("%s", 53))
    try:
        s.recvfrom(4096)
    except OSError:
        pass
    time.sleep(pause)
""" % DNS

# counted packets, until the file that is named is gone
STREAM = """
import os, socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while os.path.exists(sys.argv[1]):
    for _ in range(20):
        s.sendto(b"x" * 600, ("203.0.113.22", 9))
    time.sleep(0.01)
"""

# one connection, a byte at a time, until the file is gone
LONG = """
import os, socket, sys, time
s = socket.create_connection(("%s", 80))
print(s.getsockname()[1], flush=True)
sent = 0
while os.path.exists(sys.argv[1]):
    sent += s.send(b"y")
    time.sleep(0.02)
s.close()
print(sent, flush=True)
""" % WEB

# takes what comes
TAKER = """
import socket, threading
def take(c):
    while c.recv(65536):
        pass
s = socket.create_server(("%s", 80))
while True:
    threading.Thread(target=take, args=(s.accept()[0],), daemon=True).start()
""" % WEB


class Manager(threading.Thread):
    """The service manager's end of NOTIFY_SOCKET."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.words = path, []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.start()

    def run(self):
        while True:
            data = self.socket.recv(4096).decode()
            if "WATCHDOG=1" not in data:
                self.words.append(data)


class Lab:
    """Namespaces, the services outside, the daemon in the gateway, its configuration."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.ctl = os.path.join(os.path.dirname(os.path.abspath(program)), "exfilctl")
        self.prefix = f"R{os.getpid() % 100000}"
        self.environment = dict(os.environ, XFL_PREFIX=self.prefix)
        self.file = os.path.join(folder, "exfild.yaml")
        self.socket = os.path.join(folder, "control.sock")
        self.sink = os.path.join(folder, "alerts.json")
        self.events = os.path.join(folder, "events.json")
        self.state = os.path.join(folder, "state")
        self.alive = os.path.join(folder, "alive")
        self.manager = Manager(os.path.join(folder, "notify"))
        self.children = []
        self.daemon = None

    def ns(self, where, *command):
        return ["ip", "netns", "exec", f"{self.prefix}-{where}", *map(str, command)]

    def up(self):
        subprocess.run([NS, "up"], env=self.environment, check=True)
        for command in ([sys.executable, os.path.join(harness.LAB, "dnsd.py"), "--listen", DNS],
                        [sys.executable, "-c", TAKER]):
            self.children.append(subprocess.Popen(self.ns("srv", *command), stdout=subprocess.DEVNULL,
                                                  stderr=subprocess.DEVNULL))

    def write(self, more="", sink=None, minimum="medium"):
        with open(self.file, "w", encoding="utf-8") as out:
            out.write(f"state: {{directory: {self.state}}}\ncontrol: {{socket: {self.socket}}}\nmetrics: {{listen: ''}}\n"
                      f"sinks: {{file: {{path: {sink or self.sink}}}}}\nalerts: {{minimum: {minimum}}}\n{more}")

    def run(self, workers):
        with open(os.path.join(self.folder, "daemon.log"), "ab") as log:
            self.daemon = subprocess.Popen(
                self.ns("gw", self.program, "-i", "gin", "-c", self.file, "-j", workers, "--events", self.events,
                        "--set", f"evidence.directory={self.folder}/evidence"),
                stdout=subprocess.DEVNULL, stderr=log, env=dict(os.environ, NOTIFY_SOCKET=self.manager.path))

    def start(self, workers):
        self.run(workers)
        return wait(lambda: "loaded" in self.config(), 30)

    def stop(self):
        self.daemon.send_signal(signal.SIGTERM)
        try:
            return self.daemon.wait(20)
        except subprocess.TimeoutExpired:
            harness.kill_all(self.daemon)
            return self.daemon.returncode or -1

    def down(self):
        if self.daemon and self.daemon.poll() is None:
            harness.kill_all(self.daemon)
        for child in self.children:
            child.kill()
            child.wait()
        subprocess.run([NS, "down"], env=self.environment, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def log(self):
        with open(os.path.join(self.folder, "daemon.log"), encoding="utf-8", errors="replace") as stream:
            return stream.read()

    def ask(self, *arguments, **options):
        return subprocess.run([self.ctl, "-s", self.socket, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60, check=False, **options)

    def told(self, command):
        answer = self.ask("--json", command)
        return json.loads(answer.stdout)["result"] if answer.returncode in (0, 1) and answer.stdout else {}

    def config(self):
        return self.told("status").get("config", {})

    def reload(self):
        answer = self.ask("--json", "reload")
        return json.loads(answer.stdout)["result"] if answer.returncode == 0 else {"refused": answer.stderr}

    def client(self, script, *arguments, **options):
        return subprocess.Popen(self.ns("cli", sys.executable, "-c", script, *arguments), stdin=subprocess.DEVNULL,
                                text=True, **options)

    def tunnel(self, domain, count=150, pause=0.002):
        child = self.client(TUNNEL, domain, count, pause)
        child.wait(120)

    def alerts(self, rule, sink=None, word=""):
        path = sink or self.sink
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as stream:
            found = [json.loads(line) for line in stream if line.endswith("\n")]
        return [alert for alert in found if alert["rule"]["id"] == rule and word in json.dumps(alert)]

    def kernel(self):
        names = [f"/sys/class/net/gin/statistics/{name}_packets" for name in ("rx", "tx")]
        said = subprocess.run(self.ns("gw", "cat", *names), capture_output=True, text=True, check=True).stdout
        return sum(map(int, said.split()))

    def passed(self):
        """Packets of the interface as the kernel counts them, and as the daemon does, while nothing moves."""
        while True:
            before = self.kernel()
            time.sleep(2.2)
            status = self.told("status")
            if self.kernel() == before:
                return before, status["interfaces"][0]["packets"], status["drops"]


def wait(holds, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.1)
    return False


def tunnel_is_told(lab, domain, sink=None):
    return wait(lambda: lab.alerts("dns_tunnel", sink, domain), 15)


def during_traffic(lab, check, workers):
    """20 reloads while packets pass: the counters, the flow, the detector."""
    domain = f"steady{workers}.test"
    open(lab.alive, "w", encoding="utf-8").close()
    kernel, seen, _ = lab.passed()
    stream = lab.client(STREAM, lab.alive)
    connection = lab.client(LONG, lab.alive, stdout=subprocess.PIPE)
    port = int(connection.stdout.readline())
    lab.tunnel(domain, 20)
    first = time.time()
    tunnel = lab.client(TUNNEL, domain, 200, 0.02)
    answers = []
    for i in range(RELOADS):
        merge = 3600 + i
        lab.write(f"networks: [{{name: zone{i}, prefixes: [10.0.0.0/8, 192.168.0.0/16, '2001:db8::/32']}}]\n"
                  f"services: {{sanctioned: [{'dropbox' if i % 2 else 'microsoft365'}]}}\n"
                  f"detectors: {{port_scan: {{min_targets: {5 + i % 2}}}}}\nlog: {{level: info}}\n".replace(
                      "networks", f"exceptions: [{{port: {1000 + i}, reason: a, expires: 2099-01-01}}]\nnetworks"))
        with open(lab.file, "a", encoding="utf-8") as out:
            out.write(f"evidence: {{max_mb: {merge}}}\n")
        answers.append(lab.reload())
        time.sleep(0.1)
    tunnel.wait(120)
    os.unlink(lab.alive)
    sent = int(connection.communicate(timeout=30)[0].split()[-1])
    stream.wait(30)
    check(all("services.sanctioned" in a.get("changed", []) and "networks" in a["changed"] and
              "exceptions" in a["changed"] for a in answers), f"-j {workers}: each of {RELOADS} reloads says what it changed",
          (answers, lab.log()[-3000:]))
    kernel_after, seen_after, drops = lab.passed()
    check(kernel_after - kernel > 4000 and seen_after - seen == kernel_after - kernel and drops == 0,
          f"-j {workers}: no packet is missing", (kernel_after - kernel, seen_after - seen, drops))
    check(tunnel_is_told(lab, domain), f"-j {workers}: the tunnel is told", lab.log()[-600:])
    for alert in lab.alerts("dns_tunnel", None, domain)[:1]:
        begin = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(first + 1))
        check(alert["event"]["start"] < begin, f"-j {workers}: with what it sent before the first reload",
              (alert["event"]["start"], begin))
    pauses = [answer.get("pause_ms", 1e9) for answer in answers]
    print(f"-j {workers}: {RELOADS} reloads during {kernel_after - kernel} packets: longest pause {max(pauses):.2f} ms, "
          f"longest reload {max(answer.get('took_ms', 1e9) for answer in answers):.1f} ms")
    check(max(pauses) < PAUSE_MS or harness.sanitized(lab.program), f"-j {workers}: the pause is under {PAUSE_MS} ms", pauses)
    return port, sent


def one_flow(lab, check, port, sent):
    """After the daemon's end its events are whole."""
    with open(lab.events, encoding="utf-8") as stream:
        mine = [event for event in map(json.loads, stream) if event.get("sport") == port and event.get("dport") == 80]
    kinds = [event["kind"] for event in mine]
    ends = [event for event in mine if event["kind"] == "flow_end"]
    check(kinds.count("flow_start") == 1 and len(ends) == 1 and ends[0]["src_payload"] == sent,
          "the connection is one flow with every byte", (kinds, sent, ends))


def live_changes(lab, check):
    """What changes while it runs, each seen at work."""
    lab.write()
    lab.reload()
    lab.write("exceptions: [{destination: quiet.test, rule: dns_tunnel, reason: a test, expires: 2099-01-01}]\n")
    check(lab.reload().get("changed") == ["exceptions"], "an exception is added", lab.log()[-400:])
    lab.tunnel("quiet.test")
    lab.tunnel("loud.test")
    check(tunnel_is_told(lab, "loud.test") and not lab.alerts("dns_tunnel", None, "quiet.test"), "and silences, and only that")
    lab.write("detectors: {dns_tunnel: {enabled: false}}\n")
    answer = lab.reload()
    check(sorted(answer.get("changed", [])) == ["detectors.dns_tunnel.enabled", "exceptions"], "a detector is switched off",
          answer)
    lab.tunnel("off.test")
    lab.passed()  # else its last queries may meet the next configuration
    lab.write("detectors: {dns_tunnel: {enabled: true}}\n")
    lab.reload()
    lab.tunnel("on.test")
    check(tunnel_is_told(lab, "on.test") and not lab.alerts("dns_tunnel", None, "off.test"), "and on again")
    lab.write("detectors: {dns_tunnel: {daily_bytes: 900000000, weekly_bytes: 900000000, domain_daily_bytes: 900000000, "
              "spread_daily_bytes: 900000000}}\n")
    check("detectors.dns_tunnel.daily_bytes" in lab.reload().get("changed", []), "its parameters change")
    lab.tunnel("below.test")
    lab.passed()
    other = os.path.join(lab.folder, "other.json")
    lab.write(sink=other)
    check("sinks.file.path" in lab.reload().get("changed", []), "the file sink moves")
    lab.tunnel("moved.test")
    check(tunnel_is_told(lab, "moved.test", other) and not lab.alerts("dns_tunnel", None, "moved.test"), "and gets the alerts")
    check(not lab.alerts("dns_tunnel", other, "below.test") and not lab.alerts("dns_tunnel", None, "below.test"),
          "what was below the limit stays below")
    lab.write("sensor: {name: elsewhere}\ncapture: {filter: tcp}\nlimits: {flows: 4096}\n")
    answer = lab.reload()
    check(answer.get("changed") == ["sinks.file.path"] and
          sorted(answer.get("restart", [])) == ["capture.filter", "limits.flows", "sensor.name"],
          "what takes effect at restart is named", answer)
    check("capture.filter" in lab.config().get("restart", "") and "waits for a restart" in lab.ask("doctor").stdout,
          "and stays named in status and doctor", lab.config())
    lab.write()
    check(lab.reload().get("restart") == [], "and all is taken back")
    denied = lab.ask("reload", user=65534, group=65534, extra_groups=[])
    check(denied.returncode == 1 and "exfild-admin" in denied.stderr + lab.log() or "ermission" in denied.stderr,
          "a user without the right reloads nothing", denied)


def broken(lab, check):
    """A broken file changes nothing, and everybody hears of it."""
    before = lab.config()
    lab.write("exceptions: [{destination: silenced.test, reason: a, expires: 2099-01-01}]\ndetectors:\n  dns_tunel: {}\n")
    lab.manager.words.clear()
    lab.daemon.send_signal(signal.SIGHUP)
    check(wait(lambda: lab.config().get("refused", 0) > before.get("refused", 0), 10), "SIGHUP is a reload", lab.log()[-600:])
    place = f"{lab.file}:8:3: "
    check(place in lab.config()["error"] and "did you mean 'dns_tunnel'" in lab.config()["error"], "status has the place",
          lab.config())
    check(place in lab.log() and "stays in effect" in lab.log(), "the log has it", lab.log()[-600:])
    check("WARN config" in lab.ask("doctor").stdout, "doctor has it", lab.ask("doctor").stdout)
    answer = lab.ask("reload")
    check(answer.returncode == 1 and place in answer.stderr, "exfilctl reload has it", answer)
    check(wait(lambda: lab.alerts("sensor_configuration"), 10), "an alert says so", lab.log()[-400:])
    for alert in lab.alerts("sensor_configuration")[:1]:
        check(alert["event"]["severity"] == 73 and place in alert["message"] and alert["rule"]["category"] == "sensor",
              "of high severity, with the place", alert)
    lab.tunnel("silenced.test")
    check(tunnel_is_told(lab, "silenced.test"), "nothing of the broken file is in effect")
    own = os.path.join(lab.folder, "own.yaml")
    for text, said in (("services:\n  - {name: ours}\n", f"{own}:2:5: "),
                       ("services:\n  - {name: ours, class: storage, domains: [ours.test]}\n", "services.files")):
        with open(own, "w", encoding="utf-8") as out:
            out.write(text)
        lab.write(f"services: {{files: [{own}], sanctioned: [ours]}}\n")
        answer = lab.reload()
        check(said in answer.get("refused", answer.get("changed", "")), "a catalogue of one's own is read again", answer)
    lab.write("services: {sanctioned: [nobody-knows-it]}\n")
    answer = lab.reload()
    check("nobody-knows-it" in answer.get("refused", ""), "what only the catalogue can refuse is refused", answer)
    lab.write()
    check("refused" not in lab.reload() and lab.config()["error"] == "", "mended, all is well", lab.config())
    for words in ("RELOADING=1\nMONOTONIC_USEC=", "READY=1"):
        check(any(words in said for said in lab.manager.words), f"the manager is told {words[:11]}", lab.manager.words)


def broken_at_start(lab, check):
    """The last good copy runs, loudly; a damaged one does not."""
    lab.write("exceptions: [{destination: kept.test, rule: dns_tunnel, reason: a test, expires: 2099-01-01}]\n")
    lab.reload()
    check(lab.stop() == 0, "it ends well", lab.log()[-400:])
    lab.write("alerts: {minimum: lowest}\n")
    if not check(lab.start(1), "with a broken file it starts all the same", lab.log()[-800:]):
        return
    config = lab.config()
    check(config.get("last_good") is True and f"{lab.file}:6:" in config.get("error", ""), "status says so", config)
    check("BROKEN at the start" in lab.ask("status").stdout and "the last good copy runs" in lab.ask("doctor").stdout,
          "and so do its text and doctor", lab.ask("status").stdout)
    check(wait(lambda: [a for a in lab.alerts("sensor_configuration") if a["event"]["severity"] == 99], 10),
          "a critical alert says so", lab.log()[-400:])
    lab.tunnel("kept.test")
    lab.tunnel("other.test")
    check(tunnel_is_told(lab, "other.test") and not lab.alerts("dns_tunnel", None, "kept.test"), "its exception is in effect")
    lab.write()
    check("refused" not in lab.reload() and lab.config().get("last_good") is False, "mended, it is taken", lab.config())
    lab.stop()
    copy = os.path.join(lab.state, "configuration.last-good")
    with open(copy, "r+", encoding="utf-8") as stream:
        text = stream.read().replace("minimum: medium", "minimum: high")
        stream.seek(0)
        stream.write(text)
        stream.truncate()
    lab.write("alerts: {minimum: lowest}\n")
    lab.run(1)
    check(lab.daemon.wait(20) == 1 and "is damaged" in lab.log() and os.path.exists(copy + ".damaged"),
          "a damaged copy is set aside, and nothing runs", lab.log()[-600:])


def main():
    options = harness.parser(__doc__).parse_args()
    if os.geteuid() != 0:
        harness.skip("network namespaces need root")
    for tool in ("ip", "ethtool"):
        if not shutil.which(tool):
            harness.skip(f"{tool} is not installed")
    check = harness.Checks()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        lab = Lab(options.exfild, folder)
        try:
            lab.up()
            lab.write()
            for workers in (1, 2):
                if check(lab.start(workers), "the daemon starts", lab.log()[-800:]):
                    port, sent = during_traffic(lab, check, workers)
                    if workers == 1:
                        check(lab.stop() == 0, "it ends well", lab.log()[-400:])
                        one_flow(lab, check, port, sent)
                        lab.write()
            live_changes(lab, check)
            broken(lab, check)
            broken_at_start(lab, check)
            check("Sanitizer" not in lab.log() and "runtime error" not in lab.log(), "no sanitizer spoke", lab.log()[-2000:])
        finally:
            lab.down()
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
