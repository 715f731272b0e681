#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A masquerading gateway: what passes both of its interfaces counts once, with the true source; its own traffic
counts too; and which interfaces are chosen when nothing is configured."""
import os
import shutil
import socket
import struct
import threading
import time

import live_net
from live_net import Live, Nets

SIZE = 3 << 20
INSIDE, OUTSIDE = ("10.1.0.2", "2001:db8:1::2"), ("203.0.113.9", "2001:db8:2::9")
GATEWAY = ("203.0.113.1", "2001:db8:2::1")


def gateway(nets, masquerade):
    """a: inside host; b: gateway (b0 inside, b1 outside); c: server."""
    nets.link("a", "a0", "b", "b0")
    nets.link("b", "b1", "c", "c0")
    for name, device in (("a", "a0"), ("b", "b0"), ("b", "b1"), ("c", "c0")):
        nets.run(name, f"sysctl -qw net.ipv6.conf.{device}.disable_ipv6=0 net.ipv6.conf.{device}.accept_dad=0")
        nets.ip(name, f"link set {device} mtu 1500")
    for name, device, four, six in (("a", "a0", "10.1.0.2/24", "2001:db8:1::2/64"), ("b", "b0", "10.1.0.1/24", "2001:db8:1::1/64"),
                                    ("b", "b1", "203.0.113.1/24", "2001:db8:2::1/64"),
                                    ("c", "c0", "203.0.113.9/24", "2001:db8:2::9/64")):
        nets.ip(name, f"addr add {four} dev {device}")
        nets.ip(name, f"addr add {six} dev {device} nodad")
    nets.ip("a", "route add default via 10.1.0.1")
    nets.ip("a", "-6 route add default via 2001:db8:1::1")
    nets.ip("b", "route add default via 203.0.113.9")
    nets.ip("b", "-6 route add default via 2001:db8:2::9")
    nets.ip("c", "-6 route add 2001:db8:1::/64 via 2001:db8:2::1")
    nets.run("b", "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
    for family in masquerade:
        nets.run("b", f"nft add table {family} n")
        nets.run("b", f"nft add chain {family} n p '{{ type nat hook postrouting priority 100 ; }}'")
        nets.run("b", f"nft add rule {family} n p oifname b1 masquerade")


def upload(nets, name, target, port, size=SIZE):
    """Sends `size` bytes by TCP from a namespace to the server."""
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    listener = nets.inside("c", lambda: socket.create_server((target, port), family=family))

    def serve():
        peer, _ = listener.accept()
        while peer.recv(1 << 16):
            pass
        peer.sendall(b"thanks")
        peer.close()
    server = threading.Thread(target=serve)
    server.start()
    client = nets.inside(name, lambda: socket.create_connection((target, port)))
    client.sendall(b"z" * size)
    client.shutdown(socket.SHUT_WR)
    while client.recv(100):
        pass
    client.close()
    server.join()
    listener.close()


def both_sides(check, arguments):
    """Both interfaces watched: one flow, its bytes once, the true source; TCP, UDP, ICMP, by IPv4 and IPv6."""
    for workers in (1, 2):
        with Nets("a", "b", "c") as nets:
            gateway(nets, ("ip", "ip6"))
            with Live(nets, "b", arguments.exfild, "-i", "b0", "-i", "b1", "-j", str(workers), listening=2) as live:
                for i in range(2):
                    upload(nets, "a", OUTSIDE[i], 8000 + i)
                    upload(nets, "b", OUTSIDE[i], 8100 + i, 100000)
                    udp = nets.inside("a", lambda f=(socket.AF_INET, socket.AF_INET6)[i]: socket.socket(f, socket.SOCK_DGRAM))
                    for number in range(50):
                        udp.sendto(b"%d" % number * 20, (OUTSIDE[i], 8200))
                        time.sleep(0.002)
                    udp.close()
                    nets.run("a", f"ping -q -c 10 -i 0.02 {OUTSIDE[i]}")
                time.sleep(0.4)
                live.stop()
                flows = [e for e in live.events("flow_end") if set(OUTSIDE) & {e["src"], e["dst"]}]
                for i in range(2):
                    tell = f"{workers} workers, IPv{4 + 2 * i}: "
                    mine = [e for e in flows if e.get("dport") == 8000 + i]
                    check([e["src"] for e in mine] == [INSIDE[i]], tell + "one flow of the true source", mine)
                    check(sum(e["src_payload"] for e in mine) == SIZE, tell + "its bytes once", mine)
                    own = [e for e in flows if e.get("dport") == 8100 + i]
                    check([e["src"] for e in own] == [GATEWAY[i]], tell + "the gateway's own is the gateway's", own)
                    check(sum(e["src_payload"] for e in own) == 100000, tell + "with all its bytes", own)
                    datagrams = [e for e in flows if e.get("dport") == 8200 and e["dst"] == OUTSIDE[i]]
                    check([(e["src"], e["src_packets"]) for e in datagrams] == [(INSIDE[i], 50)], tell + "50 datagrams", datagrams)
                    pings = [e for e in flows if e["proto"] == (1, 58)[i] and e["dst"] == OUTSIDE[i] and e["src_payload"] > 300]
                    check([e["src"] for e in pings] == [INSIDE[i]], tell + "one ping", pings)
                strangers = [e for e in flows if e["src"] in GATEWAY and e["proto"] in (6, 17) and e.get("dport") not in (8100, 8101)]
                check(not strangers, f"{workers} workers: nothing else of the gateway", strangers)
                check(live.counts()[2] == 0, f"{workers} workers: without a drop")


def tunnel(nets, target, domain, count=150):
    """Questions with random labels from the inside host, and a server that says no to each."""
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    server, client = (nets.inside(name, lambda: socket.socket(family, socket.SOCK_DGRAM)) for name in "ca")
    with server, client:
        server.bind((target, 53))
        server.settimeout(5)
        client.settimeout(5)
        for number in range(count):
            labels = [os.urandom(28).hex(), os.urandom(20).hex(), *domain.split(".")]
            name = b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"
            client.sendto(struct.pack(">HHHHHH", number, 0x100, 1, 0, 0, 0) + name + struct.pack(">HH", 16, 1), (target, 53))
            question, back = server.recvfrom(4096)
            server.sendto(question[:2] + b"\x81\x83" + question[4:], back)
            client.recv(4096)


def one_theft(check, arguments):
    """One theft is one alert with the true source: both interfaces watched, and with nothing configured."""
    for watched, listening in ((("b0", "b1"), 2), (("auto",), 1)):
        with Nets("a", "b", "c") as nets:
            gateway(nets, ("ip", "ip6"))
            interfaces = [word for name in watched for word in ("-i", name)]
            with Live(nets, "b", arguments.exfild, *interfaces, listening=listening) as live:
                for i in range(2):
                    tunnel(nets, OUTSIDE[i], f"theft{i}.test")
                time.sleep(0.3)
                check(live.stop() == 0, f"{watched}: it ends well", live.err()[-300:])
                told = live.alerts()
                for i in range(2):
                    mine = [a for a in told if f"theft{i}.test" in a["message"]]
                    check(len({a["exfild"]["alert_id"] for a in mine}) == 1 and
                          {(a["rule"]["id"], a["source"]["ip"]) for a in mine} == {("dns_tunnel", INSIDE[i])},
                          f"{watched}, IPv{4 + 2 * i}: one alert, of the true source",
                          [(a["exfild"]["alert_id"], a["source"], a["message"]) for a in mine])
                others = [a["message"] for a in told if "theft" not in a["message"]]
                check(not others, f"{watched}: and nothing else", others)


def chosen(check, arguments):
    """`auto`: the inside interface, which shows true sources; what is inside is its prefixes, global ones too."""
    with Nets("a", "b", "c") as nets:
        gateway(nets, ("ip",))
        with Live(nets, "b", arguments.exfild, "-i", "auto") as live:
            for i in range(2):
                upload(nets, "a", OUTSIDE[i], 8000 + i)
            time.sleep(0.3)
            live.stop()
            check("b0: listening" in live.err() and "b1: listening" not in live.err(), "the inside one only", live.err())
            check("2001:db8:1::/64" in live.err(), "the global prefix is inside", live.err())
            flows = [e for e in live.events("flow_end") if e.get("dport") in (8000, 8001)]
            check(sorted((e["src"], e["src_payload"]) for e in flows) == sorted((a, SIZE) for a in INSIDE), "true sources", flows)


def chosen_once(check, arguments):
    """`auto`: a bridge and not its ports, tunnels for themselves; one that comes later is taken, one that goes is left."""
    with Nets("a", "b", "c") as nets:
        gateway(nets, ())
        nets.link("a", "a1", "b", "b2")
        nets.ip("b", "link add br0 type bridge")
        nets.ip("b", "link set b2 master br0")
        nets.ip("b", "link set br0 up")
        nets.ip("b", "addr add 10.2.0.1/24 dev br0")
        nets.ip("b", "link add vx0 type vxlan id 7 remote 203.0.113.9 dstport 4789")
        nets.ip("b", "addr add 10.3.0.1/24 dev vx0")
        nets.ip("b", "link set vx0 up")
        with Live(nets, "b", arguments.exfild, "-i", "auto", listening=3) as live:
            said = live.err()
            check(all(f"{i}: listening" in said for i in ("b0", "br0", "vx0")), "inside, bridge and tunnel", said)
            check(not any(f"{i}: listening" in said for i in ("b1", "b2", "lo")), "no port, not outside", said)
            nets.link("a", "a3", "b", "b3")
            nets.ip("b", "addr add 10.4.0.1/24 dev b3")
            live.wait_for(lambda: "b3: listening" in live.err(), "a new interface is taken", 10)
            live.wait_for(lambda: "10.4.0.0/24" in live.err() or "10.0.0.0/8" in live.err(), "and is inside", 10)
            nets.ip("b", "link set b3 down")
            live.wait_for(lambda: "b3: closed" in live.err(), "one that is down is left", 10)
            check(live.stop() == 0, "it ends well", live.err())


if __name__ == "__main__":
    if not shutil.which("nft"):
        live_net.harness.skip("nft is not installed")
    live_net.main(__doc__, [both_sides, one_theft, chosen, chosen_once])
