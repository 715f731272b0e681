#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The processes of a listening exfild: each is killed while a tunnel runs, and the theft is told all the same; what ended is
started again, within a second, and an alert says so. A service manager hears of it all from the first one. A capture that
does not keep to the rules is played by tests/support/hostile.c. What each process may do is in sandbox.py, jumps of the clock
in live_clock.py and the unit tests of engine/clock.c and inlet.c."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import harness
import live_net
from live_net import Live, Nets, ethernet, ipv4, udp
from live_replay import packets_of

SOON_S, SANITIZED = 1.0, 10


def bar(arguments, seconds):
    return seconds * (SANITIZED if harness.sanitized(arguments.exfild) else 1)


def tunnel(sender, pause=0.0):
    for _, frame in packets_of(harness.capture_of("dns_iodine")):
        sender.send(frame)
        time.sleep(pause)


def noise(sender, count=20):
    for n in range(count):
        sender.send(ethernet(ipv4("10.0.0.1", "192.0.2.9", 17, udp(1000 + n, 9, b"x" * 100)), 0x800))


def rules(live):
    return {alert["rule"]["id"] for alert in live.alerts()}


def replaced(live, name, pid, seconds):
    """The process of that name is another one; how long it took."""
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        now = live.pids()
        if now.get(name, pid) != pid:
            return time.monotonic() - began
        time.sleep(0.02)
    return None


def capture_killed(check, arguments):
    """SIGKILL of capture in the middle of a tunnel, five times: it is back within a second, the theft and the end are told."""
    for workers in ("1", "2"):
        with Nets("a", "b") as nets:
            nets.link("a", "a0", "b", "b0")
            with Live(nets, "b", arguments.exfild, "-i", "b0", "-j", workers) as live:
                sender = nets.sender("a", "a0")
                first = live.pids()
                tunnel(sender, 0.002)
                time.sleep(bar(arguments, 0.1))  # what lies in its memory ends with it
                os.kill(first["exfild-capture"], signal.SIGKILL)
                took = replaced(live, "exfild-capture", first["exfild-capture"], bar(arguments, 5))
                check(took is not None and took < bar(arguments, SOON_S), f"{workers}: capture is back within {SOON_S} s", took)
                live.wait_for(lambda: live.err().count("b0: listening again") >= 1, "its interface is opened again", 10)
                check(live.pids()["exfild-core"] == first["exfild-core"] and live.pids()["exfild"] == first["exfild"],
                      "the others go on", (first, live.pids()))
                time.sleep(0.3)
                for _, frame in packets_of(harness.capture_of("icmp_hping")):
                    sender.send(frame)
                time.sleep(bar(arguments, 0.5))
                check(live.stop() == 0, f"{workers}: it ends well", live.err()[-800:])
                told = rules(live)
                check({"dns_tunnel", "icmp_tunnel", "sensor_process"} <= told, f"{workers}: both thefts and the end are told", told)
                ends = [a["message"] for a in live.alerts() if a["rule"]["id"] == "sensor_process"]
                check(len(ends) == 1 and "exfild-capture" in ends[0] and "signal 9" in ends[0], "as what it was", ends)
                check("Sanitizer" not in live.err(), "and nothing is wrong below", live.err()[-800:])


def later_each_time(check, arguments):
    """One that ends again and again is started later each time, and the others do not mind."""
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0")
        with Live(nets, "b", arguments.exfild, "-i", "b0") as live:
            waits = []
            for _ in range(5):
                pid = live.pids()["exfild-capture"]
                os.kill(pid, signal.SIGKILL)
                waits.append(replaced(live, "exfild-capture", pid, 20))
                time.sleep(0.1)
            check(None not in waits and waits[0] < bar(arguments, SOON_S) and waits[-1] > waits[0] and waits[-1] < bar(arguments, 4),
                  "later each time", waits)
            time.sleep(bar(arguments, 0.5))
            sender = nets.sender("a", "a0")
            tunnel(sender)
            time.sleep(bar(arguments, 0.5))
            check(live.stop() == 0 and "dns_tunnel" in rules(live), "and then it sees", live.err()[-600:])


