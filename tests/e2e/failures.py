#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What can go wrong around a listening exfild, each tried: an interface that is missing, no permission, a socket and a port
in use, no file descriptors left, SIGTERM in the middle of a burst and of a flood, a full disk for evidence. It says what is wrong and what
to do, or goes on; nothing of it crashes or hangs. Times of start and stop are measured (bars: 300 ms and 1 s, not with a
sanitizer). A broken configuration, a full disk for the state and SIGKILL are in reload.py and state.py, an interface that
vanishes in live_capture.py, jumps of the clock in live_clock.py, a want of memory in processes.py."""
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import harness
import live_net
from live_net import Live, Nets, ethernet, ipv4, udp
from live_replay import packets_of
from redis_publish import Client

START_S, STOP_S, SANITIZED = 0.3, 1.0, 20


def bar(arguments, seconds):
    return seconds * (SANITIZED if harness.sanitized(arguments.exfild) else 1)


def refused(nets, arguments, *words, before=()):
    """Standard error of a start that fails, or what came instead."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["ip", "netns", "exec", nets.of("b"), *before, arguments.exfild, "--set", f"control.socket={folder}/control",
                   "--set", f"state.directory={folder}", "--set", f"spool.directory={folder}/spool", "--set", f"evidence.directory={folder}/evidence", "--set",
                   "redis.url=", "--set", "metrics.listen=", *words]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False,
                                  env=dict(os.environ, ASAN_OPTIONS="exitcode=99", UBSAN_OPTIONS="exitcode=99"))
        except subprocess.TimeoutExpired as late:
            return f"it did not end: {late.stderr}"
        return done.stderr if done.returncode == 1 else f"status {done.returncode}: {done.stderr}"


def status_of(arguments, live):
    answer = subprocess.run([arguments.exfilctl, "-s", live.control, "--json", "status"], capture_output=True, text=True,
                            check=False, timeout=60)
    return json.loads(answer.stdout)["result"] if answer.returncode == 0 else None


def of_number(count, sport=1000):
    return [ethernet(ipv4("10.0.0.1", "192.0.2.9", 17, udp(sport + n % 1000, 9, b"x" * 200)), 0x800) for n in range(count)]


def starts_that_fail(check, arguments):
    """An interface that is not there, one that is down, no permission."""
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0")
        said = refused(nets, arguments, "-i", "nosuch")
        check("there is no interface nosuch" in said and "b0" in said, "a missing interface: those that are there", said)
        if shutil.which("setpriv"):
            said = refused(nets, arguments, "-i", "b0", before=("setpriv", "--bounding-set", "-net_raw"))
            check("no permission to listen on b0" in said and "CAP_NET_RAW" in said, "no permission: what it takes", said)
        nets.ip("b", "link set b0 down")
        said = refused(nets, arguments, "-i", "b0")
        check("b0 is down: ip link set b0 up" in said, "an interface that is down: how to have it up", said)


def in_use(check, arguments):
    """The control socket of another exfild, the port of another program; a socket that was left behind."""
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0")
        with Live(nets, "b", arguments.exfild, "-i", "b0", "--set", "metrics.listen=127.0.0.1:9471") as live:
            said = refused(nets, arguments, "-i", "b0", "--set", f"control.socket={live.control}")
            check(f"{live.control} is in use: another exfild runs" in said, "the socket of another is left to it", said)
            said = refused(nets, arguments, "-i", "b0", "--set", "metrics.listen=127.0.0.1:9471")
            check("9471" in said and "in use" in said, "a port in use is named", said)
            check(status_of(arguments, live) is not None, "and the first goes on")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "left")
            left = socket.socket(socket.AF_UNIX)
            left.bind(path)
            left.close()
            with Live(nets, "b", arguments.exfild, "-i", "b0", "--set", f"control.socket={path}") as live:
                live.control = path
                check(status_of(arguments, live) is not None, "a socket that nobody listens on is taken over", live.err())
                check(live.stop() == 0 and not os.path.exists(path), "and removed at the end", live.err()[-300:])


