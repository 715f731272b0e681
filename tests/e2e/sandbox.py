#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a taken-over exfild could do: forbidden things tried from inside its limits, and what the kernel says of the
running daemon and each of its threads."""
import os
import signal
import subprocess
import tempfile

import live_net
from live_net import Live, Nets, ethernet, ipv4, udp

ENDS, REFUSED, CLOSED, DONE = "SIGSYS", "EPERM", "EACCES", "done"
NET_RAW = 1 << 13

# what is tried, and what comes of it; paths are Landlock's, which not every kernel has
ATTEMPTS = {
    "read_passwd": DONE, "write_own": DONE, "make_thread": DONE, "inet_socket": DONE, "unix_socket": DONE,
    "run_program": ENDS, "make_process": ENDS, "trace_parent": ENDS, "new_namespace": ENDS, "load_bpf": ENDS,
    "signal_parent": REFUSED, "become_root": REFUSED, "write_and_run": REFUSED, "turn_to_code": REFUSED,
    "dump_core": REFUSED, "show_memory": REFUSED,
}
PATHS = ("read_outside", "write_outside", "write_passwd")


def attempt(program, inside, outside, name):
    done = subprocess.run([program, inside, outside, name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode == -signal.SIGSYS:
        return ENDS
    return done.stdout.strip() or f"status {done.returncode}: {done.stderr[-300:]}"


def forbidden(check, arguments):
    """Forbidden things, each tried by a process that has given up its power by the daemon's own function."""
    with tempfile.TemporaryDirectory() as inside, tempfile.TemporaryDirectory() as outside:
        for name, expected in ATTEMPTS.items():
            got = attempt(arguments.sandboxed, inside, outside, name)
            check(got == expected, f"{name}: {expected}", got)
        if attempt(arguments.sandboxed, inside, outside, "landlock") == "0":
            print("this kernel has no Landlock: paths are not tried")
            return
        for name in PATHS:
            got = attempt(arguments.sandboxed, inside, outside, name)
            check(got == CLOSED, f"{name}: {CLOSED}", got)
        check(not os.listdir(outside), "nothing was written outside")


def status_of(pid, thread):
    with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as stream:
        return dict(line.rstrip("\n").split(":\t", 1) for line in stream if ":\t" in line)


def little_power(check, arguments):
    """The running daemon, started by root: one capability, no way to more, in every thread; and it works."""
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0")
        with Live(nets, "b", arguments.exfild, "-i", "b0", "-j", "2") as live:
            threads = os.listdir(f"/proc/{live.pid()}/task")
            check(len(threads) > 2, "it has threads", threads)
            for thread in threads:
                status = status_of(live.pid(), thread)
                tell = f"thread {status['Name']}: "
                check(status["NoNewPrivs"] == "1", tell + "no new privileges", status["NoNewPrivs"])
                check(status["Seccomp"] == "2", tell + "a filter of system calls", status["Seccomp"])
                for name in ("CapPrm", "CapEff", "CapBnd"):
                    check(int(status[name], 16) & ~NET_RAW == 0, tell + name + " is CAP_NET_RAW at most", status[name])
                for name in ("CapInh", "CapAmb"):
                    check(int(status[name], 16) == 0, tell + name + " is empty", status[name])
            with open(f"/proc/{live.pid()}/limits", encoding="ascii") as stream:
                core = [line.split() for line in stream if line.startswith("Max core file size")]
            check(core[0][4:6] == ["0", "0"], "no core file, and no way to one", core)
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