def core_killed(check, arguments):
    """SIGKILL of core: another one goes on from its state; what is stolen after that is told, and that it ended."""
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0")
        with Live(nets, "b", arguments.exfild, "-i", "b0", "--set", "detectors.dns_tunnel.daily_bytes=4096") as live:
            sender = nets.sender("a", "a0")
            first = live.pids()
            noise(sender)
            time.sleep(bar(arguments, 0.5))
            os.kill(first["exfild-core"], signal.SIGKILL)
            took = replaced(live, "exfild-core", first["exfild-core"], bar(arguments, 5))
            check(took is not None and took < bar(arguments, SOON_S), f"core is back within {SOON_S} s", took)
            live.wait_for(lambda: "b0: listening again" in live.err(), "and listens", bar(arguments, 5))
            time.sleep(bar(arguments, 0.5))
            check(live.pids()["exfild-capture"] != first["exfild-capture"], "with a capture of its own", live.pids())
            tunnel(sender, 0.001)
            time.sleep(bar(arguments, 0.5))
            check(live.stop() == 0, "it ends well", live.err()[-800:])
            check({"dns_tunnel", "sensor_process"} <= rules(live), "the theft and the end are told", rules(live))


def parent_killed(check, arguments):
    """SIGKILL of the parent: all end, and another exfild starts at once from what they left."""
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0")
        with Live(nets, "b", arguments.exfild, "-i", "b0") as live:
            pids = live.pids()
            os.kill(pids["exfild"], signal.SIGKILL)
            live.child.wait()
            deadline = time.monotonic() + bar(arguments, 2)
            while any(harness.is_running(pid) for pid in pids.values()) and time.monotonic() < deadline:
                time.sleep(0.02)
            check(not any(harness.is_running(pid) for pid in pids.values()), "no process is left", pids)


def stopped_loops(check, arguments):
    """A loop that stands still: the service manager's watchdog hears nothing more, whichever of the three it is."""
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0")
        path = f"/tmp/exfild-notify-{os.getpid()}"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.bind(path)
        os.environ["NOTIFY_SOCKET"] = path
        try:
            with Live(nets, "b", arguments.exfild, "-i", "b0") as live:
                said = hear(listener, 2.5)
                check(any("READY=1" in s for s in said), "it says that it is ready", said)
                check(sum("WATCHDOG=1" in s for s in said) >= 1, "and once a second that it turns", said)
                for name in ("exfild-capture", "exfild-core", "exfild"):
                    pid = live.pids()[name]
                    os.kill(pid, signal.SIGSTOP)
                    hear(listener, 1.5)
                    said = hear(listener, 2.5)
                    check(not any("WATCHDOG=1" in s for s in said), f"{name} stands still: no word", said)
                    os.kill(pid, signal.SIGCONT)
                    said = hear(listener, 3.5)
                    check(any("WATCHDOG=1" in s for s in said), f"{name} goes on: it is heard again", said)
                live.child.send_signal(signal.SIGHUP)
                said = hear(listener, bar(arguments, 2))
                check(any("RELOADING=1" in s for s in said) and any("READY=1" in s for s in said), "a reload is told", said)
                check(live.stop() == 0, "it ends well", live.err()[-500:])
                check(any("STOPPING=1" in s for s in hear(listener, 0.5)), "and says so")
        finally:
            del os.environ["NOTIFY_SOCKET"]
            listener.close()
            os.unlink(path)


def hear(listener, seconds):
    said = []
    deadline = time.monotonic() + seconds
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return said
        listener.settimeout(left)
        try:
            said.append(listener.recv(4096).decode())
        except TimeoutError:
            return said


def another_user(check, arguments):
    """Not as root, with CAP_NET_RAW alone: the same processes, of one user; it works."""
    if not shutil.which("setpriv"):
        print("skipped: setpriv is missing")
        return
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0")
        less = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "+net_raw", "--ambient-caps",
                "+net_raw", "--bounding-set", "-all,+net_raw")
        with Live(nets, "b", arguments.exfild, "-i", "b0", owner=65534, before=less) as live:
            pids = live.pids()
            check(set(pids) == {"exfild", "exfild-core", "exfild-capture"}, "three processes", pids)
            time.sleep(bar(arguments, 0.5))  # each gives up its power after its start
            for name, pid in pids.items():
                with open(f"/proc/{pid}/status", encoding="ascii") as stream:
                    status = dict(line.rstrip("\n").split(":\t", 1) for line in stream if ":\t" in line)
                check(status["CapEff"].endswith("2000" if name == "exfild" else "0000"), name + " has what it needs", status["CapEff"])
                check(status["Uid"].split()[0] == "65534" and status["Seccomp"] == "2", name + " is the same user, and limited")
            os.kill(pids["exfild-capture"], signal.SIGKILL)
            live.wait_for(lambda: "b0: listening again" in live.err(), "capture is started again", 5)
            time.sleep(0.3)
            tunnel(nets.sender("a", "a0"))
            time.sleep(bar(arguments, 0.5))
            check(live.stop() == 0 and "dns_tunnel" in rules(live), "and sees", live.err()[-500:])