def interface_gone(check, arguments):
    """A named interface that is deleted is an alert within seconds; one that is made anew at once is none."""
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0")
        with Live(nets, "b", arguments.exfild, "-i", "b0") as live:
            nets.ip("b", "link del b0")
            live.wait_for(lambda: "b0: closed" in live.err(), "it is gone", 10)
            nets.link("a", "a0", "b", "b0")
            live.wait_for(lambda: "b0: listening again" in live.err(), "it is taken again", 10)
            time.sleep(1.5)
            nets.ip("b", "link del b0")
            live.wait_for(lambda: "b0: it is not listened on any more" in live.err(), "it is said", 30)
            check(live.stop() == 0, "it ends well", live.err()[-300:])
            told = [a for a in live.alerts() if a["rule"]["id"] == "sensor_interface"]
            check(len(told) == 1 and told[0]["event"]["severity"] == 73 and told[0]["exfild"]["evidence"]["object"] == "b0",
                  "one alert, with its name", told)


def no_descriptors(check, arguments):
    """Too few to start with: an error each time, or it listens. Used up by clients: packets are read on, and it recovers."""
    ran = 0
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0")
        for most in range(4, 40, 3):
            with tempfile.TemporaryDirectory() as folder:
                command = ["ip", "netns", "exec", nets.of("b"), "prlimit", f"--nofile={most}", arguments.exfild, "-i", "b0", "-q",
                           "--set", f"control.socket={folder}/c", "--set", f"state.directory={folder}", "--set", f"spool.directory={folder}/spool", "--set",
                           f"evidence.directory={folder}/e", "--set", "redis.url=", "--set", "metrics.listen="]
                child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                try:
                    child.wait(bar(arguments, 0.5) if not harness.sanitized(arguments.exfild) else 3)
                except subprocess.TimeoutExpired:
                    child.terminate()
                    ran += 1
                said = child.communicate(timeout=60)[1].decode("utf-8", "replace")
                # a leak sanitizer cannot look without descriptors
                check(child.returncode in (0, 1) and (child.returncode == 0 or said.strip()) and "AddressSanitizer" not in said,
                      f"{most} descriptors: it runs or says why not", (child.returncode, said[-300:]))
        check(ran >= 3, "with some it runs", ran)
        sender = nets.sender("a", "a0")
        with Live(nets, "b", arguments.exfild, "-i", "b0") as live:
            core = live.pids()["exfild-core"]
            used = len(os.listdir(f"/proc/{core}/fd"))
            subprocess.run(["prlimit", "--pid", str(core), f"--nofile={used + 2}:{used + 2}"], check=True)
            clients = []
            for _ in range(10):
                client = socket.socket(socket.AF_UNIX)
                client.connect(live.control)
                clients.append(client)
            time.sleep(0.5)
            for frame in of_number(500):
                sender.send(frame)
            for client in clients:
                client.close()
            live.wait_for(lambda: (status_of(arguments, live) or {}).get("packets", 0) >= 500, "it answers again", 30)
            check(live.stop() == 0 and live.counts()[0] == 500, "packets are read while there are none left", live.err()[-400:])


