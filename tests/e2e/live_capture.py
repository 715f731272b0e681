#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Live capture on real interfaces: what comes just before the end, frames of 65 KB, tags, an interface that
vanishes and returns, the same packet on two interfaces, and what the kernel drops."""
import json
import os
import signal
import socket
import struct
import subprocess
import threading
import time
import urllib.request

import harness
import live_net
from live_net import Live, Nets, ethernet, ipv4, udp


def quiet(nets):
    nets.link("a", "a0", "b", "b0")
    return nets.sender("a", "a0")


def segment(seq, payload, flags):
    """Of a TCP connection, from the client."""
    head = struct.pack("!HHIIBBHHH", 4000, 8000, seq, 1, 5 << 4, flags, 65535, 0, 0)
    pseudo = socket.inet_aton("10.0.0.1") + socket.inet_aton("192.0.2.9") + struct.pack("!BBH", 0, 6, len(head) + len(payload))
    total = live_net.checksum(pseudo + head + payload)
    return ethernet(ipv4("10.0.0.1", "192.0.2.9", 6, head[:16] + struct.pack("!H", total) + head[18:] + payload), 0x800)


def packets(live, sport=None):
    """Packets of the flows that ended, of one source port or of all."""
    return sum(e["src_packets"] for e in live.events("flow_end") if sport in (None, e["sport"]))


def drained_on_stop(check, arguments):
    """What came right before SIGTERM is counted, though the kernel still holds its block back."""
    with Nets("a", "b") as nets:
        sender = quiet(nets)
        for turn in range(3):
            with Live(nets, "b", arguments.exfild, "-i", "b0") as live:
                for i in range(20):
                    sender.send(ethernet(ipv4("10.0.0.1", "10.0.0.2", 17, udp(1000 + i, 9, b"x" * 30)), 0x800))
                check(live.stop() == 0, "it ends well", live.err())
                check(live.stop_seconds < 1 or live_net.harness.sanitized(arguments.exfild), "within a second", live.stop_seconds)
                check(live.counts() == (20, 20, 0), f"turn {turn}: all 20 are there", live.counts())


def large_frames(check, arguments):
    """Segments that are put together (GRO, TSO) count with all their bytes."""
    size = 8 << 20
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0", offloads=True)
        nets.ip("a", "addr add 10.0.0.1/24 dev a0")
        nets.ip("b", "addr add 10.0.0.2/24 dev b0")
        nets.ip("a", "link set a0 mtu 1500")
        nets.ip("b", "link set b0 mtu 1500")
        listener = nets.inside("b", lambda: socket.create_server(("10.0.0.2", 8000)))

        def serve():
            peer, _ = listener.accept()
            while peer.recv(1 << 20):
                pass
            peer.close()
        server = threading.Thread(target=serve)
        server.start()
        with Live(nets, "b", arguments.exfild, "-i", "b0") as live:
            client = nets.inside("a", lambda: socket.create_connection(("10.0.0.2", 8000)))
            client.sendall(os.urandom(size))
            client.close()
            server.join()
            time.sleep(0.2)
            live.stop()
            flow = [e for e in live.events("flow_end") if e["dport"] == 8000]
            check(len(flow) == 1, "one connection", flow)
            check(flow and flow[0]["src_payload"] == size, f"{size} bytes of payload", flow)
            check(flow and flow[0]["src_packets"] < size / 3000, "in frames well over 1500 bytes", flow)
            check(live.counts()[2] == 0, "without a drop")
        listener.close()


def bulk_is_cut(check, arguments):
    """Long packets of a large transfer that nobody reads come cut, and count whole; a filter of the operator stays as it is."""
    # what begins with text is looked through for a while, though the other end says nothing
    for more, first in ((), b""), ((), b"text " * 280), (("-f", "tcp"), b""):
        with Nets("a", "b") as nets:
            sender = quiet(nets)
            with Live(nets, "b", arguments.exfild, "-i", "b0", *more) as live:
                random_ = os.urandom(1400)
                size = 1400 * 4000
                sender.send(segment(999, b"", 2))
                for n in range(4000):
                    sender.send(segment(1000 + 1400 * n, random_ if n else first or random_, 16))
                    if n % 100 == 99:
                        time.sleep(0.05 if harness.sanitized(arguments.exfild) else 0.01)  # 100 kB are to be seen before it cuts
                # another connection of the same ends: it is whole again, and told
                sender.send(segment(1000 + size, b"", 4))
                sender.send(segment(77, b"", 2))
                sender.send(segment(78, b"GET /again HTTP/1.1\r\nHost: again.example.com\r\nX-Long: " + b"y" * 1000 + b"\r\n\r\n", 24))
                time.sleep(0.3)
                check(live.stop() == 0, "it ends well", live.err())
                flow = max(live.events("flow_end"), key=lambda e: e["src_payload"])
                check(flow["src_payload"] == size, f"{size} bytes of payload", flow)
                cut = live.said(r"(\d+) packets of large transfers")
                check(cut == 0 if more else cut > 1000, "packets came cut: " + ("none" if more else "most"), (cut, live.err()))
                check([e["host"] for e in live.events("http")] == ["again.example.com"], "what the next connection says is read",
                      live.events("http"))


def vanish_and_return(check, arguments):
    """An interface that is deleted and made again is listened on again; one that goes down and up as well."""
    with Nets("a", "b") as nets:
        sender = quiet(nets)

        def send(sport):
            for _ in range(10):
                sender.send(ethernet(ipv4("10.0.0.1", "10.0.0.2", 17, udp(sport, 9, b"x" * 30)), 0x800))
            time.sleep(0.1)
        with Live(nets, "b", arguments.exfild, "-i", "b0") as live:
            send(1)
            nets.ip("b", "link set b0 down")
            time.sleep(1.2)
            nets.ip("b", "link set b0 up")
            time.sleep(0.3)
            send(2)
            nets.ip("b", "link del b0")
            live.wait_for(lambda: "it is gone" in live.err(), "it says that the interface is gone")
            sender.close()
            sender = quiet(nets)
            live.wait_for(lambda: "listening again" in live.err(), "it listens again")
            send(3)
            # faster than it looks: gone and back between two looks
            nets.ip("b", "link del b0")
            sender.close()
            sender = quiet(nets)
            live.wait_for(lambda: live.err().count("listening again") == 2, "it listens a third time")
            send(4)
            live.stop()
            for sport in (1, 2, 3, 4):
                check(packets(live, sport) == 10, f"ten packets of stretch {sport}", live.err())
            check("opened 3 times" in live.err(), "three times opened", live.err())


def copies(check, arguments):
    """A packet that is routed from one watched interface to the other counts once; a repeated one counts."""
    with Nets("a", "b", "c") as nets:
        nets.link("a", "a0", "b", "b0")
        nets.link("b", "b1", "c", "c0")
        nets.ip("a", "addr add 10.1.0.2/24 dev a0")
        nets.ip("b", "addr add 10.1.0.1/24 dev b0")
        nets.ip("b", "addr add 10.2.0.1/24 dev b1")
        nets.ip("c", "addr add 10.2.0.2/24 dev c0")
        nets.ip("a", "route add default via 10.1.0.1")
        nets.ip("c", "route add default via 10.2.0.1")
        nets.run("b", "sysctl -qw net.ipv4.ip_forward=1")
        for workers in (1, 2):
            with Live(nets, "b", arguments.exfild, "-i", "b0", "-i", "b1", "-j", str(workers), listening=2) as live:
                nets.run("a", "ping -q -c 20 -i 0.01 -s 400 10.2.0.2")
                client = nets.inside("a", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                client.bind(("10.1.0.2", 5000))
                for _ in range(30):
                    client.sendto(b"the same each time", ("10.2.0.2", 5001))
                    time.sleep(0.002)
                client.close()
                time.sleep(0.3)
                live.stop()
                ping = [e for e in live.events("flow_end") if e["proto"] == 1 and e["src"] == "10.1.0.2" and e["src_payload"] > 2000]
                check(sum(e["src_packets"] for e in ping) == 20, f"{workers} workers: 20 requests", ping)
                check(sum(e["dst_packets"] for e in ping) == 20, f"{workers} workers: 20 answers", ping)
                check(packets(live, 5000) == 30, f"{workers} workers: 30 datagrams", live.events("flow_end"))
                twice = live.said(r"(\d+) packets were seen on two interfaces")
                check(twice >= 70, f"{workers} workers: the others were left out", live.err())


def dns_tunnel_query(number):
    label = f"{number:06x}" + "".join(f"{(number * 7919 + i * 104729) % 251:02x}" for i in range(26))
    name = b"".join(bytes([len(part)]) + part.encode() for part in (label, "t", "tunnel", "example"))
    message = b"%c%c" % (number >> 8 & 255, number & 255) + b"\1\0\0\1\0\0\0\0\0\0" + name + b"\0\0\x10\0\1"
    return ethernet(ipv4("10.0.0.1", "198.51.100.53", 17, udp(20000 + number % 1000, 53, message)), 0x800)


def drops(check, arguments):
    """What the kernel drops is told by the metrics, in status, at the end, and on the alerts whose time it touches."""
    if not arguments.exfilctl:
        check(False, "exfilctl is named with --exfilctl")
        return
    with Nets("a", "b") as nets:
        sender = quiet(nets)
        with Live(nets, "b", arguments.exfild, "-i", "b0", "--set", "capture.buffer_mb=8", "--set", "metrics.listen=127.0.0.1:9477",
                  "--set", "alerts.minimum=low") as live:
            def ask(*words):
                return json.loads(subprocess.run([arguments.exfilctl, "--socket", live.control, *words, "--json"], check=True,
                                                 stdout=subprocess.PIPE).stdout)
            for number in range(400):
                sender.send(dns_tunnel_query(number))
            live.wait_for(lambda: ask("status")["result"]["packets"] >= 400, "it has read them")
            check(ask("status")["result"]["drops"] == 0, "nothing is dropped yet", ask("status"))
            os.kill(live_pid(live), signal.SIGSTOP)
            bulk = ethernet(ipv4("10.0.0.1", "10.0.0.9", 17, udp(7, 9, b"x" * 8000)), 0x800)
            sent = 4000
            for _ in range(sent):
                sender.send(bulk)
            os.kill(live_pid(live), signal.SIGCONT)
            for number in range(400, 3000):
                sender.send(dns_tunnel_query(number))
                if number % 50 == 0:
                    time.sleep(0.005)
            live.wait_for(lambda: ask("status")["result"]["drops"] > 0, "status tells of drops")
            time.sleep(1.2)
            status = ask("status")["result"]
            told = status["drops"]
            check(0 < told < sent + 2600, "some of them, not all", status)
            check(sum(w["drops"] for w in status["workers"]) == told, "of each worker", status.get("workers"))
            page = nets.inside("b", lambda: urllib.request.urlopen("http://127.0.0.1:9477/metrics", timeout=5).read().decode())
            check(f"exfild_dropped_packets_total {told}\n" in page, "in the metrics", page)
            check(f'exfild_worker_dropped_packets_total{{worker="0"}} {told}\n' in page, "of each worker in the metrics", page)
            live.stop()
            check(live.counts()[2] == told, "on the last line", live.err())
            tunnel = [a for a in live.alerts() if a["rule"]["name"] == "dns_tunnel" or a["rule"]["id"] == "dns_tunnel"]
            check(tunnel, "the tunnel is found all the same", live.err())
            check(any(a["exfild"].get("drops") for a in tunnel), "and its alert tells of the drops", tunnel)


def live_pid(live):
    """Of the process that reads packets."""
    return live.pids()["exfild-capture"]


if __name__ == "__main__":
    live_net.main(__doc__, [drained_on_stop, large_frames, bulk_is_cut, vanish_and_return, copies, drops])