def out_of_memory(check, arguments):
    """The kernel ends capture for want of memory: it is started again, and an alert says so."""
    group = f"/sys/fs/cgroup/memory/exfild-test-{os.getpid()}"
    try:
        os.mkdir(group)
    except OSError as error:
        print(f"skipped: no group of memory can be made here: {error}")
        return

    def join(where):
        """This process, and what it starts from now on."""
        with open(where + "/cgroup.procs", "w", encoding="ascii") as stream:
            stream.write(str(os.getpid()))
    with open("/proc/self/cgroup", encoding="ascii") as stream:
        home = next(line.strip().split(":", 2)[2] for line in stream if line.split(":")[1] == "memory")
    home = "/sys/fs/cgroup/memory" + home
    eat = "import time\neaten = []\nwhile True: eaten.append(bytearray(b'x') * (1 << 20)); time.sleep(0.002)"
    hungry = None
    try:
        with Nets("a", "b") as nets:
            nets.link("a", "a0", "b", "b0")
            join(group)
            with Live(nets, "b", arguments.exfild, "-i", "b0", "--set", "limits.memory_mb=128") as live:
                join(home)
                sender = nets.sender("a", "a0")
                noise(sender)
                pids = live.pids()
                # it goes before core (sandbox.py); here before the one that eats, too
                with open(f"/proc/{pids['exfild-capture']}/oom_score_adj", "w", encoding="ascii") as stream:
                    stream.write("1000")
                with open(group + "/memory.usage_in_bytes", encoding="ascii") as stream:
                    most = int(stream.read()) + (64 << 20)
                with open(group + "/memory.limit_in_bytes", "w", encoding="ascii") as stream:
                    stream.write(str(most))
                join(group)
                hungry = subprocess.Popen([sys.executable, "-c", eat])
                join(home)
                deadline = time.monotonic() + 15
                while live.pids().get("exfild-capture") == pids["exfild-capture"] and time.monotonic() < deadline:
                    time.sleep(0.005)
                hungry.kill()
                hungry.wait()
                live.wait_for(lambda: live.err().count(": listening") >= 2, "capture is started again", 30)
                time.sleep(bar(arguments, 0.5))
                tunnel(sender)
                time.sleep(bar(arguments, 0.5))
                check(live.pids()["exfild-core"] == pids["exfild-core"], "core stays", (pids, live.pids()))
                check(live.stop() == 0, "it ends well", live.err()[-500:])
                check({"sensor_process", "dns_tunnel"} <= rules(live), "its end and the next theft are told", rules(live))
    finally:
        join(home)
        if hungry and hungry.poll() is None:
            hungry.kill()
            hungry.wait()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                os.rmdir(group)
                break
            except OSError:
                time.sleep(0.1)


def hostile_capture(check, arguments):
    """A capture that writes what it likes into all that it shares with core: false events at most come of it."""
    for seed in (1, 2, 3):
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            done = harness.run(arguments.hostile, 60, seed, "--", "-i", "lo", "-q", "-o", "json", "--set", f"control.socket={folder}/c",
                               "--set", f"state.directory={folder}/state", "--set", f"evidence.directory={folder}/evidence",
                               "--set", "redis.url=", "--set", "metrics.listen=", "--set", "limits.memory_mb=128", timeout=600)
            check(done.status == 0 and "Sanitizer" not in done.err and "runtime error" not in done.err,
                  f"seed {seed}: core ends as it should", (done.status, done.err[-1500:], done.out[-300:]))
            lines = done.out.splitlines()
            print(f"seed {seed}: {lines[-1].decode() if lines else '?'}; {len(lines) - 1} alerts, {time.monotonic() - began:.1f} s")
            alerts = [json.loads(line) for line in lines[:-1]]
            # what time there is, is this machine's: nobody is told of a theft that is to come
            now = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + 600))
            late = [a["@timestamp"] for a in alerts if a["@timestamp"] > now]
            check(not late, "no alert is of a time to come", late[:5])
            check(any(a["rule"]["id"] == "sensor_process" for a in alerts), "that capture ended is told", len(alerts))
            strange = [n for n in os.listdir(folder) if n not in ("c", "state", "evidence")]
            strange += [n for n in os.listdir(folder + "/evidence") if not re.fullmatch(r"[0-9a-f]{32}\.pcapng", n)]
            check(not strange and not os.path.exists("/tmp/x.pcapng"), "files are where they belong", strange)


if __name__ == "__main__":
    live_net.main(__doc__, [capture_killed, later_each_time, core_killed, parent_killed, stopped_loops, another_user, out_of_memory,
                            hostile_capture])
