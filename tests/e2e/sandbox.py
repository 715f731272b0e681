#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a taken-over process of exfild could do: forbidden things tried from inside the limits of each, and what the
kernel says of the running processes and each of their threads."""
import os
import signal
import subprocess
import tempfile

import live_net
from live_net import Live, Nets, ethernet, ipv4, udp

ENDS, REFUSED, CLOSED, DONE = "SIGSYS", "EPERM", "EACCES", "done"
NET_RAW, SETUID, SETGID = 1 << 13, 1 << 7, 1 << 6

# what is tried, and what comes of it in parent, core and capture
ATTEMPTS = {
    "make_thread": (DONE, DONE, DONE),
    "read_passwd": (DONE, DONE, REFUSED), "write_own": (DONE, DONE, REFUSED),
    "inet_socket": (DONE, DONE, REFUSED), "unix_socket": (DONE, DONE, REFUSED),
    "packet_socket": (DONE, REFUSED, REFUSED),
    "send_packet": (None, None, REFUSED), "send_by_message": (None, None, REFUSED),
    "cut_packets": (None, None, DONE), "widen_filter": (None, None, REFUSED), "unlock_filter": (None, None, REFUSED),
    "listen_to_all": (None, None, REFUSED),
    "take_number": (None, None, REFUSED), "close_written": (None, None, REFUSED),
    "run_program": (ENDS, ENDS, ENDS), "make_process": (DONE, ENDS, ENDS), "trace_parent": (ENDS, ENDS, ENDS),
    "new_namespace": (ENDS, ENDS, ENDS), "load_bpf": (ENDS, ENDS, ENDS),
    "signal_parent": (None, REFUSED, REFUSED), "become_root": (None, REFUSED, REFUSED),
    "write_and_run": (REFUSED, REFUSED, REFUSED), "turn_to_code": (REFUSED, REFUSED, REFUSED),
    "dump_core": (REFUSED, REFUSED, REFUSED), "show_memory": (None, REFUSED, REFUSED),
    "hide_again": (None, DONE, DONE),
}
PROCESSES = ("parent", "core", "capture")
PATHS = ("read_outside", "write_outside", "write_passwd")  # Landlock's, which not every kernel has


def attempt(program, process, inside, outside, name):
    done = subprocess.run([program, process, inside, outside, name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False)
    if done.returncode == -signal.SIGSYS:
        return ENDS
    return done.stdout.strip() or f"status {done.returncode}: {done.stderr[-300:]}"


def forbidden(check, arguments):
    """Forbidden things, each tried by a process that has given up its power by the daemon's own function."""
    with tempfile.TemporaryDirectory() as inside, tempfile.TemporaryDirectory() as outside:
        for name, results in ATTEMPTS.items():
            for process, expected in zip(PROCESSES, results):
                got = attempt(arguments.sandboxed, process, inside, outside, name) if expected else None
                check(got == expected, f"{process}: {name}: {expected}", got)
        if attempt(arguments.sandboxed, "core", inside, outside, "landlock") == "0":
            print("this kernel has no Landlock: paths are not tried")
            return
        check(attempt(arguments.sandboxed, "capture", inside, outside, "landlock") != "0", "capture has Landlock, too")
        for name in PATHS:
            got = attempt(arguments.sandboxed, "core", inside, outside, name)
            check(got == CLOSED, f"core: {name}: {CLOSED}", got)
        check(not os.listdir(outside), "nothing was written outside")


def status_of(pid, thread):
    with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as stream:
        return dict(line.rstrip("\n").split(":\t", 1) for line in stream if ":\t" in line)


def one_process(check, name, pid, most):
    """Of each thread: its capabilities, all of `most` at most, and no way to more."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        status = status_of(pid, thread)
        tell = f"{name}, thread {status['Name']}: "
        check(status["NoNewPrivs"] == "1", tell + "no new privileges", status["NoNewPrivs"])
        check(status["Seccomp"] == "2", tell + "a filter of system calls", status["Seccomp"])
        for kind in ("CapPrm", "CapEff"):
            check(int(status[kind], 16) & ~most == 0, tell + kind + " has no more than it needs", status[kind])
        check(int(status["CapBnd"], 16) & ~(NET_RAW | SETUID | SETGID) == 0, tell + "bounds are the parent's", status["CapBnd"])
        for kind in ("CapInh", "CapAmb"):
            check(int(status[kind], 16) == 0, tell + kind + " is empty", status[kind])
    with open(f"/proc/{pid}/limits", encoding="ascii") as stream:
        core = [line.split() for line in stream if line.startswith("Max core file size")]
    check(core[0][4:6] == ["0", "0"], name + ": no core file, and no way to one", core)


def little_power(check, arguments):
    """The running processes, started by root: what each may, in every thread; and it works."""
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0")
        with Live(nets, "b", arguments.exfild, "-i", "b0", "-j", "2") as live:
            # control answers before capture has given away its power and listens
            live.wait_for(lambda: "b0: listening" in live.err(), "capture listens", 60)
            pids = live.pids()
            live.wait_for(lambda: status_of(pids["exfild-capture"], pids["exfild-capture"])["Uid"].split()[0] != "0", "capture is confined", 20)
            check(set(pids) == {"exfild", "exfild-core", "exfild-capture"}, "three processes", pids)
            one_process(check, "parent", pids["exfild"], NET_RAW | SETUID | SETGID)
            one_process(check, "core", pids["exfild-core"], 0)
            one_process(check, "capture", pids["exfild-capture"], 0)
            check(len(os.listdir(f"/proc/{pids['exfild-capture']}/task")) > 2, "capture has a thread a worker")
            check(status_of(pids["exfild-capture"], pids["exfild-capture"])["Uid"].split()[0] != "0", "capture is not root")
            # what it holds: its rings and channels; no file, no connection
            held = [os.readlink(f"/proc/{pids['exfild-capture']}/fd/{fd}")
                    for fd in os.listdir(f"/proc/{pids['exfild-capture']}/fd")]
            check(all(h.startswith(("socket:", "anon_inode:", "/memfd:exfild-", "/dev/null")) or h == live.err_path for h in held),
                  "capture has no file", held)
            with open(f"/proc/{pids['exfild-capture']}/oom_score_adj", encoding="ascii") as stream:
                score = int(stream.read())
            with open(f"/proc/{pids['exfild-core']}/oom_score_adj", encoding="ascii") as stream:
                check(score > int(stream.read()), "where memory is short capture goes before core", score)
            # an interface that goes and comes takes a new packet socket
            nets.ip("b", "link del b0")
            live.wait_for(lambda: "b0: closed" in live.err(), "an interface that is gone is left", 10)
            nets.link("a", "a0", "b", "b0")
            live.wait_for(lambda: "b0: listening again" in live.err(), "and taken again", 10)
            sender = nets.sender("a", "a0")
            for i in range(20):
                sender.send(ethernet(ipv4("10.0.0.1", "10.0.0.2", 17, udp(1000 + i, 9, b"x" * 30)), 0x800))
            check(live.stop() == 0, "it ends well", live.err())
            check(live.counts()[0] >= 20, "packets are seen", live.counts())


if __name__ == "__main__":
    live_net.main(__doc__, [forbidden, little_power])
