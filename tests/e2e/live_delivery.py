#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""live_delivery.py --exfild PROGRAM: what a listening exfild does with its alerts, and what an analyst does with them.

A client, a gateway and an outside world in network namespaces; the daemon, split and confined as ever, has a Redis, a file and a syslog of its own.
A real scan must come out of all three, in the same order; Redis is killed and comes back; an alert is snoozed, judged, sent again, and told of again
when its silence ends; the processes are killed in between and the spool and the verdicts are there again. Then: how long an alert takes from the packet
to the subscriber. Needs root, iproute2, redis-server."""
import argparse
import datetime
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
from delivery import Redis
from drill import Lab

LATENCIES = 15
SCAN = ("import socket\n"
        "for port in range(%d, %d):\n"
        "    s = socket.socket(); s.settimeout(0.05)\n"
        "    s.connect_ex(('203.0.113.%d', port)); s.close()\n")


class Watch(Lab):
    """The daemon with three sinks."""

    def __init__(self, program, folder):
        super().__init__(program, folder)
        self.server_of = Redis(folder)
        self.log_socket = os.path.join(folder, "log")
        self.messages = []
        self.more = []  # of its command line

    def up(self):
        subprocess.run([os.path.join(harness.LAB, "ns.sh"), "up"], env=self.environment, check=True)
        self.server_of.start()
        server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        server.bind(self.log_socket)

        def listen():
            while True:
                self.messages.append(server.recv(65536).decode())

        threading.Thread(target=listen, daemon=True).start()

    def start(self):
        sets = {"control.socket": self.socket, "sinks.file.path": self.sink, "redis.url": self.server_of.url, "redis.username": "", "redis.password_file": "",
                "sinks.syslog.url": "unix://" + self.log_socket, "metrics.listen": "", "state.directory": self.folder + "/state",
                "evidence.directory": self.folder + "/evidence", "spool.directory": self.folder + "/spool", "alerts.merge": "1s"}
        command = [self.program, "-i", "gin", *self.more]
        for key, value in sets.items():
            command += ["--set", f"{key}={value}"]
        path = os.path.join(self.folder, "daemon.log")
        with open(path, "ab") as log:
            listened = self.log().count(": listening")
            self.daemon = subprocess.Popen(self.ns("gw", *command), stdout=subprocess.DEVNULL, stderr=log)
        return self.until(lambda: self.ask("status").returncode == 0 and self.log().count(": listening") > listened, 60)

    @staticmethod
    def until(condition, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            time.sleep(0.1)
        return condition()

    def scan(self, host, first=1, last=60):
        return self.client(f"{sys.executable} -c \"{SCAN % (first, last, host)}\"")

    def scans(self):
        return [alert for alert in self.alerts() if alert["rule"]["id"].startswith("port_scan")]

    def answer(self, *words):
        done = self.ask("--json", *words)
        return json.loads(done.stdout)["result"] if done.returncode == 0 and done.stdout.startswith("{") else {}


def arrive(lab, check):
    lab.scan(20)
    if not check(lab.until(lambda: lab.scans()), "a scan is told into the file", lab.log()):
        sys.exit(check.end())
    ids = [alert["event"]["id"] for alert in lab.alerts()]
    check(lab.until(lambda: [a["event"]["id"] for a in lab.server_of.read()][:len(ids)] == ids), "and into Redis, in the same order")
    check(lab.until(lambda: len(lab.messages) >= len(ids)) and all(any(i in m for m in lab.messages) for i in ids), "and to syslog as CEF")
    check(lab.until(lambda: "sequence" in lab.server_of.ask("HKEYS", "exfild:sensor:" + socket.gethostname()), 15), "a heartbeat tells of the sensor")
    return lab.scans()[0]["exfild"]["alert_id"]


def come_back(lab, check):
    """Redis dies, more is found, all of exfild is killed, Redis comes back."""
    before = len(lab.server_of.read())
    lab.server_of.kill()
    lab.scan(21)
    check(lab.until(lambda: len(lab.scans()) >= 2), "the file gets alerts while Redis is dead")
    check(lab.until(lambda: any(k["waiting"] for k in lab.answer("status").get("sinks", []) if k["name"] == "redis")), "status says that they wait")
    check(lab.until(lambda: [a for a in lab.alerts() if a["rule"]["id"] == "sensor_sink"], 25), "and an alert through the others says so")
    subprocess.run(["pkill", "-KILL", "-P", str(lab.daemon.pid)], check=False)
    lab.daemon.kill()
    lab.daemon.wait()
    time.sleep(0.5)
    lab.server_of.start()
    check(lab.start(), "it starts again", lab.log())
    wanted = {alert["event"]["id"] for alert in lab.alerts()}
    check(lab.until(lambda: wanted <= {a["event"]["id"] for a in lab.server_of.read()}, 40), "what waited through kill -9 arrives",
          lab.log() + str(before))


def analyse(lab, check):
    lab.scan(22)
    check(lab.until(lambda: [a for a in lab.scans() if a["destination"].get("ip") == "203.0.113.22" or "203.0.113.22" in str(a)]), "a third scan is told")
    alert = lab.scans()[-1]["exfild"]["alert_id"]
    check(lab.ask("alerts", "verdict", alert, "true").returncode == 0, "a verdict is taken")
    check(lab.ask("alerts", "verdict", "0" * 32, "true").returncode == 1, "none of an alert that is not known")
    check(lab.ask("alerts", "snooze", alert, "1h").returncode == 0, "an alert is snoozed")
    check(lab.until(lambda: "snoozed" in lab.ask("exceptions", "list").stdout), "the silence is listed")
    check("precision 100 %" in lab.ask("exceptions", "list").stdout, "and the rule's precision", lab.ask("exceptions", "list").stdout)
    time.sleep(3)  # its merge window ends, its totals are told
    told = [a["event"]["id"] for a in lab.scans()]
    lab.scan(22, 100, 160)
    check(lab.until(lambda: any(x["silenced"] for x in lab.answer("exceptions").get("exceptions", []))), "what it takes is counted",
          lab.ask("exceptions", "list").stdout)
    more = [a for a in lab.scans() if a["event"]["id"] not in told]
    check(not more, "and not told", more)
    tried = {text: lab.answer("exceptions", "test", text) for text in (
        "{destination: 203.0.113.22}", "destination: 203.0.113.0/24", "{destination: 198.51.100.1}", "port: 70000", lab.scans()[-1]["exfild"]["silence"])}
    hits = [[x["destination"] for x in tried[text].get("alerts", [])] for text in tried]
    check("203.0.113.22" in str(hits[0]), "an exception is tried against the last alerts", tried)
    check(len(hits[1]) >= len(hits[0]) and not hits[2] and not hits[3] and hits[4], "by prefix, in vain, with a fault, as the alert's own line says", tried)
    from_file = lab.ask("exceptions", "test", "destination: 203.0.113.20", "--file", lab.sink)
    check(from_file.returncode == 0 and "203.0.113.20" in from_file.stdout and "203.0.113.21" not in from_file.stdout, "and against a file of alerts",
          from_file.stdout + from_file.stderr)
    check(lab.ask("exceptions", "test", "--alert", alert).stdout.startswith("0 of the last 1 "), "what is configured does not silence it")
    number = lab.answer("exceptions")["exceptions"][0]["number"]
    check(lab.ask("exceptions", "remove", str(number)).returncode == 0, "the silence is ended")
    check("nothing is silenced" in lab.ask("exceptions", "list").stdout or lab.until(
        lambda: "nothing is silenced" in lab.ask("exceptions", "list").stdout), "and gone from the list")
    alert = lab.scans()[-1]
    number = alert["event"]["sequence"]
    again = lab.ask("alerts", "resend", "--from", str(number), "--to", str(number))
    check("1 alerts go again" in again.stdout, "one alert goes again", again.stdout + again.stderr)
    check(lab.until(lambda: [a["event"]["id"] for a in lab.server_of.read()].count(alert["event"]["id"]) >= 2), "and arrives a second time")


def latency(lab, check):
    """From the packet's time to the subscriber, in ms; bars are for a quiet machine, so they are printed and not judged here."""
    times = []
    reader = subprocess.Popen(["stdbuf", "-oL", "redis-cli", "-s", lab.server_of.socket, "SUBSCRIBE", "exfild:alerts"], stdout=subprocess.PIPE, text=True)

    def listen():
        for line in reader.stdout:
            if line.startswith("{"):
                alert = json.loads(line)
                stamp = datetime.datetime.strptime(alert["@timestamp"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
                if alert["exfild"]["mode"] == "drill":
                    times.append((time.time() - stamp.timestamp()) * 1000)

    threading.Thread(target=listen, daemon=True).start()
    time.sleep(1)
    for _ in range(LATENCIES):
        asked = lab.answer("drill", "icmp", "--to", "203.0.113.22")
        lab.client(asked.get("command", "true"))
    lab.until(lambda: len(times) >= LATENCIES)
    reader.kill()
    reader.wait()
    check(len(times) >= LATENCIES, f"{LATENCIES} drills reach the subscriber", times)
    times.sort()
    if times:
        print(f"packet to subscriber: median {times[len(times) // 2]:.0f} ms, worst of {len(times)} {times[-1]:.0f} ms")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--exfild", required=True)
    options = parser.parse_args()
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "redis-server", "redis-cli", "ethtool"))):
        print("skipped: needs root, iproute2, ethtool, redis-server")
        return 77
    check, folder = harness.Checks(), tempfile.mkdtemp(prefix="exfild-live-delivery-")
    lab = Watch(os.path.abspath(options.exfild), folder)
    signal.signal(signal.SIGTERM, harness.end_once)
    try:
        lab.up()
        check(lab.start(), "the daemon starts", lab.log())
        arrive(lab, check)
        come_back(lab, check)
        analyse(lab, check)
        latency(lab, check)
        lab.stop()
    finally:
        lab.down()
        lab.server_of.kill()
        shutil.rmtree(folder, ignore_errors=True)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