def terminated_in_a_burst(check, arguments):
    """SIGTERM while packets come as fast as they can: a soon end, and a Redis that has every alert."""
    with Nets("a", "b") as nets, tempfile.TemporaryDirectory() as folder:
        nets.link("a", "a0", "b", "b0")
        path = os.path.join(folder, "redis.sock")
        server = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--dir", folder],
                                  stdout=subprocess.DEVNULL)
        over = threading.Event()

        def burst(sender):
            frames = of_number(1000)
            while not over.is_set():
                for frame in frames:
                    sender.send(frame)
        try:
            deadline = time.monotonic() + 20
            while not os.path.exists(path) and time.monotonic() < deadline:
                time.sleep(0.05)
            with Live(nets, "b", arguments.exfild, "-i", "b0", "-j", "2", "--set", f"redis.url=unix://{path}") as live:
                print(f"listening {live.start_seconds * 1000:.0f} ms after its start")
                check(live.start_seconds < bar(arguments, START_S), f"it listens within {START_S} s", live.start_seconds)
                sender = nets.sender("a", "a0")
                flood = threading.Thread(target=burst, args=(nets.sender("a", "a0"),), daemon=True)
                for _, frame in packets_of(harness.capture_of("dns_iodine")):
                    sender.send(frame)
                flood.start()
                time.sleep(0.5)
                for _, frame in packets_of(harness.capture_of("icmp_hping")):
                    sender.send(frame)
                status = live.stop()
                print(f"stopped within {live.stop_seconds * 1000:.0f} ms, {live.counts()[0]} packets")
                check(status == 0 and live.stop_seconds < bar(arguments, STOP_S), f"it ends within {STOP_S} s",
                      (status, live.stop_seconds, live.err()[-400:]))
                alerts = live.alerts()
                ask = Client(path)
                kept = [json.loads(dict(zip(fields[::2], fields[1::2]))[b"alert"])
                        for _, fields in ask("XRANGE", "exfild:alerts", "-", "+")]
                ask.close()
                rules = {alert["rule"]["id"] for alert in alerts}
                check({"dns_tunnel", "icmp_tunnel"} <= rules, "both thefts are told, that of the last moment too", rules)
                check([a["event"]["id"] for a in kept] == [a["event"]["id"] for a in alerts], "and Redis has every alert",
                      (len(kept), len(alerts)))
        finally:
            over.set()
            server.kill()
            server.wait()


def terminated_in_a_flood(check, arguments):
    """More than can be read on one of two interfaces, two workers: neither waits for the other, nor does time jump."""
    for _ in range(3):
        with Nets("a", "b", "c") as nets:
            nets.link("a", "a0", "b", "b0")
            nets.link("c", "c0", "b", "b1")
            with Live(nets, "b", arguments.exfild, "-i", "b0", "-i", "b1", "-j", "2", "--set", "limits.memory_mb=128",
                      listening=2) as live:
                flood = subprocess.Popen(["ip", "netns", "exec", nets.of("c"), arguments.sender, "c0", "flood", "4"],
                                         stdout=subprocess.DEVNULL)
                sender = nets.sender("a", "a0")
                for frame in of_number(300):
                    sender.send(frame)
                    time.sleep(0.01)
                status = live.stop()
                flood.wait()
                check(status == 0 and live.stop_seconds < bar(arguments, 2 * STOP_S), "it ends", (status, live.stop_seconds, live.err()[-2500:]))
                check("set back" not in live.err(), "one clock for both interfaces", live.err()[-600:])


def no_room_for_evidence(check, arguments):
    """A disk that is full of evidence: said once, and alerts go on."""
    with Nets("a", "b") as nets, tempfile.TemporaryDirectory() as folder:
        nets.link("a", "a0", "b", "b0")
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", folder], check=False).returncode:
            print("skipped: no tmpfs can be mounted here")
            return
        try:
            with Live(nets, "b", arguments.exfild, "-i", "b0", "--set", f"evidence.directory={folder}/evidence") as live:
                sender = nets.sender("a", "a0")
                for _, frame in packets_of(harness.capture_of("dns_iodine")):
                    sender.send(frame)
                live.wait_for(lambda: "packets behind alerts are not kept" in live.err(), "it is said", 20)
                for frame in of_number(300):
                    sender.send(frame)
                live.wait_for(lambda: (status_of(arguments, live) or {}).get("packets", 0) >= 400, "packets are read", 20)
                doctor = subprocess.run([arguments.exfilctl, "-s", live.control, "doctor"], capture_output=True, text=True,
                                        check=False, timeout=60).stdout
                check("packets behind alerts cannot be written" in doctor, "doctor says it", doctor)
                check(live.stop() == 0 and live.err().count("packets behind alerts are not kept") < 5, "once, not each time",
                      live.err()[-600:])
                check(any(alert["rule"]["id"] == "dns_tunnel" for alert in live.alerts()), "the alert came")
        finally:
            subprocess.run(["umount", folder], check=False)


if __name__ == "__main__":
    live_net.main(__doc__, [starts_that_fail, in_use, interface_gone, no_descriptors, terminated_in_a_burst, terminated_in_a_flood, no_room_for_evidence])
