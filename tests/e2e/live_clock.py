#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The wall clock is set ahead by two hours and back by three while exfild listens (tests/support/clockshift.c; packets keep
the kernel's own time, so that each change is a jump in one direction and, with the next packets, in the other). Thefts before,
between and after are told, each once; nothing is of a time that never was; nothing expires, ends or floods the log by it."""
import datetime
import os
import struct
import tempfile
import time

import harness
import live_net
from live_net import Live, Nets, ethernet, ipv4, udp
from live_replay import packets_of


def jumps(check, arguments):
    """Ahead and back, with a theft at each time."""
    with Nets("a", "b") as nets, tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "shift")

        def shift(seconds):
            with open(path, "r+b" if os.path.exists(path) else "wb") as stream:
                stream.write(struct.pack("q", seconds))

        def send(name):
            for _, frame in packets_of(harness.capture_of(name)):
                sender.send(frame)

        def quiet():
            """Long enough for the wall clock to be taken."""
            time.sleep(1.5)
            for n in range(5):
                sender.send(ethernet(ipv4("10.0.0.1", "192.0.2.9", 17, udp(1000 + n, 9, b"x" * 30)), 0x800))
        if harness.sanitized(arguments.exfild):
            harness.skip("its clock cannot be set with a sanitizer")
        shift(0)
        nets.link("a", "a0", "b", "b0")
        before = ("env", f"LD_PRELOAD={arguments.clockshift}", f"CLOCKSHIFT={path}")
        began = time.time()
        with Live(nets, "b", arguments.exfild, "-i", "b0", before=before) as live:
            sender = nets.sender("a", "a0")
            send("dns_iodine")
            quiet()
            shift(2 * 3600)
            quiet()
            send("icmp_hping")
            quiet()
            shift(-3 * 3600)
            quiet()
            send("icmp_hping")
            shift(0)
            quiet()
            check(live.stop() == 0, "it ends well", live.err()[-800:])
            alerts = live.alerts()
            rules = [a["rule"]["id"] for a in alerts if not a["rule"]["id"].startswith("sensor_")]
            check({"dns_tunnel", "icmp_tunnel"} <= set(rules), "the thefts are told", rules)
            ids = [a["event"]["id"] for a in alerts]
            check(len(ids) == len(set(ids)), "nothing twice", ids)
            times = [datetime.datetime.fromisoformat(a["@timestamp"].replace("Z", "+00:00")).timestamp() for a in alerts]
            check(all(began - 60 <= t <= time.time() + 4 * 3600 for t in times), "of times that were", [a["@timestamp"] for a in alerts])
            ahead = [e for e in live.events() if e["time"][:19] > time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(began + 3600))]
            check(ahead, "the clock that was set ahead is followed", live.err()[-800:])
            said = [line for line in live.err().splitlines() if "clock" in line]
            check(len(said) < 12, "it is said a few times", said)
            check(not any(line.startswith("error") for line in live.err().splitlines()), "no process ended", live.err()[-800:])


if __name__ == "__main__":
    live_net.main(__doc__, [jumps])
